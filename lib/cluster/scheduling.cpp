// Plans, runs and their results; what parents ask stands in scheduling_messages.cpp, what
// is kept in scheduling_states.cpp, what operators see in scheduling_view.cpp.

#include "cluster/scheduling.hpp"

#include <algorithm>

#include "base/units.hpp"
#include "catalog/invocation.hpp"
#include "cluster/audit_entry.hpp"
#include "cluster/planned_schedule.hpp"
#include "cluster/result_body.hpp"
#include "dsl/object_attributes.hpp"

namespace endpointd::cluster {

namespace {

double seconds_of(SteadyTime time) { return std::chrono::duration<double>(time.time_since_epoch()).count(); }

wire::CheckVars vars_of(const schedule::StateView& view) {
    return {view.state, view.type == schedule::StateType::hard ? 1 : 0, view.attempt, view.reachable};
}

}  // namespace

Scheduling::Scheduling(Services& services)
    : services_(services), scheduler_(now(), 0), handlers_(services), started_(services.clock.steady()) {}

schedule::Now Scheduling::now() const { return {to_unix(services_.clock.wall()), seconds_of(services_.clock.steady())}; }

void Scheduling::configure(std::shared_ptr<const Rules> rules) {
    rules_ = std::move(rules);
    macros_ = {};  // it knows the commands of the catalog that was
    scheduler_.set_slots(rules_->slots);
    handlers_.configure(rules_);
}

void Scheduling::publish(std::shared_ptr<const policy::Plan> plan) {
    const std::shared_ptr<const policy::Plan> before = std::exchange(plan_, std::move(plan));
    handlers_.publish(plan_);
    schedule::Schedule schedule = schedule_of(*plan_, rules_->topology->local_zone().name);
    if (!pauses_.empty())
        for (schedule::Configured& checkable : schedule.checkables)
            if (pauses_.contains(checkable.name.str())) checkable.active = false;
    scheduler_.configure(std::move(schedule), kept_, now());
    std::vector<Shown> shown_before = std::exchange(shown_, {});
    shown_.reserve(scheduler_.size());
    paused_by_parents_ = 0;
    for (const policy::PlannedObject& object : plan_->objects) {
        const std::string_view type = object.object->type->name;
        if (type != "Host" && type != "Service") continue;
        const auto id = scheduler_.find(object.object->name);
        if (!id) continue;
        if (shown_.size() <= *id) shown_.resize(*id + std::size_t{1});
        Shown& shown = shown_[*id];
        shown.object = &object;
        paused_by_parents_ += is_paused_by_parent(object) ? 1 : 0;
        if (type == "Service") shown.host = plan_->find("Host", text_attribute(*object.object, "host_name"));
        give_result(shown, *id < shown_before.size() ? &shown_before[*id] : nullptr, scheduler_.state(*id).checked);
        kept_.checkables.erase(object.object->name);
    }
    wake();
}

void Scheduling::start() {
    started_checking_ = true;
    wake();
}

void Scheduling::wake() {
    // A built-in command ends while it is started: what is due then waits for this loop, not on the stack.
    again_ = true;
    if (!started_checking_ || stopped_ || waking_) return;
    waking_ = true;
    end_pauses();
    while (std::exchange(again_, false)) {
        schedule::Events events;
        scheduler_.due(now(), events);
        perform(events, std::nullopt, nullptr);
    }
    waking_ = false;
    if (save_at_ && services_.clock.steady() >= *save_at_) save();
    for (const PassiveTally::Count& count : tally_.due(services_.clock.steady())) record_submitted(count);
    arm();
}

void Scheduling::arm() {
    std::optional<SteadyTime> at = save_at_;
    const auto consider = [&at](SteadyTime then) {
        if (!at || then < *at) at = then;
    };
    // A parent may put its check off for longer than a clock counts.
    const auto in = [this](double seconds) {
        const std::chrono::duration<double> wait(std::clamp(seconds, 0.0, std::chrono::duration<double>(kLongestSleep).count()));
        return services_.clock.steady() + std::chrono::ceil<SteadyTime::duration>(wait);
    };
    if (const auto turn = tally_.next()) consider(*turn);
    const schedule::Now moment = now();
    if (const auto end = next_end_of_pause()) consider(in(*end - moment.wall));
    // In whole steps: with each result the same moment is asked for, whatever is due first.
    using Step = std::chrono::duration<std::int64_t, std::ratio_multiply<std::ratio<kStartTogether.count()>, std::milli>>;
    if (const auto next = scheduler_.next_wake())
        consider(SteadyTime(std::chrono::ceil<Step>(in(*next - moment.steady).time_since_epoch())));
    if (at && !stopped_) services_.wake_at(*at);
}

void Scheduling::perform(schedule::Events& events, const std::optional<Sender>& from, wire::CheckResultBody* body) {
    for (schedule::Event& event : events) {
        if (const auto* run_check = std::get_if<schedule::RunCheck>(&event)) {
            shown_[run_check->id].due = run_check->due;
            run(run_check->id);
        } else if (const auto* forced = std::get_if<schedule::ForceEnded>(&event))
            relay(forced->id, wire::SetForceNextCheck{{}, {}, false}, from);
        else if (const auto* started = std::get_if<schedule::CheckStarted>(&event))
            relay(started->id, wire::SetLastCheckStarted{{}, {}, started->at}, from);
        else if (const auto* moved = std::get_if<schedule::NextCheckMoved>(&event))
            relay(moved->id, wire::SetNextCheck{{}, {}, moved->at}, from);
        else if (const auto* ended = std::get_if<schedule::AcknowledgementEnded>(&event))
            relay(ended->id, wire::ClearAcknowledgement{{}, {}, {}, to_unix(services_.clock.wall())}, from);
        else if (const auto* result = std::get_if<schedule::Resulted>(&event)) {
            const schedule::Transition& transition = result->transition;
            body->previous_hard_state = transition.previous_hard_state;
            body->vars_before = transition.before ? std::optional(vars_of(*transition.before)) : std::nullopt;
            body->vars_after = vars_of(transition.after);
            if (Shown& shown = shown_[result->id]; shown.result.take(*body)) shown.unwritten = true;
            relay(result->id, wire::CheckResult{{}, {}, std::move(*body)}, from);
            if (transition.event_handler) handlers_.handle(*shown_[result->id].object->object, states_of(result->id));
        }
    }
    if (scheduler_.changed() >= kResultsAtOnce) save_within(Duration(0));
    else save_within(from ? kStatesWait : kResultsWait);
}

void Scheduling::relay(schedule::Id id, StateEvent event, const std::optional<Sender>& from) {
    const dsl::Object& object = *shown_[id].object->object;
    const bool is_service = shown_[id].host != nullptr;
    std::visit(
        [&](auto& message) {
            if constexpr (requires {
                              message.host;
                              message.service;
                          }) {
                message.host = is_service ? text_attribute(object, "host_name") : std::string_view(object.name);
                if (is_service) message.service = std::string(object.short_name());
            }
        },
        event);
    services_.relay(StateMessage{std::move(event), rules_->topology->local_zone().name}, from);
}

// What a run knows besides the attributes.
policy::StateMacros Scheduling::states_of(schedule::Id id) const {
    const auto states = [&](schedule::Id of) {
        const schedule::CheckableState& state = scheduler_.state(of);
        const bool is_host = scheduler_.settings(of).is_host;
        const auto name_of = [&](int of_result) {
            static constexpr const char* kServiceStates[] = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};
            return is_host ? (schedule::is_ok(true, of_result) ? "UP" : "DOWN") : kServiceStates[of_result];
        };
        const auto number_of = [&](int of_result) { return is_host ? (schedule::is_ok(true, of_result) ? 0 : 1) : of_result; };
        const auto type_of = [](schedule::StateType type) { return type == schedule::StateType::hard ? "HARD" : "SOFT"; };
        const auto since = [&](double moment) { return moment == 0 ? 0.0 : now().wall - moment; };
        return json::Object{{"state", name_of(state.state)},
                            {"state_id", number_of(state.state)},
                            {"state_type", type_of(state.type)},
                            {"check_attempt", state.attempt},
                            {"last_state", name_of(state.last_state)},
                            {"last_state_id", number_of(state.last_state)},
                            {"last_state_type", type_of(state.last_type)},
                            {"last_check", state.execution_end},
                            {"last_state_change", state.last_state_change},
                            {"duration_sec", since(state.last_state_change)},
                            {"output", shown_[of].result.output()},
                            {"check_source", rules_->topology->local_endpoint().name},
                            {"downtime_depth", scheduler_.downtime_depth(of, now().wall)}};
    };
    policy::StateMacros macros;
    (scheduler_.settings(id).is_host ? macros.host : macros.service) = states(id);
    if (const auto host = scheduler_.host(id)) macros.host = states(*host);
    return macros;
}

