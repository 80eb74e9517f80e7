// The operator's way to a command (`catalog run`): the catalog's rules hold as for
// a parent, no grant is asked, and what is refused or changes something is on
// record in the operator's name.

#include "base/units.hpp"
#include "catalog/invocation.hpp"
#include "cluster/audit_entry.hpp"
#include "cluster/dispatch.hpp"
#include "cluster/run_record.hpp"

namespace endpointd::cluster {

namespace {

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
    const catalog::Command* entry = rules_->catalog->find(command);
    if (entry == nullptr)
        return done(exec::refused(exec::Refusal::unknown_command, "command '" + escaped(command) + "' is not in the local catalog"));
    const auto record = [this, command, by, kind = entry->kind](store::Decision decision, store::Reason reason, const std::string& detail) {
        store::AuditEntry made;
        made.object_type = object_type_of(kind);
        made.object_name = command;
        made.decision = decision;
        made.reason = reason;
        made.detail = "run by " + by + ": " + detail;
        services_.audit(std::move(made), {});
    };
    auto admission = catalog::admit(*rules_->catalog, *entry, parameters);
    if (admission && !admission->dropped.empty()) {
        // A parent's extra macro is dropped; an operator's extra parameter is a typing error.
        return done(
            exec::refused(exec::Refusal::parameter, "'" + escaped(admission->dropped.front()) + "' is no parameter of '" + command + "'"));
    }
    std::optional<catalog::Refusal> refusal;
    if (!admission) refusal = admission.error();
    else if (const auto invocation = catalog::build(*rules_->catalog, *entry, admission->parameters); !invocation) refusal = invocation.error();
    if (refusal) {
        const bool missing = refusal->kind == catalog::Refusal::Kind::missing_required;
        if (!missing) record(store::Decision::denied, store::Reason::argument_refused, refusal->text);
        return done(exec::refused(missing ? exec::Refusal::missing : exec::Refusal::parameter, refusal->text));
    }
    if (entry->builtin)
        return done(builtin_outcome(run_builtin(entry->name, admission->parameters, services_.health()), to_unix(services_.clock.wall())));
    const bool recorded = is_recorded(entry->kind);
    if (recorded && services_.audit_fails())
        return done(exec::refused(exec::Refusal::unavailable, "'" + command + "' is not run while the audit cannot be written"));
    std::string given = recorded ? parameters_text(admission->parameters) : std::string();
    exec::RunRequest run;
    run.command = command;
    run.kind = run_kind(entry->kind);
    run.parameters = std::move(admission->parameters);
    services_.run(std::move(run),
                  [record, recorded, kind = entry->kind, given = std::move(given), done = std::move(done)](exec::Outcome outcome) {
                      if (outcome.verdict == exec::Verdict::refused)
                          record(store::Decision::denied, store_reason(outcome.refusal), outcome.text);
                      else if (recorded && (outcome.ran() || outcome.verdict != exec::Verdict::cancelled))
                          record(store::Decision::executed, store::Reason::ok, run_text(kind, outcome, given));
                      done(std::move(outcome));
                  });
}

}  // namespace endpointd::cluster
