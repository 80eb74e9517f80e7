// The calls that are the kernel's attack surface. Arguments are such that an unconfined
// process gets something else than EPERM wherever that can be had without privilege, and
// that nothing happens to the host where it has privilege.

#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>

#include "attempt.hpp"

using plugins::report;
using plugins::report_in_child;

int main() {
    char space[256] = {};
    void* const nowhere = nullptr;
    report_in_child("ptrace", [] { return ptrace(PTRACE_TRACEME, 0, nullptr, nullptr); });
    report_in_child("process_vm_readv", [] { return syscall(SYS_process_vm_readv, getpid(), nullptr, 0, nullptr, 0, 0); });
    report_in_child("unshare user", [] { return unshare(CLONE_NEWUSER); });
    report_in_child("unshare mount", [] { return unshare(CLONE_NEWNS); });
    report_in_child("unshare net", [] { return unshare(CLONE_NEWUSER | CLONE_NEWNET); });
    report_in_child("clone new user", [] {
        const long pid = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, nullptr, nullptr, nullptr, nullptr);
        if (pid == 0) _exit(0);
        return pid;
    });
    report_in_child("clone3", [] { return syscall(SYS_clone3, nullptr, 0); });
    report("setns", setns(-1, CLONE_NEWNET));
    report("mount", mount("none", "/nonexistent", "tmpfs", 0, nullptr));
    report("umount2", umount2("/nonexistent", 0));
    report("pivot_root", syscall(SYS_pivot_root, nowhere, nowhere));
    report("open_tree", syscall(SYS_open_tree, AT_FDCWD, "/", 0));
    report("fsopen", syscall(SYS_fsopen, "tmpfs", 0));
    report("chroot", chroot("/nonexistent"));
    report("bpf", syscall(SYS_bpf, BPF_PROG_LOAD, space, sizeof space));
    report("io_uring_setup", syscall(SYS_io_uring_setup, 1, space));
    report("io_uring_enter", syscall(SYS_io_uring_enter, -1, 0, 0, 0, nowhere, 0));
    report("keyctl", syscall(SYS_keyctl, 0, -3, 1));  // the session's keyring, made if need be
    report("add_key", syscall(SYS_add_key, "user", "x", "y", 1, -3));
    report("request_key", syscall(SYS_request_key, "user", "endpointd-no-such-key", nowhere, 0));
    report("userfaultfd", syscall(SYS_userfaultfd, 1));  // for faults of its own, which needs no privilege
    report("perf_event_open", [] {
        perf_event_attr attributes{};
        attributes.size = sizeof attributes;
        attributes.type = PERF_TYPE_SOFTWARE;
        attributes.config = PERF_COUNT_SW_DUMMY;
        attributes.exclude_kernel = 1;
        attributes.exclude_hv = 1;
        return syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0);
    }());
    // What would stay behind, and what changes others of the user.
    report("shmget", syscall(SYS_shmget, 0, 4096, 0600));
    report("msgget", syscall(SYS_msgget, 0, 0600));
    report("semget", syscall(SYS_semget, 0, 1, 0600));
    report("mq_open", syscall(SYS_mq_open, "endpointd-no-such-queue", O_RDONLY, 0, nowhere));
    report("limit of another", [] {
        const unsigned long limit[2] = {~0UL, ~0UL};
        return syscall(SYS_prlimit64, getppid(), 7 /* RLIMIT_NOFILE */, limit, nullptr);
    }());
    report("own limit", [] {
        unsigned long limit[2] = {};
        return syscall(SYS_prlimit64, 0, 7, nullptr, limit);
    }());
    report("priority of another", syscall(SYS_setpriority, 0, getppid(), 19));
    report("priority of all", syscall(SYS_setpriority, 2, 0, 19));
    report("processors of another", syscall(SYS_sched_setaffinity, getppid(), 0, nowhere));
    report("chmod", syscall(SYS_fchmodat, AT_FDCWD, "/nonexistent", 0777));
    report("truncate", syscall(SYS_truncate, "/nonexistent", 0L));
    report("init_module", syscall(SYS_init_module, nowhere, 0, ""));
    report("finit_module", syscall(SYS_finit_module, -1, "", 0));
    report("kexec_load", syscall(SYS_kexec_load, 0, 0, nowhere, 0));
    report("open_by_handle_at", syscall(SYS_open_by_handle_at, AT_FDCWD, nowhere, 0));
    report("swapon", syscall(SYS_swapon, nowhere, 0));
    report("reboot", syscall(SYS_reboot, 0, 0, 0, nowhere));
    report("acct", syscall(SYS_acct, "/nonexistent"));
    return 0;
}
