// Pauses that parents ask for, and their end by the grant they came with.

#include <algorithm>

#include "cluster/config_sync.hpp"
#include "dsl/config_type.hpp"
#include "policy/method_capability.hpp"

namespace endpointd::cluster {

namespace {

// What of a modification takes `pause` and is switched off, in whichever form a parent writes that.
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

}  // namespace

// By our own clock, and not moved by what else is changed meanwhile: `version` is what a parent says, and is newer with each change.
double ConfigSync::pause_begin(const policy::Modification& after, const policy::Modification* before) const {
    if (switched_off(after).empty()) return 0;
    if (before != nullptr && before->paused_since != 0 && !switched_off(*before).empty()) return before->paused_since;
    return to_unix(services_.clock.wall());
}

// None: it is no pause, or may last as long as it likes. Of several grants the longest counts.
std::optional<double> ConfigSync::end_of_pause(const policy::Modification& modification) const {
    if (switched_off(modification).empty()) return std::nullopt;
    const dsl::Endpoint* const endpoint = rules_->topology->endpoint(modification.parent);
    policy::Request request;
    request.capability = policy::Capability::pause;
    const std::size_t split = modification.name.find('!');
    request.host = modification.name.substr(0, split);
    if (split != std::string::npos) request.service = modification.name.substr(split + 1);
    const policy::Verdict verdict =
        rules_->grants->decide(modification.parent, endpoint != nullptr ? endpoint->zone : std::string(), request);
    if (!verdict.allowed) return std::nullopt;
    std::optional<double> longest;
    for (const policy::Grant* grant : verdict.grants) {
        if (grant == nullptr) continue;
        if (!grant->max_duration) return std::nullopt;
        longest = std::max(longest.value_or(0), std::chrono::duration<double>(*grant->max_duration).count());
    }
    if (!longest) return std::nullopt;
    return modification.paused_since + *longest;
}

std::optional<double> ConfigSync::next_end_of_pause() const {
    std::optional<double> next;
    for (const WantedState::Key& key : state_.modifications_and_annotations()) {
        const policy::Modification* const modification = state_.modification(key);
        if (modification == nullptr || modification->paused_since == 0) continue;
        if (const auto end = end_of_pause(*modification); end && (!next || *end < *next)) next = end;
    }
    return next;
}

// What a parent switched off for longer than `pause` lets it is on again; the rest that it changed stays.
void ConfigSync::end_pauses() {
    const double now = to_unix(services_.clock.wall());
    for (const WantedState::Key& key : state_.modifications_and_annotations()) {
        const policy::Modification* const there = state_.modification(key);
        if (there == nullptr || there->paused_since == 0) continue;
        const auto end = end_of_pause(*there);
        if (!end || now < *end) continue;
        policy::Modification rest = *there;
        rest.paused_since = 0;
        std::string resumed;
        for (const std::string& name : switched_off(*there)) {
            rest.attributes.erase(name);
            resumed += (resumed.empty() ? "" : ", ") + name;
        }
        store::AuditEntry entry = entry_for(there->parent, wire::Method::config_update_object);
        entry.object_type = key.first;
        entry.object_name = key.second;
        entry.decision = store::Decision::changed;
        entry.reason = store::Reason::ok;
        entry.detail = "resumed: max_duration of the grant of pause is over for " + resumed;
        step_.accepted.push_back(std::move(entry));
        state_.put(std::move(rest));
    }
}

}  // namespace endpointd::cluster
