#include "exec/admission.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "base/assert.hpp"
#include "base/units.hpp"

namespace endpointd::exec {
namespace {

// The shortest time a request can leave a plugin; upstream truncates to seconds.
constexpr Duration kShortestTimeout = std::chrono::milliseconds(1);

bool same_kind(catalog::Kind ours, RunKind asked) {
    switch (asked) {
        case RunKind::check:
            return ours == catalog::Kind::check;
        case RunKind::action:
            return ours == catalog::Kind::action;
        case RunKind::event:
            return ours == catalog::Kind::event;
        case RunKind::notification:
            return ours == catalog::Kind::notification;
    }
    return false;
}

Outcome to_outcome(const catalog::Refusal& refusal) {
    switch (refusal.kind) {
        case catalog::Refusal::Kind::parameter:
        case catalog::Refusal::Kind::tuple:
            return refused(Refusal::parameter, refusal.text);
        case catalog::Refusal::Kind::missing_required:
            return refused(Refusal::missing, refusal.text);
        case catalog::Refusal::Kind::too_large:
            return refused(Refusal::limit, refusal.text);
    }
    return refused(Refusal::malformed, refusal.text);
}

}  // namespace

void throw_exception_from_error(const Outcome& outcome, const boost::source_location& where) {
    assertion_failed(outcome.text.c_str(), where.file_name(), static_cast<int>(where.line()));
}

boost::system::result<AdmittedRun, Outcome> admit_run(const catalog::Catalog& catalog, const RunRequest& request,
                                                      Duration default_timeout) {
    const std::string name = escaped(request.command);
    const catalog::Command* command = catalog.find(request.command);
    if (!command || command->builtin) return refused(Refusal::unknown_command, "command '" + name + "' is not in the local catalog");
    if (!same_kind(command->kind, request.kind))
        return refused(Refusal::wrong_kind, "command '" + name + "' is of kind " + std::string(catalog::name_of(command->kind)));
    auto admission = catalog::admit(catalog, *command, request.parameters);
    if (!admission) return to_outcome(admission.error());
    auto invocation = catalog::build(catalog, *command, admission->parameters);
    if (!invocation) return to_outcome(invocation.error());
    const Duration own = command->timeout.value_or(default_timeout);
    const Duration asked = request.timeout > Duration::zero() ? std::max(request.timeout, kShortestTimeout) : own;
    return AdmittedRun{command, std::move(admission->parameters), std::move(*invocation), std::min(own, asked)};
}

}  // namespace endpointd::exec
