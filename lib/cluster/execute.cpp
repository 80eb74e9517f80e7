// A request's way once it was judged: its place among those under way, the runner,
// the end and the answer. The judgement itself stands in execute_judge.cpp.

#include "cluster/execute.hpp"

#include "base/units.hpp"
#include "cluster/audit_entry.hpp"
#include "cluster/execute_request.hpp"
#include "cluster/run_record.hpp"

namespace endpointd::cluster {

namespace {

// A deadline further away is none.
constexpr std::chrono::hours kFarthestDeadline{24 * 365};

}  // namespace

CommandExecutor::CommandExecutor(Services& services) : services_(services) {}

void CommandExecutor::configure(std::shared_ptr<const Rules> rules) { rules_ = std::move(rules); }

void CommandExecutor::execute(const Sender& from, wire::ExecuteCommand command, std::string payload) {
    const dsl::Topology& topology = *rules_->topology;
    const dsl::Endpoint* endpoint = topology.endpoint(from.endpoint);
    const std::string zone = endpoint != nullptr ? endpoint->zone : std::string();
    std::optional<std::string_view> service;
    if (command.service) service = *command.service;
    CommandAnswer answer(topology.local_endpoint().name, command,
                         rules_->grants->redacted(from.endpoint, zone, command.host, service, true));
    auto request = std::make_shared<Request>(Request{.from = from,
                                                     .command = std::move(command),
                                                     .payload = std::move(payload),
                                                     .payload_sha256 = {},
                                                     .rules = rules_,
                                                     .answer = std::move(answer),
                                                     .asked_again = {},
                                                     .deadline = {},
                                                     .parameters = {},
                                                     .inner = {},
                                                     .given = {},
                                                     .running_under = {}});
    if (request->command.source) {
        Duration kept = rules_->answers_kept;
        if (endpoint != nullptr && endpoint->log_duration) kept = std::min(kept, *endpoint->log_duration);
        request->keep_until = from.received + kept;
        if (request->command.deadline) {
            const Duration left = from_unix(*request->command.deadline) - services_.clock.wall();
            request->deadline = services_.clock.steady() + std::min<Duration>(left, kFarthestDeadline);
        }
    } else {
        request->keep_until = from.received + rules_->runner_timeout + kParentPatience;
    }
    if (addressed_to_us(request) && granted(request) && in_catalog(request) && parameters_admitted(request) && recordable(request) &&
        first_time(request) && within_rate(request))
        start_or_wait(request);
}

void CommandExecutor::start_or_wait(const RequestPtr& request) {
    const policy::Grant* grant = request->verdict.grants[0];
    if (services_.usage.start(*grant)) {
        request->running_under = grant->id;
        return start(request);
    }
    if (waiting_ >= request->rules->queue) {
        return refuse(request, store::Reason::limit_exceeded, "too many commands are waiting",
                      "runner.queue is full behind max_concurrent of " + request->verdict.source);
    }
    ++waiting_;
    queues_[grant->id].push_back(request);
}

void CommandExecutor::start(const RequestPtr& request) {
    if (request->recorded()) request->given = parameters_text(request->parameters);
    if (request->entry->builtin) {
        const BuiltinResult result = run_builtin(request->entry->name, request->parameters, services_.health());
        services_.usage.finish(*request->running_under);
        const WallTime now = services_.clock.wall();
        answer(request, request->answer.result(result, now));
        if (!request->recorded()) return;
        exec::Outcome outcome;
        outcome.verdict = exec::Verdict::exited;
        outcome.exit_status = result.state;
        outcome.start = outcome.end = to_unix(now);
        return services_.audit(executed_entry(*request, outcome), {});
    }
    exec::RunRequest run;
    run.command = request->command.command;
    run.kind = run_kind(request->entry->kind);
    run.timeout = request->check_timeout();
    run.deadline = request->deadline;
    run.parameters = std::move(request->parameters);
    services_.run(std::move(run), [this, request](exec::Outcome outcome) { finished(request, std::move(outcome)); });
}

void CommandExecutor::finished(const RequestPtr& request, exec::Outcome outcome) {
    const policy::GrantId grant = *request->running_under;
    services_.usage.finish(grant);
    switch (outcome.verdict) {
        case exec::Verdict::exited:
        case exec::Verdict::signalled:
        case exec::Verdict::timed_out:
        case exec::Verdict::spawn_failed:
            answer(request, request->answer.result(outcome, services_.clock.wall()));
            if (request->recorded()) services_.audit(executed_entry(*request, outcome), {});
            break;
        case exec::Verdict::cancelled:
            ended_with_us(request, outcome);
            break;
        case exec::Verdict::refused:
            refuse(request, store_reason(outcome.refusal), outcome.text, outcome.text);
            break;
        case exec::Verdict::runner_died:
            if (request->recorded()) tell(request, executed_entry(*request, outcome), outcome.text);
            else refuse(request, store::Reason::limit_exceeded, outcome.text, outcome.text);
            break;
    }
    services_.place_free(grant);
}

// Cancelled: its deadline passed while it waited for the runner, or we are stopping.
void CommandExecutor::ended_with_us(const RequestPtr& request, const exec::Outcome& outcome) {
    if (!outcome.ran() && request->deadline && services_.clock.steady() >= *request->deadline)
        return drop_stale(request, "its deadline passed while it waited");
    if (!request->recorded()) return;  // a check: the parent asks again
    const std::string text = std::string("endpointd stops, '") + escaped(request->command.command) + "' was " +
                             (outcome.ran() ? "under way and is ended" : "not started");
    if (outcome.ran()) {
        services_.audit(executed_entry(*request, outcome), {});
    } else {
        store::AuditEntry entry = entry_for(*request, text);
        entry.reason = store::Reason::limit_exceeded;
        services_.audit(std::move(entry), {});
    }
    // At once and without the record's number: the connections close next.
    answer(request, request->answer.refusal("endpointd: " + text, services_.clock.wall()));
}

void CommandExecutor::place_free(const policy::GrantId& grant) {
    const auto found = queues_.find(grant);
    while (found != queues_.end() && !found->second.empty()) {
        const RequestPtr next = found->second.front();
        const auto leave = [&] {
            found->second.pop_front();
            --waiting_;
        };
        if (!still_wanted(next)) {
            leave();
            continue;
        }
        const policy::Grant* current = next->verdict.grants[0];
        if (!services_.usage.start(*current)) {
            if (current->id == grant) return;
            // Another grant covers it now, and that one's runs will bring it on.
            leave();
            queues_[current->id].push_back(next);
            ++waiting_;
            continue;
        }
        leave();
        next->running_under = current->id;
        start(next);
    }
    if (found != queues_.end()) queues_.erase(found);
}

// Whether a request that waited is still to be run. Events and notifications are sent
// once, so however late they are, they are.
bool CommandExecutor::still_wanted(const RequestPtr& request) {
    const SteadyTime now = services_.clock.steady();
    // Running both this one and the one the parent has sent by now would never let the queue drain.
    if (request->asked_again && now >= *request->asked_again) return false;
    if (request->deadline && now >= *request->deadline) {
        drop_stale(request, "its deadline passed while it waited");
        return false;
    }
    if (request->rules != rules_) {
        // By the rules in force now: a reload may have taken the command away.
        request->rules = rules_;
        if (!addressed_to_us(request) || !granted(request) || !inner_granted(request) || !in_catalog(request)) return false;
    }
    return recordable(request);
}

void CommandExecutor::answer(const RequestPtr& request, std::string payload) {
    if (!payload.empty()) services_.answer(request->from, std::move(payload), request->keep_until);
}

}  // namespace endpointd::cluster
