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

// Runs in the parent's memory while the parent sleeps, so it may change nothing
// there but `error`: raw system calls only. glibc's wrappers of setuid,
// setpriority and their like keep state, take locks or signal other threads, and
// all of that is the parent's. (syscall() itself writes errno, which the parent
// does not read after the clone.)
__attribute__((no_sanitize("address"), no_sanitize("undefined"), no_sanitize("thread"))) int child_main(void* opaque) {
    auto* args = static_cast<ChildArgs*>(opaque);
    const SpawnPlan& plan = *args->plan;
    do {
        // Its own session and process group: what it leaves behind can be killed as one.
        if (::syscall(SYS_setsid) < 0) break;
        // As upstream does: a check never takes the CPU from what it checks (protocol, 6.6).
        ::syscall(SYS_setpriority, PRIO_PROCESS, 0, plan.niceness);
        // dup3 clears close-on-exec on the copies; none of the originals is below 3.
        if (::syscall(SYS_dup3, plan.input, 0, 0) < 0) break;
        if (::syscall(SYS_dup3, plan.output, 1, 0) < 0) break;
        if (::syscall(SYS_dup3, plan.output, 2, 0) < 0) break;
        // Everything of ours is close-on-exec already; this holds whatever we may forget.
        ::syscall(SYS_close_range, 3, ~0U, CLOSE_RANGE_CLOEXEC);
        // The kernel's signal set: 64 bits, none blocked.
        const unsigned long none = 0;
        ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, nullptr, sizeof none);
        // A script's interpreter would open /dev/fd/N, and a close-on-exec descriptor is
        // gone by then; so scripts go by their resolved path, every directory of which
        // only root and the running user can change.
        if (plan.path) ::syscall(SYS_execve, plan.path, plan.argv, plan.env);
        else ::syscall(SYS_execveat, plan.plugin, "", plan.argv, plan.env, AT_EMPTY_PATH);
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
    EP_ASSERT(plan.input > 2 && plan.output > 2 && plan.plugin > 2);
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
