#pragma once
// A decision as data: allowed or not, under which capability, why, and which rule
// says so. Whoever asked audits it. The reason codes are a stable interface.
// A Verdict points into the Grants that gave it and must not outlive them.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "policy/capability.hpp"

namespace endpointd::policy {

struct Grant;

enum class Reason : std::uint8_t {
    command_pushed,
    command_shadowed,
    unknown_command,
    function_not_allowed,
    statement_not_allowed,
    type_not_granted,
    attribute_not_allowed,
    capability_denied,
    out_of_scope,
    argument_refused,
    rate_limited,
    limit_exceeded,
    syntax_error,
    bad_path,
    unsigned_zone,  // "unsigned"
    bad_signature,
    zone_not_authorized,
    redefinition,
    stale,
    malformed_message,
    plugin_changed,
    ok,
};

// The code as records and answers show it: "capability-denied".
std::string_view name_of(Reason reason) noexcept;
std::optional<Reason> reason_from(std::string_view name) noexcept;

struct Verdict {
    bool allowed = false;
    std::optional<Capability> capability;
    Reason reason = Reason::capability_denied;
    std::string source;  // "caps.d/10-web.json:4"; empty: no rule, so the default (deny) decided
    std::string detail;  // for the operator; may quote the parent's words
    // Allowed: the grants that allow it, the endpoint's own first. Denied: those
    // that name the capability and yet do not cover the request. Null: none.
    std::array<const Grant*, 2> grants{};
};

}  // namespace endpointd::policy
