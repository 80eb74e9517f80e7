#pragma once
// Grants and verdicts as the JSON that endpointctl shows (interface, "JSON
// shapes"). Pure; on the thread that owns the Usage.

#include <optional>
#include <string_view>

#include "json/value.hpp"
#include "policy/grants.hpp"
#include "policy/usage.hpp"

namespace endpointd::policy {

// `caps show`; with `parent` only the entries that count for it: its own and, where
// `zone` is given, its zone's. A key as in caps.d ("zone:dmz") names that entry.
json::Value caps_show(const Grants& grants, const Usage& usage, std::optional<std::string_view> parent = std::nullopt,
                      std::string_view zone = {});

// `caps check`.
json::Value caps_check(const Verdict& verdict, Capability asked);

}  // namespace endpointd::policy
