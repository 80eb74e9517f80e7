// What operators see of the checks of this node's own.

#include <algorithm>

#include "base/units.hpp"
#include "cluster/parent_pause.hpp"
#include "cluster/scheduling.hpp"
#include "dsl/object_attributes.hpp"

namespace endpointd::cluster {

namespace {

constexpr std::string_view kActiveChecks = "enable_active_checks";

json::Value time_text(double at) { return at == 0 ? json::Value() : json::Value(to_rfc3339(from_unix(at))); }

}  // namespace

bool Scheduling::is_paused_by_parent(const policy::PlannedObject& object) {
    return object.is_changed(kActiveChecks) && !flag_attribute(*object.object, kActiveChecks, true);
}

std::size_t Scheduling::paused() const {
    const auto only_by_operator = [&](const auto& pause) {
        const auto id = scheduler_.find(pause.first);
        return id && !is_paused_by_parent(*shown_[*id].object);
    };
    return paused_by_parents_ + static_cast<std::size_t>(std::ranges::count_if(pauses_, only_by_operator));
}

// An operator's pause stands before a parent's, which is then `also`: each ends by itself.
json::Value Scheduling::paused_view(const std::string& name, const policy::PlannedObject& object) const {
    json::Value by_parent;
    if (is_paused_by_parent(object)) {
        const std::string& parent = object.changes->by.str();
        const auto end = end_of_pause(*rules_, parent, object.object->type->name, name, object.changes->paused_since);
        by_parent = json::Object{{"by", parent},
                                 {"kind", "parent"},
                                 {"since", time_text(object.changes->paused_since)},
                                 {"until", time_text(end.value_or(0))},
                                 {"also", nullptr}};
    }
    const auto pause = pauses_.find(name);
    if (pause == pauses_.end()) return by_parent;
    return json::Object{{"by", pause->second.by},
                        {"kind", "operator"},
                        {"since", time_text(pause->second.since)},
                        {"until", time_text(pause->second.until)},
                        {"also", std::move(by_parent)}};
}

json::Value Scheduling::view(const std::string& name) const {
    const auto id = scheduler_.find(name);
    if (!id) return nullptr;
    const schedule::CheckableState& state = scheduler_.state(*id);
    const schedule::Now moment = now();
    const bool acknowledged = state.acknowledgement.holds(moment.wall);
    return json::Object{{"checked", state.checked},
                        {"state", state.checked ? json::Value(state.state) : json::Value()},
                        {"state_type", state.type == schedule::StateType::hard ? "hard" : "soft"},
                        {"check_attempt", state.attempt},
                        {"reachable", scheduler_.reachable(*id, moment)},
                        {"flapping", schedule::is_flapping(scheduler_.settings(*id), state)},
                        {"acknowledged", acknowledged},
                        {"acknowledgement_expiry", acknowledged ? time_text(state.acknowledgement.expiry) : json::Value()},
                        {"downtime_depth", scheduler_.downtime_depth(*id, moment.wall)},
                        {"last_check", time_text(state.execution_end)},
                        {"last_state_change", time_text(state.last_state_change)},
                        {"next_check", scheduler_.active(*id) || state.force_next_check ? time_text(state.next_check) : json::Value()},
                        {"running", scheduler_.running(*id)},
                        {"paused", paused_view(name, *shown_[*id].object)},
                        {"execution_start", time_text(state.execution_start)},
                        {"output", shown_[*id].result.output()},
                        {"performance_data", shown_[*id].result.tokens()}};
}

}  // namespace endpointd::cluster
