#pragma once
// What the main process may still do once it serves: become an unprivileged user
// without any capability, see only the files it is granted, listen on and connect
// to the ports it is granted, and make only the system calls it needs. One
// function, in the canonical order (limits, groups, gid, uid, capabilities,
// no_new_privs, Landlock, seccomp), that verifies that each step stuck. Called by
// main while the process has one thread; everything it starts afterwards inherits.
//
// What it does not stop: stat and readlink of any path; connecting to a Unix
// socket by its path; UDP to anywhere; whatever an inherited descriptor allows, the
// starter's and the runner's sockets above all. What an older kernel leaves open
// beyond that is in `missing`.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "exec/confine.hpp"

namespace endpointd::exec {

// Who runs a daemon decides whether a kernel without something is good enough. Paths
// may be relative, and are followed through links now: a rule is about the file or
// directory that is there, and a file that is replaced by rename is not the same one.
struct DaemonConfinementSpec {
    std::optional<User> user;  // to become; none: we are not root
    bool seccomp_required = true;
    bool landlock_required = false;
    std::vector<std::string> read_directories;  // with everything below
    std::vector<std::string> read_files;
    std::vector<std::string> write_directories;  // with everything below; read as well
    std::vector<std::uint16_t> bind_ports;       // TCP; 0: any free one
    std::vector<std::uint16_t> connect_ports;    // TCP
    bool abstract_sockets = false;               // connect to abstract Unix sockets of others
    std::optional<int> abi;                      // of Landlock: not more than this one, for tests
};

// What holds from now on.
struct DaemonConfinement {
    bool seccomp = false;
    int landlock = 0;                  // the ABI; 0: none
    bool tcp_ports = false;            // only the ports of the spec
    std::vector<std::string> missing;  // what stays open, in words for log and status
    std::vector<std::string> absent;   // of the spec's paths: not there, so not granted, whatever appears there
};

// An error leaves the process half confined: it must end. Errc::unavailable where the
// kernel lacks what is required, Errc::not_permitted where a step did not stick or
// there is more than one thread. With sanitizers the seccomp filter is left out and
// reported as missing, since they make calls that no filter of ours should allow.
Result<DaemonConfinement> confine_daemon(const DaemonConfinementSpec& spec);

// Once everything listens that ever will: all threads lose bind and listen. Landlock
// alone would leave a hole: to listen on a socket that was never bound takes any free
// port and asks nobody. Nothing happens where `holds` has no seccomp.
Result<void> forbid_listening(const DaemonConfinement& holds);

}  // namespace endpointd::exec
