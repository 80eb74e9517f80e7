#pragma once
// The seccomp programs of the runner's side, as bytes for sandbox.hpp. A denylist, since
// plugins are anybody's programs: what attacks the kernel or leaves the sandbox
// (namespaces, mounts, tracing, modules, bpf, keys, userfaultfd, perf, io_uring), and
// socket families. Made once for each sandbox. What it does not stop: all that is left
// of the kernel, and an inherited or passed socket. A program of another architecture
// than the runner's is killed at its first call. Stateless; any thread.

#include <string>

#include "base/result.hpp"

namespace endpointd::exec {

struct SocketFamilies {
    bool network = false;  // IPv4, IPv6, and netlink's routes, which name resolution asks
    bool unix_sockets = false;
};

// EPERM for the calls above, for what outlives a program (System V's and POSIX's queues and
// shared memory), for the limits and priorities of other processes, and, unless it `writes`,
// for changing what files are (mode, owner, times, length); EACCES for other families and for what could be made one of
// them (pairs of datagram sockets, where Unix sockets are off), ENOSYS for clone3 (whose flags a
// filter cannot see; everybody falls back to clone) and io_uring.
Result<std::string> plugin_filter(const SocketFamilies& families, bool writes);

// For the runner itself: the same, and death for whatever starts a program or a process.
// Unix sockets remain, since name services are asked through them.
Result<std::string> runner_filter();

}  // namespace endpointd::exec
