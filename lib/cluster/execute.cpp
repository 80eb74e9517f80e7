#include "cluster/execute.hpp"

#include <algorithm>
#include <cmath>

#include "base/units.hpp"
#include "catalog/invocation.hpp"
#include "cluster/audit_entry.hpp"
#include "cluster/command_answer.hpp"
#include "policy/method_capability.hpp"

namespace endpointd::cluster {

namespace {

// A parent asks again this long after its command's timeout (protocol, 6.1).
constexpr Duration kParentPatience = std::chrono::seconds(30);
// Dropped macros of one message that get a record each.
constexpr std::size_t kAuditedMacros = 16;
// Bytes of a message that are kept while its command waits, for a refusal later on.
constexpr std::size_t kKeptPayload = 4096;

std::string_view object_type_of(wire::CommandType type) noexcept {
    switch (type) {
        case wire::CommandType::check:
            return "CheckCommand";
        case wire::CommandType::event:
            return "EventCommand";
        case wire::CommandType::notification:
            return "NotificationCommand";
    }
    return "CheckCommand";
}

policy::CommandType policy_type_of(wire::CommandType type) noexcept {
    switch (type) {
        case wire::CommandType::check:
            return policy::CommandType::check;
        case wire::CommandType::event:
            return policy::CommandType::event;
        case wire::CommandType::notification:
            return policy::CommandType::notification;
    }
    return policy::CommandType::check;
}

std::string quoted(std::string_view foreign) { return "'" + escaped(foreign) + "'"; }

}  // namespace

struct CommandExecutor::Request {
    Sender from;
    wire::ExecuteCommand command;
    std::string payload;
    std::shared_ptr<const Rules> rules;  // those it is judged by, whatever a reload brings
    CommandAnswer answer;
    SteadyTime keep_until{};
    const catalog::Command* entry = nullptr;
    json::Object parameters;
    policy::Verdict verdict{};
    std::optional<policy::GrantId> running_under;

    std::string object() const { return command.service ? command.host + "!" + *command.service : command.host; }
};

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
    auto request = std::make_shared<Request>(
        Request{from, std::move(command), std::move(payload), rules_, std::move(answer), {}, nullptr, {}, {}, {}});
    request->keep_until = from.received + rules_->runner_timeout + kParentPatience;

    if (addressed_to_us(request) && granted(request) && in_catalog(request) && parameters_admitted(request) && within_rate(request))
        start_or_wait(request);
}

bool CommandExecutor::addressed_to_us(const RequestPtr& request) {
    const dsl::Topology& topology = *request->rules->topology;
    const std::string& node = topology.local_endpoint().name;
    if (!topology.is_parent(request->from.endpoint)) {
        // Protocol, 6.2: only the own zone and the direct parent zone send commands; as upstream, without an answer.
        services_.audit(entry_for(*request), {});
        return false;
    }
    if (request->command.source && request->command.deadline && to_unix(services_.clock.wall()) > *request->command.deadline) {
        // Replayed after its deadline: nobody waits for the answer any more (protocol, 6.2).
        store::AuditEntry entry = entry_for(*request);
        entry.reason = store::Reason::stale;
        entry.detail = "for " + escaped(request->object()) + ": its deadline is over";
        services_.audit(std::move(entry), {});
        return false;
    }
    if (request->command.endpoint && *request->command.endpoint != node) {
        refuse(request, store::Reason::capability_denied, "endpoint " + quoted(*request->command.endpoint) + " is not served by " + node,
               "it is meant for another endpoint, and this node forwards none");
        return false;
    }
    return true;
}

bool CommandExecutor::granted(const RequestPtr& request) {
    const wire::ExecuteCommand& command = request->command;
    const dsl::Endpoint* endpoint = request->rules->topology->endpoint(request->from.endpoint);
    const catalog::Command* entry = request->rules->catalog->find(command.command);
    const bool names_action = entry != nullptr && entry->kind == catalog::Kind::action;
    policy::Request asked;
    asked.capability = policy::capability_of_execute(policy_type_of(command.command_type), command.source.has_value(), names_action);
    asked.host = command.host;
    if (command.service) asked.service = *command.service;
    asked.command = command.command;
    request->verdict = request->rules->grants->decide(request->from.endpoint, endpoint->zone, asked);
    const std::string parent = escaped(request->from.endpoint);
    if (!request->verdict.allowed) {
        services_.usage.admit(request->verdict, services_.clock.steady());  // counts the denial
        // The policy before the catalog: who may not execute a command does not learn whether it is there.
        refuse(request, request->verdict.reason, "command " + quoted(command.command) + " is not granted to " + parent,
               request->verdict.detail);
        return false;
    }
    return true;
}

