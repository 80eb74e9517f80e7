#pragma once
// What may be asked of the runner: a command of the catalog by its name, with
// parameter values. No argv, no path, no environment. Plain values, any thread.

#include <cstdint>
#include <string>

#include "base/clock.hpp"
#include "json/value.hpp"

namespace endpointd::exec {

enum class RunKind : std::uint8_t { check, action, event, notification };

struct RunRequest {
    std::string command;
    RunKind kind = RunKind::check;
    Duration timeout{0};      // 0: the command's own; it can only shorten that
    json::Object parameters;  // scalars and arrays of scalars; anything else: the run is refused (Refusal::malformed)
};

}  // namespace endpointd::exec
