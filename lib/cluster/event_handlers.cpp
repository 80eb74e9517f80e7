// From a result that calls for a handler to the record of its run.

#include "cluster/event_handlers.hpp"

#include <algorithm>

#include "base/units.hpp"
#include "catalog/invocation.hpp"
#include "cluster/audit_entry.hpp"
#include "cluster/run_record.hpp"
#include "policy/method_capability.hpp"
#include "policy/rights.hpp"

namespace endpointd::cluster {

namespace {

std::string quoted(std::string_view foreign) { return "'" + escaped(foreign) + "'"; }

std::string_view type_of(const std::string& name) noexcept { return name.find('!') == std::string::npos ? "Host" : "Service"; }

std::string text_of(const json::Object& object, std::string_view member) {
    const json::Value* const value = object.find(member);
    if (!value) return {};
    return value->string() ? *value->string() : json::to_text(*value);
}

// "for web1!http (CRITICAL SOFT 2): "
std::string occasion(const std::string& name, const policy::StateMacros& states) {
    const json::Object& own = type_of(name) == "Host" ? states.host : states.service;
    return "for " + escaped(name) + " (" + text_of(own, "state") + " " + text_of(own, "state_type") + " " + text_of(own, "check_attempt") +
           "): ";
}

policy::ExecuteRule rule_of(const catalog::Command* command) noexcept {
    return policy::rule_of_execute(policy::CommandType::event, false, command ? std::optional(command->kind) : std::nullopt);
}

bool is_enabled(const dsl::Object& object) noexcept {
    const json::Value* const enabled = object.attributes.find("enable_event_handler");
    return !enabled || !enabled->boolean() || *enabled->boolean();
}

}  // namespace

struct EventHandlers::Attempt {
    std::string name;
    Waiting waiting;
    const policy::PlannedObject* planned = nullptr;  // of plan_, while it is judged
    std::string command;
    std::string author;  // a parent, or empty
    std::shared_ptr<const Rules> rules;
    const catalog::Command* entry = nullptr;  // of rules
    policy::Verdict verdict{};                // with an author
    json::Object parameters;
    std::optional<policy::GrantId> running_under;
};

void EventHandlers::configure(std::shared_ptr<const Rules> rules) {
    rules_ = std::move(rules);
    macros_ = {};  // it knows the commands of the catalog that was
}

const std::string& EventHandlers::author_of(const policy::PlannedObject& object) noexcept {
    const bool changed = std::ranges::find(object.modified, "event_command") != object.modified.end();
    return changed ? object.modified_by.str() : object.parent.str();
}

void EventHandlers::handle(const dsl::Object& object, policy::StateMacros states) {
    if (stopped_) return;
    const std::string& name = object.name;
    const auto known = handlers_.find(name);
    if (known != handlers_.end() && known->second.waiting) {
        Waiting& waiting = *known->second.waiting;
        not_run(name, waiting.states, store::Reason::stale, "not handled any more: a younger result came before its turn");
        waiting.states = std::move(states);
        return;
    }
    if (waiting_ >= rules_->queue) return not_run(name, states, store::Reason::limit_exceeded, "runner.queue is full of event handlers");
    Handler& handler = handlers_[name];
    handler.waiting.emplace().states = std::move(states);
    ++waiting_;
    if (handler.running) return;
    turns_.push_back(name);
    start_waiting();
}

void EventHandlers::place_free(const policy::GrantId& grant) {
    give_place(grant);
    start_waiting();
}

void EventHandlers::give_place(const policy::GrantId& grant) {
    const auto found = for_grant_.find(grant);
    if (found == for_grant_.end()) return;
    const std::string name = std::move(found->second.front());
    found->second.pop_front();
    if (found->second.empty()) for_grant_.erase(found);
    handlers_.at(name).waiting->place = grant;
    turns_.push_front(name);
}

void EventHandlers::start_waiting() {
    const std::size_t places = std::max<std::size_t>(1, rules_->slots / kHandlerShare);
    while (!stopped_ && under_way_ < places && !turns_.empty()) {
        const std::string name = std::move(turns_.front());
        turns_.pop_front();
        try_next(name);
    }
}

void EventHandlers::try_next(const std::string& name) {
    Handler& handler = handlers_.at(name);
    const std::optional<policy::GrantId> place = std::exchange(handler.waiting->place, std::nullopt);
    Attempt attempt;
    attempt.name = name;
    attempt.rules = rules_;
    attempt.waiting = *handler.waiting;
    const bool admitted = judge(attempt);
    const policy::Grant* const grant = admitted && !attempt.author.empty() ? attempt.verdict.grants[0] : nullptr;
    if (grant && !services_.usage.start(*grant)) {
        handler.waiting->counted = true;
        std::deque<std::string>& line = for_grant_[grant->id];
        line.insert(place == grant->id ? line.begin() : line.end(), name);
        if (place && *place != grant->id) give_place(*place);
        return;
    }
    if (grant) attempt.running_under = grant->id;
    handler.waiting.reset();
    --waiting_;
    if (admitted) {
        handler.running = true;
        ++under_way_;
        run(std::move(attempt));
    } else {
        handlers_.erase(name);
    }
    // There may be room for one more; if not, the next one waits on.
    if (place) give_place(*place);
}

bool EventHandlers::judge(Attempt& attempt) {
    const policy::PlannedObject* const planned = plan_->find(type_of(attempt.name), attempt.name);
    if (planned) attempt.command = policy::text_attribute(*planned->object, "event_command");
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
        refuse(attempt, large ? store::Reason::limit_exceeded : store::Reason::argument_refused, refusal.text);
        return false;
    };
    const policy::PlannedObject* host = nullptr;
    if (const std::string_view host_name = policy::text_attribute(object, "host_name"); !host_name.empty())
        host = plan_->find("Host", host_name);
    const policy::CollectedMacros macros =
        macros_.collect(*attempt.entry, object, host ? host->object.get() : nullptr, &attempt.waiting.states);
    if (macros.impossible) {
        refuse(attempt, store::Reason::argument_refused,
               "parameter '" + macros.impossible->first + "' refused: " + macros.impossible->second);
        return false;
    }
    catalog::Attempt<catalog::Admission> admission = catalog::admit(catalog, *attempt.entry, macros.values);
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

void EventHandlers::run(Attempt attempt) {
    exec::RunRequest request;
    request.command = attempt.command;
    request.kind = run_kind(attempt.entry->kind);
    std::string given = parameters_text(attempt.parameters);
    request.parameters = std::move(attempt.parameters);
    attempt.planned = nullptr;
    services_.run(std::move(request), [this, attempt = std::move(attempt), given = std::move(given)](const exec::Outcome& outcome) {
        ended(attempt, given, outcome);
    });
}

void EventHandlers::ended(const Attempt& attempt, const std::string& given, const exec::Outcome& outcome) {
    if (outcome.verdict == exec::Verdict::refused) {
        refuse(attempt, store_reason(outcome.refusal), outcome.text);
    } else if (outcome.verdict == exec::Verdict::cancelled && !outcome.ran()) {
        refuse(attempt, store::Reason::limit_exceeded, "not started: endpointd stops");
    } else {
        store::AuditEntry entry = entry_for(attempt, run_text(attempt.entry->kind, outcome, given));
        entry.decision = store::Decision::executed;
        entry.reason = store::Reason::ok;
        services_.audit(std::move(entry), {});
    }
    --under_way_;
    const auto handler = handlers_.find(attempt.name);
    handler->second.running = false;
    if (handler->second.waiting) turns_.push_back(attempt.name);
    else handlers_.erase(handler);
    if (attempt.running_under) {
        services_.usage.finish(*attempt.running_under);
        services_.place_free(*attempt.running_under);
    }
    start_waiting();
}

void EventHandlers::stop() {
    stopped_ = true;
    turns_.clear();
    for_grant_.clear();
    for (auto& [name, handler] : handlers_) {
        if (!handler.waiting) continue;
        not_run(name, handler.waiting->states, store::Reason::limit_exceeded, "not started: endpointd stops");
        handler.waiting.reset();
        --waiting_;
    }
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
    return entry;
}

void EventHandlers::refuse(const Attempt& attempt, store::Reason reason, std::string_view detail) {
    store::AuditEntry entry = entry_for(attempt, detail);
    entry.decision = store::Decision::denied;
    entry.reason = reason;
    services_.audit(std::move(entry), {});
}

void EventHandlers::not_run(const std::string& name, const policy::StateMacros& states, store::Reason reason, std::string_view detail) {
    const policy::PlannedObject* const planned = plan_->find(type_of(name), name);
    if (!planned) return;
    Attempt attempt;
    attempt.name = name;
    attempt.rules = rules_;
    attempt.waiting.states = states;
    attempt.command = policy::text_attribute(*planned->object, "event_command");
    attempt.author = author_of(*planned);
    refuse(attempt, reason, detail);
}

}  // namespace endpointd::cluster
