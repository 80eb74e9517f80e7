// The operator's way to a command (`catalog run`): the catalog's rules hold as for
// a parent, no grant is asked, and what is refused or changes something is on
// record in the operator's name.

#include "base/units.hpp"
#include "catalog/invocation.hpp"
#include "cluster/audit_entry.hpp"
#include "cluster/dispatch.hpp"

namespace endpointd::cluster {

namespace {

exec::RunKind run_kind(catalog::Kind kind) noexcept {
    switch (kind) {
        case catalog::Kind::check:
            return exec::RunKind::check;
        case catalog::Kind::action:
            return exec::RunKind::action;
        case catalog::Kind::event:
            return exec::RunKind::event;
        case catalog::Kind::notification:
            return exec::RunKind::notification;
    }
    return exec::RunKind::check;
}

exec::Outcome builtin_outcome(BuiltinResult result, double now) {
    exec::Outcome outcome;
    outcome.verdict = exec::Verdict::exited;
    outcome.exit_status = result.state;
    outcome.output = std::move(result.output);
    std::string figures;
    for (const wire::Perfdata& data : result.performance_data) {
        figures += figures.empty() ? "" : " ";
        if (const auto* token = std::get_if<std::string>(&data)) figures += *token;
        else figures += std::get<wire::PerfdataValue>(data).label + "=" + number_text(std::get<wire::PerfdataValue>(data).value);
    }
    if (!figures.empty()) outcome.output += "|" + figures;
    outcome.start = outcome.end = now;
    return outcome;
}

}  // namespace

void Dispatcher::run_for_operator(const std::string& command, json::Object parameters, const std::string& by,
                                  std::function<void(exec::Outcome)> done) {
    const auto record = [this, command, by](store::Decision decision, store::Reason reason, std::string detail) {
        store::AuditEntry entry;
        entry.object_type = "CheckCommand";
        entry.object_name = command;
        entry.decision = decision;
        entry.reason = reason;
        entry.detail = "run by " + by + ": " + detail;
        services_.audit(std::move(entry), {});
    };
    const catalog::Command* entry = rules_->catalog->find(command);
    if (entry == nullptr)
        return done(exec::refused(exec::Refusal::unknown_command, "command '" + escaped(command) + "' is not in the local catalog"));
    auto admission = catalog::admit(*rules_->catalog, *entry, parameters);
    if (admission && !admission->dropped.empty()) {
        // A parent's extra macro is dropped; an operator's extra parameter is a typing error.
        return done(
            exec::refused(exec::Refusal::parameter, "'" + escaped(admission->dropped.front()) + "' is no parameter of '" + command + "'"));
    }
    std::optional<catalog::Refusal> refusal;
    if (!admission) refusal = admission.error();
    else if (const auto invocation = catalog::build(*rules_->catalog, *entry, admission->parameters); !invocation)
        refusal = invocation.error();
    if (refusal) {
        const bool missing = refusal->kind == catalog::Refusal::Kind::missing_required;
        if (!missing) record(store::Decision::denied, store::Reason::argument_refused, refusal->text);
        return done(exec::refused(missing ? exec::Refusal::missing : exec::Refusal::parameter, refusal->text));
    }
    if (entry->builtin)
        return done(builtin_outcome(run_builtin(entry->name, admission->parameters, services_.health()), to_unix(services_.clock.wall())));
    exec::RunRequest run;
    run.command = command;
    run.kind = run_kind(entry->kind);
    run.parameters = std::move(admission->parameters);
    const bool recorded = entry->kind != catalog::Kind::check;  // checks are counted, not recorded
    services_.run(std::move(run), [record, recorded, done = std::move(done)](exec::Outcome outcome) {
        if (outcome.verdict == exec::Verdict::refused) record(store::Decision::denied, store_reason(outcome.refusal), outcome.text);
        else if (recorded)
            record(store::Decision::executed, store::Reason::ok,
                   std::string(exec::name_of(outcome.verdict)) + ", exit status " + std::to_string(outcome.exit_status));
        done(std::move(outcome));
    });
}

}  // namespace endpointd::cluster
