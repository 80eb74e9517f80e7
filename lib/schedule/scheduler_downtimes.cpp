// Downtimes of a Scheduler: when they begin, what triggers them.
#include <algorithm>
#include <string>
#include <unordered_set>
#include <utility>

#include "schedule/scheduler.hpp"

namespace endpointd::schedule {

void Scheduler::configure_downtimes(std::vector<ConfiguredDowntime> downtimes, const KeptStates& kept, Now now) {
    std::map<std::string, double, std::less<>> triggered = kept.triggered;
    for (const PlacedDowntime& downtime : downtimes_)
        if (downtime.triggered != 0) triggered[downtime.configured.name] = downtime.triggered;
    std::unordered_set<std::string_view> wanted;
    for (const ConfiguredDowntime& configured : downtimes) wanted.insert(configured.name);
    for (PlacedDowntime& downtime : downtimes_)
        if (downtime.triggered != 0 && !wanted.contains(downtime.configured.name)) gone_.push_back({"Downtime", downtime.configured.name});
    std::unordered_set<std::string> seen;
    for (PlacedDowntime& downtime : downtimes_)
        if (!downtime.arrived) seen.insert(std::move(downtime.configured.name));
    downtimes_.clear();
    downtimes_of_.clear();
    downtime_turns_ = {};

    std::map<std::string_view, std::uint32_t> places;
    downtimes_.reserve(downtimes.size());
    for (ConfiguredDowntime& configured : downtimes) {
        const auto place = static_cast<std::uint32_t>(downtimes_.size());
        PlacedDowntime& downtime = downtimes_.emplace_back();
        downtime.arrived = !seen.contains(configured.name);
        downtime.configured = std::move(configured);
        downtime.checkable = find(downtime.configured.checkable);
        places.emplace(downtime.configured.name, place);
        if (downtime.checkable) downtimes_of_[*downtime.checkable].push_back(place);
        if (const auto was = triggered.find(downtime.configured.name); was != triggered.end()) downtime.triggered = was->second;
        // At once: due() looks whether it has begun already.
        downtime_turns_.set(place, now.steady);
    }
    for (std::uint32_t place = 0; place < downtimes_.size(); ++place)
        if (const auto by = places.find(downtimes_[place].configured.triggered_by); by != places.end())
            downtimes_[by->second].triggers.push_back(place);
}

void Scheduler::turn_downtimes(Now now, Events& events) {
    while (const auto turn = downtime_turns_.take(now.steady)) {
        PlacedDowntime& downtime = downtimes_[*turn];
        const bool arrived = std::exchange(downtime.arrived, false);
        const DowntimeTimes& times = downtime.configured.times;
        const double begins = std::max(times.start, times.entry);
        if (can_be_triggered(times, downtime.triggered, now.wall)) {
            // A flexible one that comes when the problem is there already does not wait for the next result. One whose time
            // begins later does, as upstream: every node has to find the same moment.
            const CheckableState* state = downtime.checkable ? &items_[*downtime.checkable].state : nullptr;
            const bool problem = state && state->checked && !is_ok(items_[*downtime.checkable].settings.is_host, state->state);
            if (times.fixed) trigger(*turn, begins, now.wall, events);
            else if (problem && arrived) trigger(*turn, std::max(begins, state->last_state_change), now.wall, events);
        }
        if (const double next = next_turn(times, downtime.triggered, now.wall); next != 0)
            downtime_turns_.set(*turn, now.steady + (next - now.wall));
    }
}

void Scheduler::trigger(std::uint32_t first, double at, double now, Events& events) {
    // One that is triggered cannot be triggered again, so rings end.
    std::vector<std::uint32_t> waiting{first};
    while (!waiting.empty()) {
        PlacedDowntime& downtime = downtimes_[waiting.back()];
        waiting.pop_back();
        if (downtime.triggered != 0 || !can_be_triggered(downtime.configured.times, downtime.triggered, now)) continue;
        downtime.triggered = at;
        triggered_.push_back(downtime.configured.name);
        events.emplace_back(DowntimeTriggered{downtime.configured.name});
        waiting.insert(waiting.end(), downtime.triggers.begin(), downtime.triggers.end());
    }
}

std::size_t Scheduler::downtime_depth(Id id, double now) const {
    const auto found = downtimes_of_.find(id);
    if (found == downtimes_of_.end()) return 0;
    return static_cast<std::size_t>(std::ranges::count_if(found->second, [&](std::uint32_t place) {
        const PlacedDowntime& downtime = downtimes_[place];
        return in_effect(downtime.configured.times, downtime.triggered, now);
    }));
}

std::optional<double> Scheduler::downtime_triggered(std::string_view name) const {
    const auto found = std::ranges::find(downtimes_, name, [](const PlacedDowntime& downtime) { return downtime.configured.name; });
    if (found == downtimes_.end() || found->triggered == 0) return std::nullopt;
    return found->triggered;
}

std::vector<Gone> Scheduler::take_gone() {
    std::vector<Gone> gone;
    gone.swap(gone_);
    return gone;
}

std::vector<std::string> Scheduler::take_triggered() {
    std::vector<std::string> triggered;
    triggered.swap(triggered_);
    return triggered;
}

}  // namespace endpointd::schedule
