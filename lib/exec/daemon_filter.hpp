#pragma once
// The system calls the main process may make, as a seccomp allowlist. It knows
// calls and their numbers, not paths and not addresses: which file is opened and
// which port is connected to is Landlock's. What starts, traces or changes another
// process, or is made for the machine's administrator, kills the process; anything
// else that is not in the list fails with ENOSYS, which is what libraries fall
// back from. Memory cannot become executable any more, so what is loaded with
// dlopen must be there before.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace endpointd::exec {

// The libraries that name resolution and user lookups load when they are first
// used, by /etc/nsswitch.conf: "libnss_NAME.so.2" for each service of `hosts`,
// `passwd` and `group`, once.
std::vector<std::string> nss_libraries(std::string_view nsswitch_conf);

// Loads them now; one that is not there is none that would have been used.
void load_nss_libraries();

// The calling thread and every later one, for good; needs no_new_privs. Verified: the
// kernel says so, and a call that is not allowed fails. Errc::unavailable where the
// kernel has no seccomp filters.
Result<void> install_daemon_filter();

// A second one, for every thread: no further socket is bound or listens.
Result<void> install_listening_filter();

}  // namespace endpointd::exec