bool CommandExecutor::in_catalog(const RequestPtr& request) {
    request->entry = request->rules->catalog->find(request->command.command);
    // A command of another kind is not there for this kind of request, as upstream keeps them apart by type.
    const bool there = request->entry != nullptr && request->entry->kind == catalog::Kind::check;
    if (!there) {
        refuse(request, store::Reason::unknown_command, "command " + quoted(request->command.command) + " is not in the local catalog",
               request->entry == nullptr
                   ? "not in the local catalog"
                   : "in the catalog as " + std::string(catalog::name_of(request->entry->kind)) + ", asked for as a check");
        return false;
    }
    Duration timeout = request->entry->timeout.value_or(request->rules->runner_timeout);
    if (request->command.check_timeout && *request->command.check_timeout > Duration(0))
        timeout = std::min(timeout, *request->command.check_timeout);
    request->keep_until = request->from.received + timeout + kParentPatience;
    return true;
}

bool CommandExecutor::parameters_admitted(const RequestPtr& request) {
    const catalog::Command& entry = *request->entry;
    const auto refused = [&](const catalog::Refusal& refusal) {
        switch (refusal.kind) {
            case catalog::Refusal::Kind::missing_required:
                // A mistake of configuration, not an attempt at anything: told, not recorded.
                answer(request, request->answer.refusal("endpointd: " + refusal.text, services_.clock.wall()));
                break;
            case catalog::Refusal::Kind::too_large:
                refuse(request, store::Reason::limit_exceeded, refusal.text, refusal.text, refusal.parameter);
                break;
            case catalog::Refusal::Kind::parameter:
            case catalog::Refusal::Kind::tuple:
                refuse(request, store::Reason::argument_refused, refusal.text, refusal.text, refusal.parameter);
                break;
        }
    };
    // The policy before the catalog: who may not run a command inside does not learn either whether it is there.
    const json::Value* named = entry.command_ref ? request->command.macros.find(*entry.command_ref) : nullptr;
    if (named && named->string() && !inner_granted(request, *named->string())) return false;
    auto admission = catalog::admit(*request->rules->catalog, entry, request->command.macros);
    if (!admission) {
        refused(admission.error());
        return false;
    }
    if (const auto invocation = catalog::build(*request->rules->catalog, entry, admission->parameters); !invocation) {
        refused(invocation.error());
        return false;
    }
    for (const std::string& inner : admission->inner) {
        if (!inner_granted(request, inner)) return false;
    }
    std::size_t recorded = 0;
    for (const std::string& macro : admission->dropped) {
        // Names a parent chooses freely: a few tell the story, and the message is kept once.
        if (recorded == kAuditedMacros) break;
        store::AuditEntry dropped = entry_for(*request);
        if (recorded++ != 0) dropped.content.reset();
        dropped.decision = store::Decision::changed;
        dropped.reason = store::Reason::argument_refused;
        dropped.detail =
            "for " + escaped(request->object()) + ": macro " + quoted(macro) + " is no parameter of the command and was dropped";
        dropped.parameter = macro;
        dropped.fold = true;
        services_.audit(std::move(dropped), {});
    }
    request->parameters = std::move(admission->parameters);
    // It may wait for long: what has no further use is not kept for every one of thousands.
    request->command.macros = {};
    if (request->payload.size() > kKeptPayload) request->payload.resize(kKeptPayload);
    request->payload.shrink_to_fit();
    return true;
}

