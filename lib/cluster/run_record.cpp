#include "cluster/run_record.hpp"

#include <algorithm>
#include <cstdio>

#include "base/units.hpp"

namespace endpointd::cluster {

namespace {

std::string ended(const exec::Outcome& outcome) {
    switch (outcome.verdict) {
        case exec::Verdict::exited:
            return "exited";
        case exec::Verdict::signalled:
            return "ended by signal " + std::to_string(outcome.signal);
        case exec::Verdict::timed_out:
            return "timed out";
        case exec::Verdict::spawn_failed:
            return "could not be started";
        case exec::Verdict::cancelled:
            return "ended because endpointd stops";
        case exec::Verdict::runner_died:
            return "under way when the runner died";
        case exec::Verdict::refused:
            return "refused";
    }
    return "ended";
}

// What is known of how it ended: after these two nothing is.
bool has_status(exec::Verdict verdict) noexcept { return verdict != exec::Verdict::cancelled && verdict != exec::Verdict::runner_died; }

}  // namespace

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

std::string_view object_type_of(catalog::Kind kind) noexcept {
    switch (kind) {
        case catalog::Kind::check:
            return "CheckCommand";
        case catalog::Kind::action:
        case catalog::Kind::event:
            return "EventCommand";
        case catalog::Kind::notification:
            return "NotificationCommand";
    }
    return "CheckCommand";
}

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

bool is_recorded(catalog::Kind kind) noexcept { return kind != catalog::Kind::check; }

std::string parameters_text(const json::Object& parameters) { return escaped(json::to_text(json::Value(parameters)), kAuditedParameters); }

std::string run_text(catalog::Kind kind, const exec::Outcome& outcome, std::string_view parameters) {
    std::string text = std::string(catalog::name_of(kind)) + " " + ended(outcome);
    if (has_status(outcome.verdict)) text += ", exit status " + std::to_string(outcome.exit_status);
    char seconds[32];
    std::snprintf(seconds, sizeof seconds, "%.3f", std::max(0.0, outcome.end - outcome.start));
    return text + ", after " + seconds + " s; parameters " + std::string(parameters);
}

}  // namespace endpointd::cluster
