// What a new plan means for a Scheduler: who stays, who comes, who goes.
#include <algorithm>

#include "schedule/scheduler.hpp"
#include "schedule/spread.hpp"

namespace endpointd::schedule {

namespace {

std::string_view name_of(const Configured& configured) noexcept { return configured.name.str(); }

// A host may have the name of a service: the last one of a name is the one that is checked.
void sort_by_name(std::vector<Configured>& checkables) {
    std::ranges::stable_sort(checkables, {}, name_of);
    const auto is_same = [](const Configured& one, const Configured& other) { return one.name == other.name; };
    checkables.erase(checkables.begin(), std::unique(checkables.rbegin(), checkables.rend(), is_same).base());
}

}  // namespace

void Scheduler::configure(Schedule schedule, const KeptStates& kept, Now now) {
    std::vector<Configured>& checkables = schedule.checkables;
    sort_by_name(checkables);
    std::vector<Id> stay;
    for (const Id id : by_name_) {
        if (std::ranges::binary_search(checkables, std::string_view(name(id)), {}, name_of)) stay.push_back(id);
        else drop(id);
    }
    by_name_ = std::move(stay);

    periods_ = Periods(schedule.periods);
    windows_.clear();
    items_.reserve(checkables.size());
    std::vector<Id> ids;
    ids.reserve(checkables.size());
    for (const Configured& configured : checkables) ids.push_back(place(configured, kept, now));
    by_name_ = ids;
    configure_references(checkables, ids);
    configure_dependencies(std::move(schedule.dependencies));
    configure_downtimes(std::move(schedule.downtimes), kept, now);
}

void Scheduler::drop(Id id) {
    // Its result, if there will be one, is nobody's: the number is used again once the run has ended.
    Item& item = items_[id];
    gone_.push_back({item.settings.is_host ? "Host" : "Service", item.name.str()});
    timetable_.remove(id);
    expiries_.remove(id);
    item.used = false;
    item.name = {};  // of a plan that is to go
    if (item.running) return;
    item = {};
    free_.push_back(id);
}

// Its name is in by_name_ afterwards only if it was before.
Id Scheduler::place(const Configured& configured, const KeptStates& kept, Now now) {
    const auto known = find(configured.name.str());
    Id id = 0;
    if (known) {
        id = *known;
    } else if (free_.empty()) {
        id = static_cast<Id>(items_.size());
        items_.emplace_back();
    } else {
        id = free_.back();
        free_.pop_back();
    }
    Item& item = items_[id];
    const double interval = configured.settings.check_interval;
    item.settings = configured.settings;
    item.active = configured.active;
    item.passive = configured.passive;
    item.name = configured.name;  // the new plan's, so that the one before can go
    if (known) {
        // Never later than a new, shorter interval says.
        this->schedule(id, std::min(item.state.next_check, now.wall + interval), now);
        return id;
    }
    item.used = true;
    if (const auto was = kept.checkables.find(configured.name.str()); was != kept.checkables.end()) item.state = was->second;
    await_expiry(id, now);
    const bool far = item.state.next_check >= now.wall + kStartSpread && item.state.next_check <= now.wall + interval;
    this->schedule(id, far ? item.state.next_check : now.wall + spread(item.name.str(), interval), now);
    return id;
}

// Hosts and periods by their numbers, once all have one.
void Scheduler::configure_references(const std::vector<Configured>& checkables, const std::vector<Id>& ids) {
    period_names_ = {""};
    std::map<std::string_view, std::uint32_t> periods{{"", 0}};
    for (std::size_t i = 0; i < ids.size(); ++i) {
        Item& item = items_[ids[i]];
        item.host = checkables[i].host.empty() ? kNone : find(checkables[i].host).value_or(kNone);
        const auto [period, is_new] = periods.try_emplace(checkables[i].period, static_cast<std::uint32_t>(period_names_.size()));
        if (is_new) period_names_.push_back(checkables[i].period);
        item.period = period->second;
    }
}

void Scheduler::configure_dependencies(std::vector<ConfiguredDependency> dependencies) {
    parents_.clear();
    children_.clear();
    std::vector<Reachability::Node> nodes(items_.size());
    for (const Id id : by_name_)
        if (const auto host = this->host(id)) nodes[id].host = *host;
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
