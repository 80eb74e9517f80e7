#include "exec/spawn.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace endpointd::exec {
namespace {

// The child makes a dozen system calls and no deep call; a guard page lies below.
constexpr std::size_t kStackBytes = 64 * 1024;
constexpr std::size_t kGuardBytes = 4096;

struct ChildArgs {
    const SpawnPlan* plan;
    volatile int error;
};

// Landlock's call has no wrapper; its number is the same on every architecture.
constexpr long kLandlockRestrictSelf = 446;

// Runs in the parent's memory while the parent sleeps, so it may change nothing
// there but `error`: raw system calls only. glibc's wrappers of setuid,
// setpriority and their like keep state, take locks or signal other threads, and
// all of that is the parent's. (syscall() itself writes errno, which the parent
// does not read after the clone.)
__attribute__((no_sanitize("address"), no_sanitize("undefined"), no_sanitize("thread"))) bool set_limit(int what, std::uint64_t soft,
                                                                                                        std::uint64_t hard) {
    const std::uint64_t limit[2] = {soft, hard};
    return ::syscall(SYS_prlimit64, 0, what, limit, nullptr) == 0;
}

__attribute__((no_sanitize("address"), no_sanitize("undefined"), no_sanitize("thread"))) bool limit_resources(
    const ResourceLimits& limits) {
    // The kernel says SIGXCPU at the soft limit and kills a second later.
    return set_limit(RLIMIT_CPU, limits.cpu, limits.cpu + 1) && set_limit(RLIMIT_DATA, limits.memory, limits.memory) &&
           set_limit(RLIMIT_FSIZE, limits.file_size, limits.file_size) && set_limit(RLIMIT_NPROC, limits.processes, limits.processes) &&
           set_limit(RLIMIT_NOFILE, limits.open_files, limits.open_files);
}

__attribute__((no_sanitize("address"), no_sanitize("undefined"), no_sanitize("thread"))) int child_main(void* opaque) {
    auto* args = static_cast<ChildArgs*>(opaque);
    const SpawnPlan& plan = *args->plan;
    do {
        // Its own session and process group: what it leaves behind can be killed as one.
        if (::syscall(SYS_setsid) < 0) break;
        // As upstream does: a check never takes the CPU from what it checks (protocol, 6.6).
        ::syscall(SYS_setpriority, PRIO_PROCESS, 0, plan.niceness);
        // dup3 clears close-on-exec on the copies; none of the originals is where a copy goes.
        if (::syscall(SYS_dup3, plan.input, 0, 0) < 0) break;
        if (::syscall(SYS_dup3, plan.output, 1, 0) < 0) break;
        if (::syscall(SYS_dup3, plan.output, 2, 0) < 0) break;
        int next = kFirstPassed;
        bool passed = true;
        // NOLINTNEXTLINE(modernize-loop-convert): iterators of a span are calls when nothing is inlined
        for (std::size_t i = 0; i < plan.passed.size() && passed; ++i) passed = ::syscall(SYS_dup3, plan.passed.data()[i], next++, 0) >= 0;
        // Everything of ours is close-on-exec already; this holds whatever we may forget.
        if (!passed || ::syscall(SYS_close_range, next, ~0U, CLOSE_RANGE_CLOEXEC) < 0) break;
        if (!limit_resources(plan.limits)) break;
        if (plan.landlock >= 0 && ::syscall(kLandlockRestrictSelf, plan.landlock, 0) < 0) break;
        // The kernel's signal set: 64 bits, none blocked.
        const unsigned long none = 0;
        ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, nullptr, sizeof none);
        // A script's interpreter opens /dev/fd/3, so of a script the passed copy is executed,
        // which stays open; anything else by the descriptor that closes.
        if (plan.path) ::syscall(SYS_execve, plan.path, plan.argv, plan.env);
        else ::syscall(SYS_execveat, plan.script ? kFirstPassed : plan.plugin, "", plan.argv, plan.env, AT_EMPTY_PATH);
    } while (false);
    args->error = errno;
    ::syscall(SYS_exit_group, 127);
    __builtin_unreachable();
}

}  // namespace

ChildStack::ChildStack() : base_(::mmap(nullptr, kStackBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0)) {
    EP_ASSERT(base_ != MAP_FAILED && ::mprotect(base_, kGuardBytes, PROT_NONE) == 0);
}

ChildStack::~ChildStack() { ::munmap(base_, kStackBytes); }

void* ChildStack::top() const noexcept { return static_cast<char*>(base_) + kStackBytes; }

Result<Spawned> spawn(const SpawnPlan& plan, const ChildStack& stack) {
    const int lowest = kFirstPassed + static_cast<int>(plan.passed.size());
    EP_ASSERT(plan.input >= lowest && plan.output >= lowest && plan.plugin >= lowest);
    EP_ASSERT(plan.landlock < 0 || plan.landlock >= lowest);
    for (const int fd : plan.passed) EP_ASSERT(fd >= lowest);
    ChildArgs args{&plan, 0};
    int pidfd = -1;
    // VM and VFORK: no page tables are copied, and we sleep until the exec. PARENT: the
    // child is the runner's, which waits for it and kills it.
    const int flags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD | CLONE_PARENT | SIGCHLD;
    const int pid = ::clone(&child_main, stack.top(), flags, &args, &pidfd);
    if (pid < 0) return system_error("clone", errno);
    Spawned spawned{pid, UniqueFd(pidfd), args.error};
    if (spawned.exec_error != 0) spawned.pidfd.reset();
    return spawned;
}

}  // namespace endpointd::exec
