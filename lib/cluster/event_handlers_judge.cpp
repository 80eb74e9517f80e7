// Whether an event handler is run, question by question, and what is recorded where the
// answer is no.

#include <algorithm>

#include "base/units.hpp"
#include "catalog/invocation.hpp"
#include "cluster/event_handler_attempt.hpp"
#include "cluster/run_record.hpp"
#include "dsl/object_attributes.hpp"
#include "policy/method_capability.hpp"
#include "policy/subject.hpp"

namespace endpointd::cluster {

namespace {

std::string quoted(std::string_view foreign) { return "'" + escaped(foreign) + "'"; }

std::string text_of(const json::Object& object, std::string_view member) {
    const json::Value* const value = object.find(member);
    if (!value) return {};
    return value->string() ? *value->string() : json::to_text(*value);
}

// "for web1!http (CRITICAL SOFT 2): "
std::string occasion(const std::string& name, const policy::StateMacros& states) {
    const json::Object& own = policy::checkable_type(name) == "Host" ? states.host : states.service;
    return "for " + escaped(name) + " (" + text_of(own, "state") + " " + text_of(own, "state_type") + " " + text_of(own, "check_attempt") +
           "): ";
}

policy::ExecuteRule rule_of(const catalog::Command* command) noexcept {
    return policy::rule_of_execute(policy::CommandType::event, false, command ? std::optional(command->kind) : std::nullopt);
}

bool is_enabled(const dsl::Object& object) noexcept { return flag_attribute(object, "enable_event_handler", true); }

}  // namespace

const std::string& EventHandlers::author_of(const policy::PlannedObject& object) noexcept {
    return object.is_changed("event_command") ? object.changes->by.str() : object.parent.str();
}

bool EventHandlers::judge(Attempt& attempt) {
    const policy::PlannedObject* const planned = plan_->find(policy::checkable_type(attempt.name), attempt.name);
    if (planned) attempt.command = text_attribute(*planned->object, "event_command");
    // Gone, or switched off, since the result: nobody wants it any more.
    if (attempt.command.empty() || !is_enabled(*planned->object)) return false;
    attempt.planned = planned;
    attempt.author = author_of(*planned);
    attempt.entry = rules_->catalog->find(attempt.command);
    // Who may not have a command run does not learn whether it is there.
    return granted(attempt, attempt.command) && in_catalog(attempt) && parameters_admitted(attempt) && recordable(attempt) &&
           within_rate(attempt);
}

bool EventHandlers::granted(Attempt& attempt, const std::string& command) {
    if (attempt.author.empty()) return true;
    const dsl::Topology& topology = *attempt.rules->topology;
    if (!topology.is_parent(attempt.author)) {
        refuse(attempt, store::Reason::capability_denied,
               "its event_command is of " + quoted(attempt.author) + ", who is no parent of this node");
        return false;
    }
    const policy::Subject subject = policy::subject_of(*attempt.planned->object);
    policy::Request asked;
    asked.capability = rule_of(attempt.rules->catalog->find(command)).capability;
    asked.host = *subject.host;
    if (subject.service) asked.service = *subject.service;
    asked.command = command;
    policy::Verdict verdict = attempt.rules->grants->decide(attempt.author, topology.endpoint(attempt.author)->zone, asked);
    if (!verdict.allowed) {
        services_.usage.admit(verdict, services_.clock.steady());  // counts the denial
        const std::string inside = command == attempt.command ? "" : quoted(command) + " inside it: ";
        refuse(attempt, verdict.reason, inside + verdict.detail);
        return false;
    }
    if (command == attempt.command) attempt.verdict = std::move(verdict);
    return true;
}

bool EventHandlers::in_catalog(Attempt& attempt) {
    if (rule_of(attempt.entry).runs) return true;
    refuse(attempt, store::Reason::unknown_command,
           attempt.entry ? "in the catalog as " + std::string(catalog::name_of(attempt.entry->kind)) + ", not as an event handler"
                         : "not in the local catalog");
    return false;
}

bool EventHandlers::parameters_admitted(Attempt& attempt) {
    const catalog::Catalog& catalog = *attempt.rules->catalog;
    const dsl::Object& object = *attempt.planned->object;
    const auto refused = [&](const catalog::Refusal& refusal) {
        const bool large = refusal.kind == catalog::Refusal::Kind::too_large;
        // A missing one as well: no result would tell anybody.
        refuse(attempt, large ? store::Reason::limit_exceeded : store::Reason::argument_refused, refusal.text, refusal.parameter);
        return false;
    };
    const policy::PlannedObject* host = nullptr;
    if (const std::string_view host_name = text_attribute(object, "host_name"); !host_name.empty()) host = plan_->find("Host", host_name);
    policy::CollectedMacros macros = macros_.collect(*attempt.entry, object, host ? host->object.get() : nullptr, &attempt.waiting.states);
    attempt.values = std::move(macros.values);
    if (macros.impossible) {
        const auto& [parameter, why] = *macros.impossible;
        refuse(attempt, store::Reason::argument_refused, "parameter '" + parameter + "' refused: " + why, parameter);
        return false;
    }
    catalog::Attempt<catalog::Admission> admission = catalog::admit(catalog, *attempt.entry, attempt.values);
    if (!admission) return refused(admission.error());
    if (const auto invocation = catalog::build(catalog, *attempt.entry, admission->parameters); !invocation)
        return refused(invocation.error());
    if (!std::ranges::all_of(admission->inner, [&](const std::string& inner) { return granted(attempt, inner); })) return false;
    attempt.parameters = std::move(admission->parameters);
    return true;
}

bool EventHandlers::recordable(const Attempt& attempt) {
    if (!services_.audit_fails()) return true;
    // Nothing that changes the host runs without a trace; checks go on.
    refuse(attempt, store::Reason::limit_exceeded, "not run while the audit cannot be written");
    return false;
}

bool EventHandlers::within_rate(Attempt& attempt) {
    if (attempt.author.empty() || attempt.waiting.counted) return true;
    attempt.verdict = services_.usage.admit(std::move(attempt.verdict), services_.clock.steady()).verdict;
    if (attempt.verdict.allowed) return true;
    refuse(attempt, attempt.verdict.reason, attempt.verdict.detail);
    return false;
}

store::AuditEntry EventHandlers::entry_for(const Attempt& attempt, std::string_view detail) const {
    store::AuditEntry entry;
    if (!attempt.author.empty()) {
        entry.parent = attempt.author;
        if (const dsl::Endpoint* endpoint = attempt.rules->topology->endpoint(attempt.author)) entry.zone = endpoint->zone;
    }
    entry.object_type = std::string(object_type_of(catalog::Kind::event));
    entry.object_name = attempt.command;
    entry.detail = occasion(attempt.name, attempt.waiting.states) + std::string(detail);
    // As the message would be that asks for it.
    const policy::Checkable of = policy::checkable_of(attempt.name);
    json::Object content{{"host", of.host}};
    if (of.service) content.set("service", *of.service);
    content.set("macros", attempt.values);
    entry.content = json::to_text(json::Value(std::move(content)));
    return entry;
}

void EventHandlers::refuse(const Attempt& attempt, store::Reason reason, std::string_view detail, const std::string& parameter) {
    store::AuditEntry entry = entry_for(attempt, detail);
    entry.decision = store::Decision::denied;
    entry.reason = reason;
    if (!parameter.empty()) entry.parameter = parameter;
    services_.audit(std::move(entry), {});
}

void EventHandlers::not_run(const std::string& name, const policy::StateMacros& states, store::Reason reason, std::string_view detail) {
    const policy::PlannedObject* const planned = plan_->find(policy::checkable_type(name), name);
    if (!planned) return;
    Attempt attempt;
    attempt.name = name;
    attempt.rules = rules_;
    attempt.waiting.states = states;
    attempt.command = text_attribute(*planned->object, "event_command");
    attempt.author = author_of(*planned);
    refuse(attempt, reason, detail);
}

}  // namespace endpointd::cluster
