#pragma once
// A point in time as an operator writes it: RFC 3339, or a duration before now.
// Pure; any thread.

#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace endpointd::admin {

// "2026-11-20T16:55:00.123Z", "2026-11-20T17:55:00+01:00", or "2h" before `now`.
// Invalid: anything else, and dates that do not exist.
Result<WallTime> parse_moment(std::string_view text, WallTime now);

}  // namespace endpointd::admin