// A wrapper opens nothing that its caller may not ask for directly. The inner command has the wrapper's kind, and
// so its capability; its rate is not counted: one request, one command.
bool CommandExecutor::inner_granted(const RequestPtr& request, const std::string& inner) {
    const wire::ExecuteCommand& command = request->command;
    policy::Request asked;
    asked.capability = *request->verdict.capability;
    asked.host = command.host;
    if (command.service) asked.service = *command.service;
    asked.command = inner;
    const dsl::Endpoint* endpoint = request->rules->topology->endpoint(request->from.endpoint);
    const policy::Verdict verdict = request->rules->grants->decide(request->from.endpoint, endpoint->zone, asked);
    if (verdict.allowed) return true;
    services_.usage.admit(verdict, services_.clock.steady());  // counts the denial
    refuse(request, verdict.reason,
           "the command that '" + *request->entry->command_ref + "' of " + quoted(command.command) + " names is not granted to " +
               escaped(request->from.endpoint),
           verdict.detail);
    return false;
}

bool CommandExecutor::within_rate(const RequestPtr& request) {
    const policy::Usage::Admission admission = services_.usage.admit(request->verdict, services_.clock.steady());
    request->verdict = admission.verdict;
    if (admission.verdict.allowed) return true;
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(admission.wait).count();
    refuse(
        request, admission.verdict.reason,
        "rate-limited: execute for " + escaped(request->from.endpoint) + ", again in " + std::to_string(std::max<long>(seconds, 1)) + " s",
        admission.verdict.detail);
    return false;
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
    if (request->entry->builtin) {
        const BuiltinResult result = run_builtin(request->entry->name, request->parameters, services_.health());
        const policy::GrantId grant = *request->running_under;
        services_.usage.finish(grant);
        answer(request, request->answer.result(result, services_.clock.wall()));
        return;
    }
    exec::RunRequest run;
    run.command = request->command.command;
    run.kind = exec::RunKind::check;
    run.timeout = request->command.check_timeout.value_or(Duration(0));
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
            break;
        case exec::Verdict::cancelled:
            break;  // we are stopping; the parent asks again
        case exec::Verdict::refused:
            refuse(request, store_reason(outcome.refusal), outcome.text, outcome.text);
            break;
        case exec::Verdict::runner_died:
            refuse(request, store::Reason::limit_exceeded, outcome.text, outcome.text);
            break;
    }
    start_waiting(grant);
}

void CommandExecutor::start_waiting(const policy::GrantId& grant) {
    const auto found = queues_.find(grant);
    while (found != queues_.end() && !found->second.empty()) {
        const RequestPtr next = found->second.front();
        const auto leave = [&] {
            found->second.pop_front();
            --waiting_;
        };
        // The parent has asked again by now; running both would never let the queue drain.
        if (services_.clock.steady() >= next->keep_until) {
            leave();
            continue;
        }
        // By the rules in force now: a reload may have taken the command away.
        if (next->rules != rules_) {
            next->rules = rules_;
            if (!addressed_to_us(next) || !granted(next) || !in_catalog(next)) {
                leave();
                continue;
            }
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

store::AuditEntry CommandExecutor::entry_for(const Request& request) const {
    store::AuditEntry entry = audit_entry(request.from, *request.rules->topology, wire::Method::execute_command);
    entry.object_type = object_type_of(request.command.command_type);
    entry.object_name = request.command.command;
    entry.detail = "for " + escaped(request.object()) + ": the sender is neither in our zone nor in our parent zone";
    entry.content = request.payload;
    return entry;
}

void CommandExecutor::refuse(const RequestPtr& request, store::Reason reason, std::string text, std::string detail, std::string parameter) {
    store::AuditEntry entry = entry_for(*request);
    entry.reason = reason;
    entry.detail = "for " + escaped(request->object()) + ": " + detail;
    if (!parameter.empty()) entry.parameter = std::move(parameter);
    services_.audit(std::move(entry), [this, request, text = std::move(text)](std::optional<std::uint64_t> id) {
        // Without a number only if the store fails: the parent is still told why nothing ran.
        const std::string number = id ? " (audit " + std::to_string(*id) + ")" : " (not audited: the store fails)";
        answer(request, request->answer.refusal("endpointd: " + text + number, services_.clock.wall()));
    });
}

void CommandExecutor::answer(const RequestPtr& request, std::string payload) {
    if (!payload.empty()) services_.answer(request->from, std::move(payload), request->keep_until);
}

}  // namespace endpointd::cluster
