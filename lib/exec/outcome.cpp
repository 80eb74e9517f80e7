#include "exec/outcome.hpp"

#include <utility>

namespace endpointd::exec {

std::string_view name_of(Verdict verdict) noexcept {
    switch (verdict) {
        case Verdict::exited:
            return "exited";
        case Verdict::signalled:
            return "signalled";
        case Verdict::timed_out:
            return "timed-out";
        case Verdict::spawn_failed:
            return "spawn-failed";
        case Verdict::refused:
            return "refused";
        case Verdict::cancelled:
            return "cancelled";
        case Verdict::runner_died:
            return "runner-died";
    }
    return "unknown";
}

std::string_view name_of(Refusal refusal) noexcept {
    switch (refusal) {
        case Refusal::none:
            return "none";
        case Refusal::unknown_command:
            return "unknown-command";
        case Refusal::wrong_kind:
            return "wrong-kind";
        case Refusal::parameter:
            return "parameter";
        case Refusal::missing:
            return "missing";
        case Refusal::plugin:
            return "plugin";
        case Refusal::limit:
            return "limit";
        case Refusal::malformed:
            return "malformed";
        case Refusal::unavailable:
            return "unavailable";
    }
    return "unknown";
}

Outcome refused(Refusal why, std::string text) {
    Outcome outcome;
    outcome.verdict = Verdict::refused;
    outcome.refusal = why;
    outcome.text = std::move(text);
    return outcome;
}

}  // namespace endpointd::exec
