// What parents ask of this node's checks: the decision, its record, then the scheduler.

#include <algorithm>
#include <type_traits>

#include "base/units.hpp"
#include "cluster/audit_entry.hpp"
#include "cluster/scheduling.hpp"
#include "policy/method_capability.hpp"
#include "policy/subject.hpp"

namespace endpointd::cluster {

namespace {

std::string seconds_text(double at) { return to_rfc3339(from_unix(at)); }

}  // namespace

bool Scheduling::deliver(const Sender& from, const wire::Message& message, wire::Method method, const std::string& payload) {
    return std::visit(
        [&](const auto& body) {
            if constexpr (requires { on(from, body, method, payload); }) {
                if (!rules_->topology->is_parent(from.endpoint)) return false;
                on(from, body, method, payload);
                return true;
            } else {
                return false;
            }
        },
        message);
}

// What the message is about, if the sender may ask it. A name that is not checked here is judged like any other,
// so that nobody learns from the difference what there is; but there is nothing to do then.
std::optional<schedule::Id> Scheduling::admitted(const Sender& from, policy::Capability capability, wire::Method method,
                                                 const std::string& host, const std::optional<std::string>& service,
                                                 const std::string& payload, bool counts) {
    policy::Request asked;
    asked.capability = capability;
    asked.host = host;
    if (service) asked.service = *service;
    store::AuditEntry entry = audit_entry(from, *rules_->topology, method);
    policy::Verdict verdict = rules_->grants->decide(from.endpoint, entry.zone.value_or(""), asked);
    if (verdict.allowed && !counts) return scheduler_.find(policy::Checkable{host, service}.name());
    const policy::Usage::Admission admission = services_.usage.admit(std::move(verdict), services_.clock.steady());
    if (admission.verdict.allowed) return scheduler_.find(policy::Checkable{host, service}.name());
    entry.object_type = service ? "Service" : "Host";
    entry.object_name = policy::Checkable{host, service}.name();
    entry.reason = admission.verdict.reason;
    entry.detail = admission.verdict.detail;
    entry.content = payload;
    services_.audit(std::move(entry), {});
    return std::nullopt;
}

void Scheduling::changed(const Sender& from, wire::Method method, schedule::Id id, std::string what) {
    store::AuditEntry entry = audit_entry(from, *rules_->topology, method);
    entry.decision = store::Decision::changed;
    entry.reason = store::Reason::ok;
    entry.object_type = scheduler_.settings(id).is_host ? "Host" : "Service";
    entry.object_name = scheduler_.name(id);
    entry.detail = std::move(what);
    services_.audit(std::move(entry), {});
}

void Scheduling::on(const Sender& from, const wire::SetNextCheck& message, wire::Method method, const std::string& payload) {
    const bool counted = forced_.erase({from.endpoint, policy::Checkable{message.host, message.service}.name()}) != 0;
    const auto id = admitted(from, policy::Capability::recheck, method, message.host, message.service, payload, !counted);
    if (!id) return;
    schedule::Events events;
    if (!scheduler_.move_next_check(*id, message.next_check, now(), events)) return;
    changed(from, method, *id, "next check at " + seconds_text(message.next_check));
    perform(events, from, nullptr);
    wake();
}

// A forced check that is asked for is two messages, this one first. Here the rate counts both as one: if it refuses, the next
// regular check is not forced either.
void Scheduling::on(const Sender& from, const wire::SetForceNextCheck& message, wire::Method method, const std::string& payload) {
    const auto id = admitted(from, policy::Capability::recheck, method, message.host, message.service, payload);
    if (!id) return;
    if (message.forced) {
        if (forced_.size() >= kForced) forced_.clear();
        forced_.emplace(from.endpoint, policy::Checkable{message.host, message.service}.name());
    }
    scheduler_.force(*id, message.forced, now());
    changed(from, method, *id, message.forced ? "the next check is forced" : "the next check is not forced");
    wake();
}

void Scheduling::on(const Sender& from, const wire::SetAcknowledgement& message, wire::Method method, const std::string& payload) {
    const auto id = admitted(from, policy::Capability::acknowledge, method, message.host, message.service, payload);
    if (!id) return;
    const auto type = message.acktype == wire::AcknowledgementType::sticky ? schedule::Acknowledgement::Type::sticky
                                                                           : schedule::Acknowledgement::Type::normal;
    if (!scheduler_.acknowledge(*id, {type, message.expiry, message.change_time}, now())) return;
    changed(from, method, *id, "acknowledged by '" + escaped(message.author) + "': " + escaped(message.comment));
    relay(*id, message, from);
    save_within(kStatesWait);
    wake();
}

void Scheduling::on(const Sender& from, const wire::ClearAcknowledgement& message, wire::Method method, const std::string& payload) {
    const auto id = admitted(from, policy::Capability::acknowledge, method, message.host, message.service, payload);
    if (!id || !scheduler_.clear_acknowledgement(*id)) return;
    changed(from, method, *id, "acknowledgement removed by '" + escaped(message.author) + "'");
    relay(*id, message, from);
    save_within(kStatesWait);
    wake();
}

void Scheduling::on(const Sender& from, const wire::CheckResult& message, wire::Method method, const std::string& payload) {
    const auto id = admitted(from, policy::Capability::passive, method, message.host, message.service, payload);
    if (!id) return;
    wire::CheckResultBody body = message.cr;
    const double time = to_unix(services_.clock.wall());
    for (double* moment : {&body.schedule_start, &body.schedule_end, &body.execution_start, &body.execution_end})
        if (*moment == 0) *moment = time;
    schedule::Events events;
    const schedule::Observation result{body.state, body.execution_start, body.execution_end, true};
    if (!scheduler_.submitted(*id, result, body.ttl, now(), events)) {
        store::AuditEntry entry = audit_entry(from, *rules_->topology, method);
        entry.object_type = message.service ? "Service" : "Host";
        entry.object_name = scheduler_.name(*id);
        entry.reason = store::Reason::out_of_scope;
        entry.detail = "enable_passive_checks is off";
        entry.content = payload;
        return services_.audit(std::move(entry), {});
    }
    // One that is older than the last result changes nothing.
    if (std::ranges::any_of(events, [](const schedule::Event& event) { return std::holds_alternative<schedule::Resulted>(event); })) {
        const std::string& name = scheduler_.name(*id);
        if (const std::uint64_t results = tally_.add(from.endpoint, name, services_.clock.steady()); results != 0)
            record_submitted({from.endpoint, name, results});
    }
    perform(events, from, &body);
    wake();
}

// `changed` would be a record for each: what an object's state is can change every second.
void Scheduling::record_submitted(const PassiveTally::Count& count) {
    store::AuditEntry entry = audit_entry(Sender{count.parent, 0, {}}, *rules_->topology, wire::Method::check_result);
    entry.decision = store::Decision::accepted;
    entry.reason = store::Reason::ok;
    entry.object_type = std::string(policy::checkable_type(count.object));
    entry.object_name = count.object;
    entry.detail = "results that it submits are taken";
    entry.count = count.results;
    services_.audit(std::move(entry), {});
}

// Granted with `passive`; nothing here depends on it.
void Scheduling::on(const Sender& from, const wire::SetLastCheckStarted& message, wire::Method method, const std::string& payload) {
    admitted(from, policy::Capability::passive, method, message.host, message.service, payload);
}

}  // namespace endpointd::cluster
