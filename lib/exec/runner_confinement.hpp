#pragma once
// The runner's own confinement, once it has loaded its configuration and settled its
// launcher: it reads everything its user may (plugins lie anywhere), writes nothing but
// its own record, starts no process and opens no socket but Unix ones. Called once,
// while it is single-threaded.

#include <string>

#include "base/result.hpp"
#include "exec/outcome.hpp"

namespace endpointd::exec {

struct RunnerRules {
    std::string state_dir;
    bool seccomp_required = true;
    bool landlock_required = false;
};

// What holds, for the runner and for what it starts, and what this kernel leaves open.
// Errc::unavailable where something required is not to be had: the next step is in the text.
Result<RunnerConfinement> confine_runner(const RunnerRules& rules);

// Below the state directory: what the runner, and nobody else, may write.
std::string runner_directory(const std::string& state_dir);

}  // namespace endpointd::exec