void Scheduling::run(schedule::Id id) {
    const Shown& shown = shown_[id];
    const dsl::Object& object = *shown.object->object;
    const std::string name(text_attribute(object, "check_command"));
    const catalog::Command* const command = rules_->catalog->find(name);
    if (!command || command->kind != catalog::Kind::check)
        return refused(id, exec::Refusal::unknown_command, "command '" + escaped(name) + "' is not in the local catalog");
    const dsl::Object* const host = shown.host ? shown.host->object.get() : nullptr;
    policy::CollectedMacros macros = macros_.collect(*command, object, host);
    if (!macros.impossible && !macros.all_known) {
        const policy::StateMacros states = states_of(id);
        macros = macros_.collect(*command, object, host, &states);
    }
    if (macros.impossible)
        return refused(id, exec::Refusal::parameter, "parameter '" + macros.impossible->first + "' refused: " + macros.impossible->second);
    const catalog::Attempt<catalog::Admission> admission = catalog::admit(*rules_->catalog, *command, macros.values);
    if (!admission) {
        const bool missing = admission.error().kind == catalog::Refusal::Kind::missing_required;
        return refused(id, missing ? exec::Refusal::missing : exec::Refusal::parameter, admission.error().text);
    }
    if (command->builtin) {
        BuiltinResult result = run_builtin(name, admission->parameters, services_.health());
        return conclude(id, result_body(std::move(result), name, rules_->topology->local_endpoint().name, services_.clock.wall()));
    }
    exec::RunRequest request;
    request.command = name;
    request.kind = exec::RunKind::check;
    request.patient = true;
    request.parameters = admission->parameters;
    if (const double timeout = number_attribute(object, "check_timeout", 0); timeout > 0)
        request.timeout = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(std::min(timeout, 86400.0)));
    services_.run(std::move(request), [this, id](exec::Outcome outcome) { ran(id, std::move(outcome)); });
}

