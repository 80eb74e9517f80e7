#pragma once
// The starter: a small process, forked from the daemon while that is still clean
// (no thread, no peer's bytes, no key), which starts the runner, starts it again
// when it died, and kills what a dead runner left behind. It takes two requests
// and no argument: start the runner anew, open endpointd.json. It ends, and the
// runner with it, when the daemon's end of its socket closes.

#include <sys/types.h>

#include <string>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace endpointd::exec {

struct StarterConfig {
    std::string config_dir;
    std::string state_dir;
    std::string run_dir;
    std::string runner;  // path of endpointd-runner; see default_runner_path
};

struct StarterHandle {
    UniqueFd fd;  // for RunnerClient; readable with end of file when the starter died
    pid_t pid = 0;
};

// To be called once, before any thread exists and before the daemon gives up
// privileges. Errc::not_found when the runner's program is not there; io when
// the fork fails. Never returns in the child.
Result<StarterHandle> fork_starter(const StarterConfig& config);

// "endpointd-runner" beside the running program.
Result<std::string> default_runner_path();

}  // namespace endpointd::exec
