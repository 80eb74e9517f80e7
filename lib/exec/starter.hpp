#pragma once
// The daemon's way to its starter (starter_process.hpp): started while the daemon is
// still clean (no thread, no peer's bytes, no key) and may still execute.

#include <sys/types.h>

#include <string>

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "exec/starter_config.hpp"

namespace endpointd::exec {

struct StarterHandle {
    UniqueFd fd;  // for RunnerClient; readable with end of file when the starter died
    pid_t pid = 0;
};

// To be called once, before any thread exists and before the daemon gives up
// privileges. Errc::not_found when one of the programs is not there; io when the
// fork fails.
Result<StarterHandle> fork_starter(const StarterConfig& config);

// The path of a program beside the running one: "endpointd-runner".
Result<std::string> program_beside_us(const std::string& name);

}  // namespace endpointd::exec