void Scheduling::ran(schedule::Id id, exec::Outcome outcome) {
    if (id >= shown_.size() || !shown_[id].object) {
        // The object went while its check was under way.
        scheduler_.abandoned(id);
        return wake();
    }
    switch (outcome.verdict) {
        case exec::Verdict::exited:
        case exec::Verdict::signalled:
        case exec::Verdict::timed_out:
        case exec::Verdict::spawn_failed:
            return conclude(id, result_body(outcome, rules_->topology->local_endpoint().name, services_.clock.wall()));
        case exec::Verdict::cancelled:
            scheduler_.abandoned(id);
            return;
        case exec::Verdict::refused:
            if (outcome.refusal != exec::Refusal::unavailable) return refused(id, outcome.refusal, outcome.text);
            break;
        case exec::Verdict::runner_died:
            break;
    }
    // The runner is started again at once: one more attempt before anybody is alarmed.
    if (scheduler_.failed(id, now())) return arm();
    conclude(id, unknown_body("endpointd: " + outcome.text, rules_->topology->local_endpoint().name, services_.clock.wall()));
}

// The catalog, or the runner that has the last word, does not take it. The object's state says so.
void Scheduling::refused(schedule::Id id, exec::Refusal why, const std::string& text) {
    const dsl::Object& object = *shown_[id].object->object;
    if (why != exec::Refusal::missing) {
        store::AuditEntry entry;
        entry.decision = store::Decision::denied;
        entry.reason = store_reason(why);
        entry.object_type = std::string(object.type->name);
        entry.object_name = object.name;
        entry.detail = "a check of this node's own was refused: " + text;
        services_.audit(std::move(entry), {});
    }
    conclude(id, unknown_body("endpointd: " + text, rules_->topology->local_endpoint().name, services_.clock.wall()));
}

void Scheduling::conclude(schedule::Id id, wire::CheckResultBody body) {
    schedule::Events events;
    // What is between this and the plugin's own time is upstream's latency.
    body.schedule_start = shown_[id].due != 0 ? shown_[id].due : body.execution_start;
    const schedule::Observation result{body.state, body.execution_start, body.execution_end, true};
    scheduler_.finished(id, result, now(), events);
    perform(events, std::nullopt, &body);
    wake();
}

Result<void> Scheduling::check_now(const std::string& name) {
    const auto id = scheduler_.find(name);
    if (!id) return fail(Errc::not_found, "no host or service '" + name + "' is checked here");
    schedule::Events events;
    scheduler_.force(*id, true, now());
    scheduler_.move_next_check(*id, now().wall, now(), events);
    perform(events, std::nullopt, nullptr);
    wake();
    return {};
}

}  // namespace endpointd::cluster
