// The host's own objects: the catalog and the zones say whether they can be, and no grant is asked.

#include <unordered_map>

#include "base/units.hpp"
#include "dsl/object_attributes.hpp"
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

}  // namespace

std::shared_ptr<const std::vector<dsl::Object>> local_objects(std::vector<dsl::Object> made, const catalog::Catalog& catalog,
                                                              const dsl::Topology& topology, Findings& findings) {
    const std::size_t errors_before = findings.errors.size();
    std::unordered_map<std::string_view, const dsl::Object*> hosts;
    CommandUse commands(catalog, topology.local_endpoint().name);
    for (const dsl::Object& object : made) {
        const dsl::Object* host = nullptr;
        if (object.type->name == "Service") {
            const auto found = hosts.find(text_attribute(object, "host_name"));
            if (found != hosts.end()) host = found->second;
        }
        const std::string what = std::string(object.type->name) + " '" + escaped(object.name) + "': ";
        if (const std::optional<Objection> objection = commands.judge(object, host))
            findings.errors.push_back(finding_at(object.place, what + objection->detail));
        if (!object.zone.empty() && !topology.zone(object.zone.str()))
            findings.errors.push_back(finding_at(object.place, what + "there is no Zone '" + escaped(object.zone.str()) + "' in zones.d"));
        if (object.type->name == "Host") hosts.emplace(object.name, &object);
    }
    if (findings.errors.size() > errors_before) return nullptr;
    return std::make_shared<const std::vector<dsl::Object>>(std::move(made));
}

}  // namespace endpointd::policy
