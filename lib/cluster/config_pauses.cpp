// Pauses that parents ask for, and their end by the grant they came with.

#include "cluster/config_sync.hpp"
#include "cluster/parent_pause.hpp"

namespace endpointd::cluster {

// By our own clock, and not moved by what else is changed meanwhile: `version` is what a parent says, and is newer with each change.
double ConfigSync::pause_begin(const policy::Modification& after, const policy::Modification* before) const {
    if (switched_off(after).empty()) return 0;
    if (before != nullptr && before->paused_since != 0 && !switched_off(*before).empty()) return before->paused_since;
    return to_unix(services_.clock.wall());
}

std::optional<double> ConfigSync::next_end_of_pause() const {
    std::optional<double> next;
    for (const WantedState::Key& key : state_.modifications_and_annotations()) {
        const policy::Modification* const modification = state_.modification(key);
        if (modification == nullptr) continue;
        if (const auto end = end_of_pause(*rules_, *modification); end && (!next || *end < *next)) next = end;
    }
    return next;
}

// What a parent switched off for longer than `pause` lets it is on again; the rest that it changed stays.
void ConfigSync::end_pauses() {
    const double now = to_unix(services_.clock.wall());
    for (const WantedState::Key& key : state_.modifications_and_annotations()) {
        const policy::Modification* const there = state_.modification(key);
        if (there == nullptr) continue;
        const auto end = end_of_pause(*rules_, *there);
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
