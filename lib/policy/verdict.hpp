#pragma once
// A decision as data: allowed or not, under which capability, why, and which rule
// says so. Whoever asked audits it. The reason codes are a stable interface.
// A Verdict points into the Grants that gave it and must not outlive them.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "policy/capability.hpp"

namespace endpointd::policy {

struct Grant;

// Leases of one capability that one parent's key (an endpoint, or its zone) can have at a time. A
// lease has one scope, and who needs more of them at once is better served by caps.d.
inline constexpr std::size_t kLeasesOfOne = 8;
// Grants that can bear on one request: of the endpoint and of its zone one in the files, and their leases.
inline constexpr std::size_t kBearingGrants = 2 * (1 + kLeasesOfOne);

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
    std::string source;  // "caps.d/10-web.json:4", "lease:7"; empty: no rule, so the default (deny) decided
    std::string detail;  // for the operator; may quote the parent's words
    // Allowed: the grants that allow it, those of the files first, the endpoint's own before
    // its zone's. Denied: those that name the capability and yet do not cover the request.
    // Null: there are no more.
    std::array<const Grant*, kBearingGrants> grants{};
};

}  // namespace endpointd::policy
