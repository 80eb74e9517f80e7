#include "exec/daemon_confinement.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/unique_fd.hpp"
#include "exec/daemon_filter.hpp"
#include "exec/landlock.hpp"

namespace endpointd::exec {
namespace {

// Landlock and capabilities are a thread's own: what another one may do would stay.
Result<void> one_thread() {
#ifndef ENDPOINTD_SANITIZED  // ThreadSanitizer has a thread of its own
    // Unsharing a thread from its process is allowed to anybody, does nothing where there
    // is only one, and fails where there are more.
    if (::unshare(CLONE_THREAD) != 0 && errno == EINVAL)
        return fail(Errc::not_permitted, "the process has more than one thread already: what the others may do could not be limited");
#endif
    return {};
}

Result<void> become_unprivileged(const std::optional<User>& user) {
    drop_bounding_set();
    if (user) {
        if (auto become = become_user(*user); !become) return become;
    } else {
        uid_t real = 0, effective = 0, saved = 0;
        if (::getresuid(&real, &effective, &saved) != 0 || real == 0 || effective == 0 || saved == 0)
            return fail(Errc::invalid, "refusing to run as root");
    }
    if (auto dropped = drop_capabilities(); !dropped) return dropped;
    // After the user: becoming one resets what has been said about dumps.
    if (auto forbidden = forbid_core_dumps(); !forbidden) return forbidden;
    return forbid_new_privileges();
}

class Grants {
public:
    Grants(Landlock& ruleset, std::vector<std::string>& absent) : ruleset_(ruleset), absent_(absent) {}

    Result<void> paths(const std::vector<std::string>& paths, std::uint64_t files) {
        for (const std::string& path : paths) {
            const UniqueFd fd(::open(path.c_str(), O_PATH | O_CLOEXEC));
            if (fd) {
                if (auto allowed = ruleset_.allow(fd.get(), files); !allowed) return allowed;
            } else if (errno == ENOENT || errno == ENOTDIR || errno == EACCES) {
                // What this user cannot reach it cannot read either, granted or not.
                absent_.push_back(path);
            } else {
                return system_error("open " + path, errno);
            }
        }
        return {};
    }
    Result<void> ports(TcpUse use, const std::vector<std::uint16_t>& ports) {
        for (const std::uint16_t port : ports)
            if (auto allowed = ruleset_.allow(use, port); !allowed) return allowed;
        return {};
    }

private:
    Landlock& ruleset_;
    std::vector<std::string>& absent_;
};

std::string by_abi(const char* what, int abi) {
    return what + std::string(": Landlock ABI ") + std::to_string(abi) + " has no rule for it";
}

void say_what_landlock_leaves_open(int abi, bool abstract_sockets, std::vector<std::string>& missing) {
    if (abi < 3) missing.push_back(by_abi("emptying a file by its path is not limited", abi));
    if (abi < 4) missing.push_back("TCP ports are not limited: Landlock ABI " + std::to_string(abi) + " has no rules for them");
    if (abi < 5) missing.push_back(by_abi("ioctl on a device is limited by system calls alone", abi));
    if (abi < 6) missing.push_back(by_abi("connecting to an abstract Unix socket is not limited", abi));
    else if (abstract_sockets)
        missing.emplace_back("connecting to an abstract Unix socket is not limited: the service manager listens on one");
}

Result<void> limit_files(const DaemonConfinementSpec& spec, DaemonConfinement& holds) {
    const int abi = spec.abi ? std::min(*spec.abi, landlock_abi()) : landlock_abi();
    if (abi <= 0) {
        const std::string why = "this kernel has no Landlock, or has it switched off";
        if (spec.landlock_required) return fail(Errc::unavailable, "confinement.landlock is required, and " + why);
        holds.missing.push_back("files and TCP ports are not limited: " + why);
        return {};
    }
    const Handled handled{access::kFiles | access::kIoctl, true, true, !spec.abstract_sockets};
    auto ruleset = Landlock::make(abi, handled);
    if (!ruleset) return ruleset.error();
    Grants grants(*ruleset, holds.absent);
    Result<void> done = grants.paths(spec.read_directories, access::kRead);
    if (done) done = grants.paths(spec.read_files, access::kReadFile);
    if (done) done = grants.paths(spec.write_directories, access::kRead | access::kWrite);
    if (done) done = grants.ports(TcpUse::bind, spec.bind_ports);
    if (done) done = grants.ports(TcpUse::connect, spec.connect_ports);
    if (done) done = ruleset->enforce();
    if (!done) return done;
    // The root directory is granted to nobody, and everybody may list it otherwise.
    const UniqueFd root(::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (root || errno != EACCES) return fail(Errc::not_permitted, "Landlock did not stick");
    holds.landlock = abi;
    holds.tcp_ports = abi >= 4;
    say_what_landlock_leaves_open(abi, spec.abstract_sockets, holds.missing);
    return {};
}

Result<void> limit_calls(const DaemonConfinementSpec& spec, DaemonConfinement& holds) {
#ifdef ENDPOINTD_SANITIZED
    static_cast<void>(spec);
    holds.missing.emplace_back("system calls are not limited: this is a build with sanitizers");
    return {};
#else
    auto installed = install_daemon_filter();
    if (installed) {
        holds.seccomp = true;
        return {};
    }
    if (installed.error().code == Errc::unavailable && !spec.seccomp_required) {
        holds.missing.push_back("system calls are not limited: " + installed.error().text);
        return {};
    }
    if (installed.error().code == Errc::unavailable)
        return fail(Errc::unavailable, installed.error().text +
                                           ": confinement.seccomp is required; use a kernel with seccomp filters, or set it to "
                                           "\"best-effort\" and run without");
    return installed;
#endif
}

}  // namespace

Result<DaemonConfinement> confine_daemon(const DaemonConfinementSpec& spec) {
    if (auto alone = one_thread(); !alone) return alone.error();
    // Nothing can be loaded later: it would be neither readable nor executable.
    load_nss_libraries();
    DaemonConfinement holds;
    if (auto done = forbid_core_dumps(); !done) return done.error();
    if (auto done = become_unprivileged(spec.user); !done) return done.error();
    if (auto done = limit_files(spec, holds); !done) return done.error();
    if (auto done = limit_calls(spec, holds); !done) return done.error();
    return holds;
}

Result<void> forbid_listening(const DaemonConfinement& holds) {
    if (!holds.seccomp) return {};
    return install_listening_filter();
}

}  // namespace endpointd::exec
