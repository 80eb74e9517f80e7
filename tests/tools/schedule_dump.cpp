// What the scheduler makes of results and downtimes, moment by moment, as JSON: one side of the
// comparison with the real Icinga 2 (tests/interop/test_downtime_differential.py). Reads one JSON object a line,
// each with `now`: what there is to schedule, a result, or a question; answers each with one line. Not installed.

#include <algorithm>
#include <iostream>
#include <string>

#include "json/document.hpp"
#include "json/value.hpp"
#include "members.hpp"
#include "schedule/scheduler.hpp"

namespace {

using namespace endpointd;

template <class Each>
void each(const json::Object& object, std::string_view key, Each&& take) {
    const json::Value* found = object.find(key);
    if (!found || !found->array()) return;
    for (const json::Value& one : *found->array())
        if (one.object()) take(*one.object());
}

// A clock that is never set: wall and steady time are the same number.
schedule::Now at(double moment) { return {moment, moment}; }

class Dump {
public:
    json::Object answer(const json::Object& event) {
        const double now = number(event, "now");
        if (!scheduler_) scheduler_.emplace(at(now), std::size_t{1} << 20);
        wake_until(now);
        if (event.find("checkables")) take_checkables(event);
        if (event.find("downtimes")) take_downtimes(event);
        if (event.find("checkables") || event.find("downtimes")) {
            schedule::Schedule schedule{checkables_, downtimes_, {}, {}};
            scheduler_->configure(std::move(schedule), {}, at(now));
            wake_until(now);
        }
        if (event.find("state")) take_result(event, now);
        return shown(now);
    }

private:
    // As the daemon does: it is woken whenever something is due.
    void wake_until(double now) {
        schedule::Events events;
        double moment = 0;
        for (auto wake = scheduler_->next_wake(); wake && *wake <= now; wake = scheduler_->next_wake()) {
            moment = std::max(moment, *wake);
            scheduler_->due(at(moment), events);
        }
    }

    void take_checkables(const json::Object& event) {
        each(event, "checkables", [&](const json::Object& from) {
            schedule::Configured configured;
            configured.name = text(from, "name");
            configured.host = text(from, "host");
            configured.active = false;  // what runs is asked for
            configured.settings.is_host = configured.host.empty();
            configured.settings.is_volatile = flag(from, "volatile");
            configured.settings.max_check_attempts = number(from, "max_check_attempts");
            configured.settings.check_interval = number(from, "check_interval");
            configured.settings.retry_interval = number(from, "retry_interval");
            checkables_.push_back(std::move(configured));
        });
    }

    void take_downtimes(const json::Object& event) {
        downtimes_.clear();
        each(event, "downtimes", [&](const json::Object& from) {
            downtimes_.push_back({.name = text(from, "name"),
                                  .checkable = text(from, "checkable"),
                                  .triggered_by = text(from, "triggered_by"),
                                  .times = {.fixed = flag(from, "fixed"),
                                            .start = number(from, "start_time"),
                                            .end = number(from, "end_time"),
                                            .duration = number(from, "duration"),
                                            .entry = number(from, "entry_time")}});
        });
    }

    void take_result(const json::Object& event, double now) {
        const auto id = scheduler_->find(text(event, "name"));
        if (!id) return;
        schedule::Observation result;
        result.state = static_cast<int>(number(event, "state"));
        result.execution_start = number(event, "execution_start");
        result.execution_end = number(event, "execution_end");
        schedule::Events events;
        if (!flag(event, "active")) {
            scheduler_->submitted(*id, result, number(event, "ttl"), at(now), events);
            return;
        }
        scheduler_->force(*id, true, at(now));
        scheduler_->move_next_check(*id, now, at(now), events);
        scheduler_->due(at(now), events);
        if (scheduler_->running(*id)) scheduler_->finished(*id, result, at(now), events);
    }

    json::Object shown(double now) const {
        json::Object checkables, downtimes;
        for (const schedule::Configured& configured : checkables_) {
            const schedule::Id id = *scheduler_->find(configured.name.str());
            const schedule::CheckableState& state = scheduler_->state(id);
            checkables.set(configured.name.str(),
                           json::Object{{"downtime_depth", static_cast<double>(scheduler_->downtime_depth(id, now))},
                                        {"next_check", state.next_check},
                                        {"state_raw", state.state},
                                        {"problem", state.checked && !schedule::is_ok(configured.settings.is_host, state.state)},
                                        {"last_state_change", state.last_state_change},
                                        {"state_type", state.type == schedule::StateType::hard ? 1 : 0},
                                        {"check_attempt", state.attempt}});
        }
        for (const schedule::ConfiguredDowntime& downtime : downtimes_) {
            const double triggered = scheduler_->downtime_triggered(downtime.name).value_or(0);
            downtimes.set(downtime.name, json::Object{{"trigger_time", triggered},
                                                      {"in_effect", schedule::in_effect(downtime.times, triggered, now)},
                                                      {"expired", schedule::expired(downtime.times, triggered, now)}});
        }
        return json::Object{{"checkables", std::move(checkables)}, {"downtimes", std::move(downtimes)}};
    }

    std::optional<schedule::Scheduler> scheduler_;
    std::vector<schedule::Configured> checkables_;
    std::vector<schedule::ConfiguredDowntime> downtimes_;
};

}  // namespace

int main() {
    Dump dump;
    for (std::string line; std::getline(std::cin, line);) {
        const auto parsed = json::parse(line);
        if (!parsed || !parsed->object()) {
            std::cerr << "not a JSON object: " << line << "\n";
            return 2;
        }
        std::cout << json::to_text(json::Value(dump.answer(*parsed->object()))) << std::endl;
    }
    return 0;
}
