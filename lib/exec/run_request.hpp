#pragma once
// What may be asked of the runner: a command of the catalog by its name, with
// parameter values. No argv, no path, no environment. Plain values, any thread.

#include <cstdint>
#include <optional>
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
    // Nobody wants it any more from then on: a request that still waits is cancelled, one that starts gets no more
    // time than is left. The client's own matter; never sent to the runner.
    std::optional<SteadyTime> deadline{};
    // Nobody waits for the answer: the runner may keep it for kAnswersTogether, so that the daemon wakes up once for several.
    bool patient = false;
};

}  // namespace endpointd::exec
