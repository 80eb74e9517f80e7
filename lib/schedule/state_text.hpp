#pragma once
// The state of a host or service as the store keeps it: a JSON object whose members that
// stand at their defaults are left out. Pure; any thread.

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "schedule/checkable.hpp"

namespace endpointd::schedule {

std::string state_text(const CheckableState& state);
// An error: the text was not written by state_text(), or was damaged.
Result<CheckableState> state_from(std::string_view text);

}  // namespace endpointd::schedule
