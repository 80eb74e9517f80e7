// What a new plan means for a Scheduler: who stays, who comes, who goes.
#include <algorithm>
#include <unordered_set>

#include "schedule/scheduler.hpp"
#include "schedule/spread.hpp"

namespace endpointd::schedule {

void Scheduler::configure(Schedule schedule, const KeptStates& kept, Now now) {
    std::unordered_set<std::string_view> wanted;
    for (const Configured& configured : schedule.checkables) wanted.insert(configured.name);
    std::vector<Id> gone;
    for (const auto& [name, id] : names_)
        if (!wanted.contains(name)) gone.push_back(id);
    for (const Id id : gone) drop(id);

    periods_ = Periods(schedule.periods);
    windows_.clear();
    for (Configured& configured : schedule.checkables) place(std::move(configured), kept, now);
    configure_dependencies(std::move(schedule.dependencies));
    configure_downtimes(std::move(schedule.downtimes), kept, now);
}

void Scheduler::drop(Id id) {
    // Its result, if there will be one, is nobody's: the number is used again once the run has ended.
    Item& item = items_[id];
    gone_.push_back({item.configured.settings.is_host ? "Host" : "Service", item.configured.name});
    names_.erase(item.configured.name);
    timetable_.remove(id);
    expiries_.remove(id);
    item.used = false;
    if (item.running) return;
    item = {};
    free_.push_back(id);
}

void Scheduler::place(Configured configured, const KeptStates& kept, Now now) {
    if (const auto known = names_.find(configured.name); known != names_.end()) {
        const Id id = known->second;
        Item& item = items_[id];
        item.configured = std::move(configured);
        // Never later than a new, shorter interval says.
        const double latest = now.wall + item.configured.settings.check_interval;
        return this->schedule(id, std::min(item.state.next_check, latest), now);
    }
    Id id = 0;
    if (free_.empty()) {
        id = static_cast<Id>(items_.size());
        items_.emplace_back();
    } else {
        id = free_.back();
        free_.pop_back();
    }
    Item& item = items_[id];
    item = {};
    item.used = true;
    if (const auto was = kept.checkables.find(configured.name); was != kept.checkables.end()) item.state = was->second;
    item.configured = std::move(configured);
    names_.emplace(item.configured.name, id);
    await_expiry(id, now);
    const double interval = item.configured.settings.check_interval;
    const bool far = item.state.next_check >= now.wall + kStartSpread && item.state.next_check <= now.wall + interval;
    this->schedule(id, far ? item.state.next_check : now.wall + spread(item.configured.name, interval), now);
}

void Scheduler::configure_dependencies(std::vector<ConfiguredDependency> dependencies) {
    parents_.clear();
    children_.clear();
    std::vector<Reachability::Node> nodes(items_.size());
    for (const auto& [name, id] : names_)
        if (const std::string& host = items_[id].configured.host; !host.empty())
            if (const auto found = find(host)) nodes[id].host = *found;
    std::vector<Dependency> rules;
    for (ConfiguredDependency& dependency : dependencies) {
        const auto parent = find(dependency.parent), child = find(dependency.child);
        if (!parent || !child) continue;
        dependency.rule.parent = *parent;
        dependency.rule.child = *child;
        rules.push_back(std::move(dependency.rule));
        parents_[*child].push_back(*parent);
        children_[*parent].push_back(*child);
    }
    for (auto* relatives : {&parents_, &children_})
        for (auto& [id, list] : *relatives) {
            std::ranges::sort(list);
            list.erase(std::unique(list.begin(), list.end()), list.end());
        }
    reachability_ = Reachability(std::move(nodes), std::move(rules));
}

}  // namespace endpointd::schedule
