#include "schedule/scheduler.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "schedule/spread.hpp"

namespace endpointd::schedule {

std::uint32_t Scheduler::offset(Id id) const noexcept { return hash_of(name(id)) >> 8; }

std::optional<Id> Scheduler::find(std::string_view name) const {
    const auto place = std::ranges::lower_bound(by_name_, name, {}, [this](Id id) -> std::string_view { return this->name(id); });
    if (place == by_name_.end() || this->name(*place) != name) return std::nullopt;
    return *place;
}

std::optional<Id> Scheduler::host(Id id) const noexcept {
    const Id host = items_[id].host;
    return host == kNone ? std::nullopt : std::optional(host);
}

void Scheduler::mark(Id id) {
    Item& item = items_[id];
    if (item.changed) return;
    item.changed = true;
    changed_.push_back(id);
}

std::vector<Id> Scheduler::take_changed() {
    std::vector<Id> changed;
    changed.swap(changed_);
    std::erase_if(changed, [&](Id id) { return !items_[id].used; });
    for (const Id id : changed) items_[id].changed = false;
    return changed;
}

void Scheduler::changed_still(Id id) {
    if (id < items_.size() && items_[id].used) mark(id);
}

// When `id` is due, if it is to be checked at all: a run under way ends first.
void Scheduler::schedule(Id id, double wall, Now now) {
    Item& item = items_[id];
    item.state.next_check = wall;
    if (item.running || (!item.active && !item.state.force_next_check)) return timetable_.remove(id);
    timetable_.set(id, now.steady + std::max(0.0, wall - now.wall));
}

void Scheduler::move(Id id, double at, Now now, Events& events) {
    schedule(id, at, now);
    mark(id);
    events.emplace_back(NextCheckMoved{id, at});
}

void Scheduler::set_active(Id id, bool active, Now now) {
    items_[id].active = active;
    schedule(id, items_[id].state.next_check, now);
}

std::optional<double> Scheduler::next_wake() const noexcept {
    std::optional<double> wake = downtime_turns_.next();
    if (const auto expiry = expiries_.next(); expiry && (!wake || *expiry < *wake)) wake = expiry;
    if (under_way_ < slots_)
        if (const auto check = timetable_.next(); check && (!wake || *check < *wake)) wake = check;
    return wake;
}

void Scheduler::due(Now now, Events& events) {
    turn_downtimes(now, events);
    end_acknowledgements(now, events);
    while (under_way_ < slots_) {
        const auto id = timetable_.take(now.steady);
        if (!id) return;
        if (items_[*id].state.force_next_check || !skip(*id, now, events)) start(*id, now, events);
    }
}

// Whether there is a reason not to check it now; it is then due again.
bool Scheduler::skip(Id id, Now now, Events& events) {
    const Item& item = items_[id];
    if (item.period != 0) {
        const Periods::Window open = window(period_names_[item.period], now.wall);
        if (!open.inside) {
            // Not all at the very moment at which it begins.
            move(id, open.until + spread(item.name.str(), item.settings.check_interval), now, events);
            return true;
        }
    }
    if (is_reachable(id, Purpose::check_execution, now.wall)) return false;
    move(id, next_check_after(item.settings, item.state, now.wall, offset(id)), now, events);
    return true;
}

void Scheduler::start(Id id, Now now, Events& events) {
    Item& item = items_[id];
    const bool forced = item.state.force_next_check;
    const double due = std::min(item.state.next_check, now.wall);
    item.running = true;
    ++under_way_;
    if (forced) {
        item.state.force_next_check = false;
        events.emplace_back(ForceEnded{id});
    }
    events.emplace_back(CheckStarted{id, now.wall});
    move(id, next_check_after(item.settings, item.state, now.wall, offset(id)), now, events);
    events.emplace_back(RunCheck{id, forced, due});
}

void Scheduler::abandoned(Id id) noexcept {
    EP_ASSERT(items_[id].running);
    Item& item = items_[id];
    item.running = false;
    --under_way_;
    if (item.used) return;
    item = {};
    free_.push_back(id);
}

void Scheduler::finished(Id id, const Observation& result, Now now, Events& events) {
    const bool wanted = items_[id].used;
    abandoned(id);
    if (!wanted) return;
    items_[id].retried = false;
    observe_result(id, result, true, 0, now, events);
}

bool Scheduler::failed(Id id, Now now) {
    Item& item = items_[id];
    const bool wanted = item.used;
    if (wanted && item.retried) return false;
    abandoned(id);
    if (!wanted) return true;
    item.retried = true;
    schedule(id, now.wall + kTryAgain, now);
    return true;
}

bool Scheduler::submitted(Id id, const Observation& result, double ttl, Now now, Events& events) {
    if (!items_[id].passive) return false;
    observe_result(id, result, false, ttl, now, events);
    return true;
}

void Scheduler::observe_result(Id id, const Observation& result, bool active, double ttl, Now now, Events& events) {
    Item& item = items_[id];
    const CheckSettings& settings = item.settings;
    Observation observed = result;
    observed.reachable = reachable(id, now);
    const auto transition = observe(settings, item.state, observed, now.wall);
    if (!transition) {
        // A result that is older than the last one still ends its run.
        if (active) schedule(id, item.state.next_check, now);
        return;
    }
    mark(id);
    if (transition->acknowledgement_cleared) {
        expiries_.remove(id);
        events.emplace_back(AcknowledgementEnded{id});
    }
    if (transition->problem)
        if (const auto downtimes = downtimes_of_.find(id); downtimes != downtimes_of_.end())
            for (const std::uint32_t downtime : downtimes->second) trigger(downtime, observed.execution_end, now.wall, events);
    // Something submitted takes the place of the next regular check, for as long as it holds.
    double next =
        active ? next_check_after(settings, item.state, now.wall, offset(id)) : now.wall + (ttl > 0 ? ttl : settings.check_interval);
    // Whoever asked during the run wants to know how it is since then.
    if (active && item.state.force_next_check) next = std::min(next, std::max(item.state.next_check, now.wall));
    move(id, next, now, events);
    events.emplace_back(Resulted{id, *transition});

    tell_relatives(id, *transition, now, events);
}

// What depends on it is looked at soon after it recovered, what it depends on at once when it changed.
void Scheduler::tell_relatives(Id id, const Transition& transition, Now now, Events& events) {
    const auto each = [&](const std::map<Id, std::vector<Id>>& relatives, const auto& tell) {
        const auto found = relatives.find(id);
        if (found == relatives.end()) return;
        for (const Id relative : found->second)
            if (relative != id && items_[relative].active) tell(relative, items_[relative]);
    };
    if (transition.recovery)
        each(children_, [&](Id child, const Item& other) {
            if (is_ok(other.settings.is_host, other.state.state)) return;
            if (const double soon = now.wall + spread(other.name.str(), kChildrenSoon); soon < other.state.next_check)
                move(child, soon, now, events);
        });
    if (transition.state_change)
        each(parents_, [&](Id parent, const Item& other) {
            if (other.state.next_check >= now.wall + other.settings.retry_interval) move(parent, now.wall, now, events);
        });
}

bool Scheduler::move_next_check(Id id, double at, Now now, Events& events) {
    if (at < started_.wall) return false;
    move(id, at, now, events);
    return true;
}

void Scheduler::force(Id id, bool forced, Now now) {
    Item& item = items_[id];
    item.state.force_next_check = forced;
    mark(id);
    // By itself it makes nothing due: what is paused waits for the next check that comes with it.
    if (item.active || !forced) schedule(id, item.state.next_check, now);
}

bool Scheduler::acknowledge(Id id, Acknowledgement acknowledgement, Now now) {
    Item& item = items_[id];
    if (item.state.acknowledgement.holds(now.wall)) return false;
    item.state.acknowledgement = acknowledgement;
    mark(id);
    await_expiry(id, now);
    return true;
}

bool Scheduler::clear_acknowledgement(Id id) {
    Item& item = items_[id];
    if (item.state.acknowledgement.type == Acknowledgement::Type::none) return false;
    item.state.acknowledgement = {};
    expiries_.remove(id);
    mark(id);
    return true;
}

void Scheduler::await_expiry(Id id, Now now) {
    const Acknowledgement& acknowledgement = items_[id].state.acknowledgement;
    if (acknowledgement.type == Acknowledgement::Type::none || acknowledgement.expiry == 0) return expiries_.remove(id);
    expiries_.set(id, now.steady + std::max(0.0, acknowledgement.expiry - now.wall) + kAfterExpiry);
}

void Scheduler::end_acknowledgements(Now now, Events& events) {
    while (const auto id = expiries_.take(now.steady)) {
        // The clock was set back meanwhile.
        if (items_[*id].state.acknowledgement.holds(now.wall)) await_expiry(*id, now);
        else if (clear_acknowledgement(*id)) events.emplace_back(AcknowledgementEnded{*id});
    }
}

bool Scheduler::is_reachable(Id id, Purpose purpose, double now) const {
    return reachability_.is_reachable(id, purpose,
                                      {.state_of = [&](std::size_t other) -> const CheckableState& { return items_[other].state; },
                                       .inside = [&](std::string_view period) { return window(period, now).inside; }});
}

bool Scheduler::reachable(Id id, Now now) const { return is_reachable(id, Purpose::state, now.wall); }

// Kept until it may change, since thousands of checks share a few periods.
Periods::Window Scheduler::window(std::string_view period, double now) const {
    const auto known = windows_.find(period);
    if (known != windows_.end() && now >= known->second.asked && now < known->second.window.until) return known->second.window;
    const Periods::Window answer = periods_.at(period, now);
    windows_.insert_or_assign(std::string(period), KnownWindow{now, answer});
    return answer;
}

}  // namespace endpointd::schedule
