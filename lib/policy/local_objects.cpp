// The host's own objects: the catalog and the zones say whether they can be, and no grant is asked.

#include <unordered_map>

#include "base/units.hpp"
#include "policy/command_use.hpp"
#include "policy/filter.hpp"

namespace endpointd::policy {

namespace {

Finding finding_at(const dsl::Place& place, std::string message) {
    Finding finding;
    finding.file = place.file;
    finding.line = place.line;
    finding.column = place.line == 0 ? 0 : place.column;
    finding.message = std::move(message);
    return finding;
}

void report(const dsl::Refused& refused, Findings& findings) {
    const std::string what = refused.type.empty() ? "" : refused.type + " '" + escaped(refused.name) + "': ";
    // An agent's zones.conf may hold an ApiListener and the like: said, and left out.
    if (refused.why == dsl::Why::type) findings.warnings.push_back(finding_at(refused.place, what + refused.message));
    else if (refused.why == dsl::Why::command)
        findings.errors.push_back(finding_at(refused.place, what + "commands come from catalog.d only (endpointctl catalog import)"));
    else findings.errors.push_back(finding_at(refused.place, what + refused.message));
}

}  // namespace

std::shared_ptr<const std::vector<dsl::Object>> local_objects(dsl::Evaluation evaluated, const catalog::Catalog& catalog,
                                                              const dsl::Topology& topology, Findings& findings) {
    const std::size_t errors_before = findings.errors.size();
    for (const dsl::Refused& refused : evaluated.refused) report(refused, findings);

    auto objects = std::make_shared<std::vector<dsl::Object>>();
    std::unordered_map<std::string, std::size_t> hosts;
    CommandUse commands(catalog, topology.local_endpoint().name);
    for (dsl::Object& object : evaluated.objects) {
        if (object.type->role != dsl::TypeRole::object) continue;
        const dsl::Object* host = nullptr;
        if (object.type->name == "Service") {
            const auto found = hosts.find(std::string(text_attribute(object, "host_name")));
            if (found != hosts.end()) host = &(*objects)[found->second];
        }
        const std::string what = std::string(object.type->name) + " '" + escaped(object.name) + "': ";
        if (const std::optional<Objection> objection = commands.judge(object, host))
            findings.errors.push_back(finding_at(object.place, what + objection->detail));
        if (!object.zone.empty() && !topology.zone(object.zone.str()))
            findings.errors.push_back(finding_at(object.place, what + "there is no Zone '" + escaped(object.zone.str()) + "' in zones.d"));
        if (object.type->name == "Host") hosts.emplace(object.name, objects->size());
        objects->push_back(std::move(object));
    }
    if (findings.errors.size() > errors_before || !evaluated.complete) return nullptr;
    return objects;
}

}  // namespace endpointd::policy
