// From a result that calls for a handler to its turn, and from there to the end of its run. Whether it
// may run stands in event_handlers_judge.cpp.

#include <algorithm>
#include <utility>

#include "cluster/audit_entry.hpp"
#include "cluster/event_handler_attempt.hpp"
#include "cluster/run_record.hpp"

namespace endpointd::cluster {

void EventHandlers::configure(std::shared_ptr<const Rules> rules) {
    rules_ = std::move(rules);
    macros_ = {};  // it knows the commands of the catalog that was
}

void EventHandlers::handle(const dsl::Object& object, policy::StateMacros states) {
    if (stopped_) return;
    const std::string& name = object.name;
    const auto known = handlers_.find(name);
    if (known != handlers_.end() && known->second.waiting) {
        WaitingHandler& waiting = *known->second.waiting;
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

}  // namespace endpointd::cluster
