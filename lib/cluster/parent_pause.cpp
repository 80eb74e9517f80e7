#include "cluster/parent_pause.hpp"

#include <algorithm>

#include "dsl/config_type.hpp"
#include "policy/method_capability.hpp"
#include "policy/subject.hpp"

namespace endpointd::cluster {

std::vector<std::string> switched_off(const policy::Modification& modification) {
    std::vector<std::string> names;
    const dsl::ConfigType* const type = dsl::config_type(modification.type);
    if (type == nullptr) return names;
    for (const auto& [name, value] : modification.attributes) {
        if (policy::capability_of_attribute(modification.type, name) != policy::Capability::pause) continue;
        const auto field = dsl::field_of(*type, name);
        if (!field) continue;
        // What cannot be converted is never in force.
        const Result<json::Value> converted = dsl::converted(type->fields[*field], value);
        if (converted && converted->boolean() != nullptr && !*converted->boolean()) names.push_back(name);
    }
    return names;
}

std::optional<double> end_of_pause(const Rules& rules, const std::string& parent, std::string_view type, std::string_view name,
                                   double since) {
    const dsl::Endpoint* const endpoint = rules.topology->endpoint(parent);
    policy::Request request;
    request.capability = policy::Capability::pause;
    const policy::Subject subject = policy::subject_of(type, name);
    if (subject.host) request.host = *subject.host;
    if (subject.service) request.service = *subject.service;
    const policy::Verdict verdict = rules.grants->decide(parent, endpoint ? std::string_view(endpoint->zone) : "", request);
    if (!verdict.allowed) return std::nullopt;
    std::optional<double> longest;
    for (const policy::Grant* grant : verdict.grants) {
        if (grant == nullptr) continue;
        if (!grant->max_duration) return std::nullopt;
        longest = std::max(longest.value_or(0), std::chrono::duration<double>(*grant->max_duration).count());
    }
    if (!longest) return std::nullopt;
    return since + *longest;
}

std::optional<double> end_of_pause(const Rules& rules, const policy::Modification& modification) {
    if (modification.paused_since == 0 || switched_off(modification).empty()) return std::nullopt;
    return end_of_pause(rules, modification.parent, modification.type, modification.name, modification.paused_since);
}

}  // namespace endpointd::cluster
