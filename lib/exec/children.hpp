#pragma once
// The processes whose parent we are. A subreaper gets the orphans of everything
// below it without being told, so it has to look. Stateless; single-threaded
// processes (starter and runner) only.

#include <sys/types.h>

#include <functional>
#include <vector>

namespace endpointd::exec {

// All children, zombies included.
std::vector<pid_t> list_children();

// Kills every child for which `spare` is not true and reaps those that are gone,
// again and again, because a killed child's own children become ours. False if
// some are still there after `milliseconds` (a process in an uninterruptible
// sleep dies when the kernel lets it).
bool kill_children(int milliseconds, const std::function<bool(pid_t)>& spare = {});

}  // namespace endpointd::exec
