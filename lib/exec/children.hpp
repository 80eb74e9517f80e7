#pragma once
// The processes whose parent we are. A subreaper gets the orphans of everything
// below it without being told, so it has to look. Stateless; single-threaded
// processes (starter and runner) only.

#include <sys/types.h>

#include <functional>
#include <optional>
#include <vector>

namespace endpointd::exec {

// All children, zombies included.
std::vector<pid_t> list_children();

// The parent of a process that is there.
std::optional<pid_t> parent_of(pid_t pid);

// SIGKILL.
void kill_child(pid_t pid);

// Kills every child (by `kill`, where some are another user's) and reaps those that
// are gone, again and again, because a killed child's own children become ours. False
// if some are still there after `milliseconds` (a process in an uninterruptible
// sleep dies when the kernel lets it).
bool kill_children(int milliseconds, const std::function<void(pid_t)>& kill = kill_child);

}  // namespace endpointd::exec
