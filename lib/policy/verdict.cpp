#include "policy/verdict.hpp"

namespace endpointd::policy {

namespace {

// In the order of Reason.
constexpr std::array<std::string_view, 22> kNames = {
    "command-pushed",
    "command-shadowed",
    "unknown-command",
    "function-not-allowed",
    "statement-not-allowed",
    "type-not-granted",
    "attribute-not-allowed",
    "capability-denied",
    "out-of-scope",
    "argument-refused",
    "rate-limited",
    "limit-exceeded",
    "syntax-error",
    "bad-path",
    "unsigned",
    "bad-signature",
    "zone-not-authorized",
    "redefinition",
    "stale",
    "malformed-message",
    "plugin-changed",
    "ok",
};
static_assert(static_cast<std::size_t>(Reason::ok) + 1 == kNames.size());

}  // namespace

std::string_view name_of(Reason reason) noexcept { return kNames[static_cast<std::size_t>(reason)]; }

std::optional<Reason> reason_from(std::string_view name) noexcept {
    for (std::size_t i = 0; i < kNames.size(); ++i)
        if (kNames[i] == name) return static_cast<Reason>(i);
    return std::nullopt;
}

}  // namespace endpointd::policy
