// Whether a request is run, question by question, and what is told and recorded
// where the answer is no.

#include <algorithm>

#include "base/units.hpp"
#include "catalog/invocation.hpp"
#include "cluster/audit_entry.hpp"
#include "cluster/execute_request.hpp"
#include "cluster/run_record.hpp"
#include "files/digest.hpp"

namespace endpointd::cluster {

namespace {

// Dropped macros of one message that get a record each.
constexpr std::size_t kAuditedMacros = 16;
// Bytes of a message that are kept while its command waits and runs, for its record.
constexpr std::size_t kKeptPayload = 4096;

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

Duration CommandExecutor::Request::check_timeout() const noexcept {
    return command.command_type == wire::CommandType::check ? command.check_timeout.value_or(Duration(0)) : Duration(0);
}

bool CommandExecutor::addressed_to_us(const RequestPtr& request) {
    const dsl::Topology& topology = *request->rules->topology;
    const std::string& node = topology.local_endpoint().name;
    if (!topology.is_parent(request->from.endpoint)) {
        // Protocol, 6.2: only the own zone and the direct parent zone send commands; as upstream, without an answer.
        services_.audit(entry_for(*request, "the sender is neither in our zone nor in our parent zone"), {});
        return false;
    }
    if (request->deadline && services_.clock.steady() >= *request->deadline) {
        // Replayed after its deadline: nobody waits for the answer any more (protocol, 6.2).
        drop_stale(request, "its deadline is over");
        return false;
    }
    if (request->command.endpoint && *request->command.endpoint != node) {
        refuse(request, store::Reason::capability_denied, "endpoint " + quoted(*request->command.endpoint) + " is not served by " + node,
               "it is meant for another endpoint, and this node forwards none");
        return false;
    }
    return true;
}

policy::ExecuteRule CommandExecutor::rule_for(const Request& request, const std::string& name) const {
    const catalog::Command* entry = request.rules->catalog->find(name);
    return policy::rule_of_execute(policy_type_of(request.command.command_type), request.command.source.has_value(),
                                   entry != nullptr ? std::optional(entry->kind) : std::nullopt);
}

std::optional<policy::Verdict> CommandExecutor::granted_command(const RequestPtr& request, const std::string& name) {
    const wire::ExecuteCommand& command = request->command;
    const dsl::Endpoint* endpoint = request->rules->topology->endpoint(request->from.endpoint);
    policy::Request asked;
    asked.capability = rule_for(*request, name).capability;
    asked.host = command.host;
    if (command.service) asked.service = *command.service;
    asked.command = name;
    policy::Verdict verdict = request->rules->grants->decide(request->from.endpoint, endpoint->zone, asked);
    if (verdict.allowed) return verdict;
    services_.usage.admit(verdict, services_.clock.steady());  // counts the denial
    // The policy before the catalog: who may not execute a command does not learn whether it is there.
    const std::string what = quoted(name) + (name == command.command ? "" : " inside " + quoted(command.command));
    refuse(request, verdict.reason, "command " + what + " is not granted to " + escaped(request->from.endpoint), verdict.detail);
    return std::nullopt;
}

bool CommandExecutor::granted(const RequestPtr& request) {
    std::optional<policy::Verdict> verdict = granted_command(request, request->command.command);
    if (!verdict) return false;
    request->verdict = *std::move(verdict);
    return true;
}

bool CommandExecutor::inner_granted(const RequestPtr& request) {
    return std::ranges::all_of(request->inner, [&](const std::string& name) { return granted_command(request, name).has_value(); });
}

bool CommandExecutor::in_catalog(const RequestPtr& request) {
    const wire::ExecuteCommand& command = request->command;
    request->entry = request->rules->catalog->find(command.command);
    // A command of another kind is not there for this kind of request, as upstream keeps them apart by type.
    if (!rule_for(*request, command.command).runs) {
        refuse(request, store::Reason::unknown_command, "command " + quoted(command.command) + " is not in the local catalog",
               request->entry == nullptr ? "not in the local catalog"
                                         : "in the catalog as " + std::string(catalog::name_of(request->entry->kind)) + ", asked for as " +
                                               std::string(wire::name_of(command.command_type)));
        return false;
    }
    if (command.source) return true;
    Duration timeout = request->entry->timeout.value_or(request->rules->runner_timeout);
    if (const Duration asked = request->check_timeout(); asked > Duration(0)) timeout = std::min(timeout, asked);
    request->keep_until = request->from.received + timeout + kParentPatience;
    if (command.command_type == wire::CommandType::check) request->asked_again = request->keep_until;
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
    if (named && named->string() && !granted_command(request, *named->string())) return false;
    auto admission = catalog::admit(*request->rules->catalog, entry, request->command.macros);
    if (!admission) {
        refused(admission.error());
        return false;
    }
    if (const auto invocation = catalog::build(*request->rules->catalog, entry, admission->parameters); !invocation) {
        refused(invocation.error());
        return false;
    }
    request->inner = admission->inner;
    if (!inner_granted(request)) return false;
    std::size_t recorded = 0;
    for (const std::string& macro : admission->dropped) {
        // Names a parent chooses freely: a few tell the story, and the message is kept once.
        if (recorded == kAuditedMacros) break;
        store::AuditEntry dropped = entry_for(*request, "macro " + quoted(macro) + " is no parameter of the command and was dropped");
        if (recorded++ != 0) dropped.content.reset();
        dropped.decision = store::Decision::changed;
        dropped.reason = store::Reason::argument_refused;
        dropped.parameter = macro;
        dropped.fold = true;
        services_.audit(std::move(dropped), {});
    }
    request->parameters = std::move(admission->parameters);
    // It may wait for long: what has no further use is not kept for every one of thousands.
    request->command.macros = {};
    if (request->payload.size() > kKeptPayload) {
        request->payload_sha256 = files::sha256_hex(request->payload);
        request->payload.resize(kKeptPayload);
    }
    request->payload.shrink_to_fit();
    return true;
}

bool CommandExecutor::recordable(const RequestPtr& request) {
    if (!request->recorded() || !services_.audit_fails()) return true;
    // Nothing that changes the host runs without a trace; checks go on.
    const std::string text = quoted(request->command.command) + " is not run while the audit cannot be written";
    refuse(request, store::Reason::limit_exceeded, text, text);
    return false;
}

bool CommandExecutor::first_time(const RequestPtr& request) {
    if (!request->command.source) return true;
    const SteadyTime now = services_.clock.steady();
    const dsl::Endpoint* endpoint = request->rules->topology->endpoint(request->from.endpoint);
    const SteadyTime until = request->deadline.value_or(now + request->rules->answers_kept);
    if (taken_.take(endpoint->zone, *request->command.source, until, now)) return true;
    // The first one's answer is on its way, or kept.
    drop_stale(request, "this execution was taken on before: a replay");
    return false;
}

bool CommandExecutor::within_rate(const RequestPtr& request) {
    const policy::Usage::Admission admission = services_.usage.admit(request->verdict, services_.clock.steady());
    request->verdict = admission.verdict;
    if (admission.verdict.allowed) return true;
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(admission.wait).count();
    refuse(request, admission.verdict.reason,
           "rate-limited: " + std::string(policy::name_of(*admission.verdict.capability)) + " for " + escaped(request->from.endpoint) +
               ", again in " + std::to_string(std::max<long>(seconds, 1)) + " s",
           admission.verdict.detail);
    return false;
}

store::AuditEntry CommandExecutor::entry_for(const Request& request, std::string_view detail) const {
    store::AuditEntry entry = audit_entry(request.from, *request.rules->topology, wire::Method::execute_command);
    entry.object_type = object_type_of(request.command.command_type);
    entry.object_name = request.command.command;
    entry.detail = "for " + escaped(request.object()) + ": " + std::string(detail);
    entry.content = request.payload;
    entry.content_sha256 = request.payload_sha256;
    return entry;
}

store::AuditEntry CommandExecutor::executed_entry(const Request& request, const exec::Outcome& outcome) const {
    store::AuditEntry entry = entry_for(request, run_text(request.entry->kind, outcome, request.given));
    entry.decision = store::Decision::executed;
    entry.reason = store::Reason::ok;
    return entry;
}

void CommandExecutor::refuse(const RequestPtr& request, store::Reason reason, std::string text, std::string detail, std::string parameter) {
    store::AuditEntry entry = entry_for(*request, detail);
    entry.reason = reason;
    if (!parameter.empty()) entry.parameter = std::move(parameter);
    tell(request, std::move(entry), std::move(text));
}

void CommandExecutor::tell(const RequestPtr& request, store::AuditEntry entry, std::string text) {
    services_.audit(std::move(entry), [this, request, text = std::move(text)](std::optional<std::uint64_t> id) {
        // Without a number only if the store fails: the parent is still told why nothing ran.
        const std::string number = id ? " (audit " + std::to_string(*id) + ")" : " (not audited: the store fails)";
        answer(request, request->answer.refusal("endpointd: " + text + number, services_.clock.wall()));
    });
}

void CommandExecutor::drop_stale(const RequestPtr& request, std::string_view why) {
    store::AuditEntry entry = entry_for(*request, why);
    entry.reason = store::Reason::stale;
    services_.audit(std::move(entry), {});
}

}  // namespace endpointd::cluster
