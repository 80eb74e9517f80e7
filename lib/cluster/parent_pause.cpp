#include "cluster/parent_pause.hpp"

#include <algorithm>

#include "policy/method_capability.hpp"

namespace endpointd::cluster {

std::vector<std::string> paused_attributes(std::string_view type, const json::Object& modified) {
    std::vector<std::string> paused;
    if (type != "Host" && type != "Service") return paused;
    for (const auto& [name, value] : modified)
        if (policy::capability_of_attribute(type, name) == policy::Capability::pause && value.boolean() != nullptr && !*value.boolean())
            paused.push_back(name);
    return paused;
}

std::optional<double> end_of_pause(const Rules& rules, const std::string& parent, std::string_view type, std::string_view name,
                                   double since) {
    const dsl::Endpoint* const endpoint = rules.topology->endpoint(parent);
    policy::Request request;
    request.capability = policy::Capability::pause;
    const std::size_t mark = name.find('!');
    request.host = name.substr(0, mark);
    if (type == "Service" && mark != std::string_view::npos) request.service = name.substr(mark + 1);
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

}  // namespace endpointd::cluster
