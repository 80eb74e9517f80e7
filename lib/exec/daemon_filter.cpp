#include "exec/daemon_filter.hpp"

#include <dlfcn.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <memory>

namespace endpointd::exec {
namespace {

using Argument = scmp_arg_cmp;

// --- what is allowed whatever its arguments -------------------------------------

constexpr const char* kAllowed[] = {
    // Memory. mmap and mprotect are further down.
    "brk", "munmap", "mremap", "madvise",
    // Threads and ourselves. `prctl`, `clone` and `kill` are further down.
    "futex", "set_robust_list", "rseq", "sched_yield", "sched_getaffinity", "exit", "exit_group", "gettid", "getpid", "getppid", "getuid",
    "geteuid", "getgid", "getegid", "getresuid", "getresgid", "getgroups", "capget", "getrusage", "getrlimit", "uname", "sysinfo", "umask",
    "getrandom",
    // Signals of our own.
    "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack", "restart_syscall",
    // Time.
    "clock_gettime", "clock_getres", "clock_nanosleep", "nanosleep", "gettimeofday", "time", "timerfd_create", "timerfd_settime",
    "timerfd_gettime",
    // Waiting.
    "poll", "ppoll", "select", "pselect6", "epoll_create", "epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait", "eventfd2", "pipe",
    "pipe2",
    // Descriptors. `fcntl` and `ioctl` are further down.
    "read", "readv", "pread64", "write", "writev", "pwrite64", "lseek", "_llseek", "close", "fsync", "fdatasync", "ftruncate", "dup",
    "fstat", "fstatfs", "getdents64",
    // Files by name: which ones, Landlock says. open, chmod and chown are further down.
    "stat", "lstat", "newfstatat", "fstatat64", "statx", "access", "faccessat", "faccessat2", "readlink", "readlinkat", "getcwd", "rename",
    "renameat", "renameat2", "unlink", "unlinkat", "mkdir", "mkdirat", "rmdir",
    // Sockets: which ones there may be stands at `socket`, which options at `setsockopt`.
    "connect", "bind", "listen", "accept", "accept4", "getsockname", "getpeername", "getsockopt", "shutdown", "recvfrom", "recvmsg",
    "recvmmsg"};

// --- what no line of the daemon asks for: whoever does has taken it over ---------

constexpr const char* kDeadly[] = {
    // Programs and processes. `clone` is further down.
    "execve", "execveat", "fork", "vfork", "ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "process_mrelease", "kcmp",
    "pidfd_open", "pidfd_getfd", "pidfd_send_signal", "unshare", "setns", "personality",
    // File systems.
    "mount", "umount", "umount2", "pivot_root", "chroot", "open_tree", "move_mount", "fsopen", "fsconfig", "fsmount", "fspick",
    "mount_setattr", "quotactl", "quotactl_fd", "swapon", "swapoff", "open_by_handle_at", "name_to_handle_at", "mknod", "mknodat",
    "fanotify_init",
    // The kernel.
    "init_module", "finit_module", "delete_module", "create_module", "kexec_load", "kexec_file_load", "reboot", "bpf", "perf_event_open",
    "userfaultfd", "io_uring_setup", "io_uring_enter", "io_uring_register", "keyctl", "add_key", "request_key", "lookup_dcookie", "acct",
    "syslog", "iopl", "ioperm", "modify_ldt", "memfd_secret",
    // Somebody else.
    "setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setfsuid", "setfsgid", "setgroups", "capset", "settimeofday",
    "clock_settime", "clock_adjtime", "adjtimex", "sethostname", "setdomainname"};

// --- the list ----------------------------------------------------------------------

constexpr std::uint32_t kRefused = SCMP_ACT_ERRNO(ENOSYS);

class Filter {
public:
    // What holds for a call without a rule.
    explicit Filter(std::uint32_t otherwise) : context_(::seccomp_init(otherwise), &::seccomp_release) {
        if (!context_) error_ = ENOMEM;
        // Another architecture's calls have other numbers: 32-bit ones and x32's on x86-64.
        set(SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
        // Asked once per call: a tree and not one comparison after the other.
        set(SCMP_FLTATR_CTL_OPTIMIZE, 2);
        // The errno of a kernel that refuses, not libseccomp's ECANCELED.
        set(SCMP_FLTATR_API_SYSRAWRC, 1);
    }

    void allow(const char* call, std::initializer_list<Argument> when = {}) { add(SCMP_ACT_ALLOW, call, when); }
    void kill(const char* call, std::initializer_list<Argument> when = {}) { add(SCMP_ACT_KILL_PROCESS, call, when); }

    void refuse(const char* call) { add(kRefused, call, {}); }
    // For every thread there is, where no_new_privs is set already.
    void bind_all_threads() {
        set(SCMP_FLTATR_CTL_NNP, 0);
        set(SCMP_FLTATR_CTL_TSYNC, 1);
    }

    // 0 or an errno.
    int load() {
        if (error_ == 0) error_ = -::seccomp_load(context_.get());
        return error_;
    }

private:
    void set(scmp_filter_attr attribute, std::uint32_t value) {
        if (error_ == 0) error_ = -::seccomp_attr_set(context_.get(), attribute, value);
    }
    void add(std::uint32_t action, const char* call, std::initializer_list<Argument> when) {
        const int number = ::seccomp_syscall_resolve_name(call);
        // Not a call of this architecture, or one that libseccomp does not know yet: it stays at ENOSYS.
        if (number < 0 || error_ != 0) return;
        error_ = -::seccomp_rule_add_array(context_.get(), action, number, static_cast<unsigned>(when.size()), when.begin());
    }

    std::unique_ptr<void, decltype(&::seccomp_release)> context_;
    int error_ = 0;
};

// `value` is a small number or a process id, never negative.
constexpr Argument is(unsigned argument, long value) { return {argument, SCMP_CMP_EQ, static_cast<std::uint64_t>(value), 0}; }
constexpr Argument below(unsigned argument, std::uint64_t value) { return {argument, SCMP_CMP_LT, value, 0}; }
constexpr Argument masked(unsigned argument, std::uint64_t mask, std::uint64_t value) {
    return {argument, SCMP_CMP_MASKED_EQ, mask, value};
}
// None of these bits.
constexpr Argument without(unsigned argument, std::uint64_t bits) { return masked(argument, bits, 0); }

void memory(Filter& filter) {
    filter.allow("mmap", {without(2, PROT_EXEC)});
    filter.allow("mmap2", {without(2, PROT_EXEC)});
    filter.allow("mprotect", {without(2, PROT_EXEC)});
}

void processes(Filter& filter) {
    // A thread as pthread_create makes one, and nothing with a namespace or a tracer.
    // clone3 hides its flags in memory; at ENOSYS glibc takes clone.
    constexpr std::uint64_t kThread = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD;
    constexpr std::uint64_t kHarmless =
        CLONE_SYSVSEM | CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | CLONE_DETACHED;
#ifdef __s390__
    constexpr unsigned kFlags = 1;
#else
    constexpr unsigned kFlags = 0;
#endif
    filter.allow("clone", {masked(kFlags, ~kHarmless, kThread)});
    filter.kill("clone", {without(kFlags, std::uint64_t{CLONE_THREAD})});
    const pid_t self = ::getpid();
    filter.allow("kill", {is(0, self)});
    filter.allow("tgkill", {is(0, self)});
    filter.allow("prlimit64", {is(0, 0), is(2, 0)});  // asks, and sets nothing
    filter.allow("prlimit64", {is(0, self), is(2, 0)});
    for (const int what : {PR_SET_NAME, PR_GET_NAME, PR_GET_DUMPABLE, PR_GET_NO_NEW_PRIVS, PR_GET_SECCOMP, PR_CAPBSET_READ})
        filter.allow("prctl", {is(0, what)});
    filter.allow("seccomp");  // for forbid_listening(); a further filter can only refuse more
}

void descriptors(Filter& filter) {
    // Flags, copies and SQLite's locks; no signals to somebody else (F_SETOWN), no leases, no seals.
    for (const int what : {F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_DUPFD, F_DUPFD_CLOEXEC, F_GETLK, F_SETLK, F_SETLKW})
        filter.allow("fcntl", {is(1, what)});
    // Asio's, stdio's question whether something is a terminal, and IPv6 scopes by name; nothing else a device understands.
    for (const long what : {FIONBIO, FIONREAD, TCGETS, SIOCGIFINDEX, SIOCGIFNAME}) filter.allow("ioctl", {is(1, what)});
    // No file with set-user-id; the admin socket gets a mode and a group, and never another owner.
    constexpr std::uint64_t kSpecial = S_ISUID | S_ISGID;
    constexpr std::uint64_t kSame = 0xffffffff;
    filter.allow("open", {without(2, kSpecial)});
    filter.allow("openat", {without(3, kSpecial)});
    filter.allow("chmod", {without(1, kSpecial)});
    filter.allow("fchmod", {without(1, kSpecial)});
    filter.allow("fchmodat", {without(2, kSpecial)});
    filter.allow("chown", {masked(1, kSame, kSame)});
    filter.allow("lchown", {masked(1, kSame, kSame)});
    filter.allow("fchown", {masked(1, kSame, kSame)});
    filter.allow("fchownat", {masked(2, kSame, kSame)});
}

void sockets(Filter& filter) {
    // The low bits; above them are SOCK_CLOEXEC and SOCK_NONBLOCK.
    constexpr std::uint64_t kType = 0xf;
    const auto socket = [&](int family, int type, int protocol) {
        filter.allow("socket", {is(0, family), masked(1, kType, static_cast<std::uint64_t>(type)), is(2, protocol)});
    };
    for (const int family : {AF_INET, AF_INET6}) {
        for (const int protocol : {0, int{IPPROTO_TCP}}) socket(family, SOCK_STREAM, protocol);
        for (const int protocol : {0, int{IPPROTO_UDP}}) socket(family, SOCK_DGRAM, protocol);  // DNS
    }
    // syslog, the service manager, the admin socket. The runner's kind, SOCK_SEQPACKET, comes by inheritance only.
    for (const int type : {int{SOCK_STREAM}, int{SOCK_DGRAM}}) socket(AF_UNIX, type, 0);
    // getaddrinfo asks which addresses this host has.
    for (const int type : {int{SOCK_RAW}, int{SOCK_DGRAM}}) socket(AF_NETLINK, type, NETLINK_ROUTE);
    // TCP Fast Open connects without Landlock being asked.
    filter.allow("sendto", {without(3, MSG_FASTOPEN)});
    filter.allow("sendmsg", {without(2, MSG_FASTOPEN)});
    filter.allow("sendmmsg", {without(3, MSG_FASTOPEN)});
    // Below the numbers where filters, programs and multicast begin.
    filter.allow("setsockopt", {is(1, SOL_SOCKET), below(2, SO_ATTACH_FILTER)});
    filter.allow("setsockopt", {is(1, IPPROTO_TCP), below(2, 31 /* TCP_ULP */)});
    filter.allow("setsockopt", {is(1, IPPROTO_IP), below(2, IP_MULTICAST_IF)});
    filter.allow("setsockopt", {is(1, IPPROTO_IPV6), is(2, IPV6_V6ONLY)});
    filter.allow("setsockopt", {is(1, IPPROTO_IPV6), is(2, IPV6_RECVERR)});
}

}  // namespace

std::vector<std::string> nss_libraries(std::string_view nsswitch_conf) {
    std::vector<std::string> libraries;
    while (!nsswitch_conf.empty()) {
        std::string_view line = nsswitch_conf.substr(0, nsswitch_conf.find('\n'));
        nsswitch_conf.remove_prefix(std::min(nsswitch_conf.size(), line.size() + 1));
        line = line.substr(0, line.find('#'));
        const std::size_t colon = line.find(':');
        if (colon == std::string_view::npos) continue;
        const auto trimmed = [](std::string_view text) {
            const std::size_t first = text.find_first_not_of(" \t");
            return first == std::string_view::npos ? std::string_view() : text.substr(first, text.find_last_not_of(" \t\r") + 1 - first);
        };
        const std::string_view database = trimmed(line.substr(0, colon));
        if (database != "hosts" && database != "passwd" && database != "group" && database != "initgroups") continue;
        std::string_view services = line.substr(colon + 1);
        while (!(services = trimmed(services)).empty()) {
            const std::size_t end = std::min(services.find_first_of(services.front() == '[' ? "]" : " \t["), services.size());
            const std::string_view name = services.substr(0, end);
            const bool action = services.front() == '[';  // [NOTFOUND=return]
            services.remove_prefix(action ? std::min(end + 1, services.size()) : end);
            // A name and no path: dlopen looks in the system's directories only.
            if (action || name.find('/') != std::string_view::npos) continue;
            std::string library = "libnss_" + std::string(name) + ".so.2";
            if (std::ranges::find(libraries, library) == libraries.end()) libraries.push_back(std::move(library));
        }
    }
    return libraries;
}

void load_nss_libraries() {
    std::ifstream file("/etc/nsswitch.conf");
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    // For good, so nothing keeps the handles.
    for (const std::string& library : nss_libraries(text)) ::dlopen(library.c_str(), RTLD_NOW);
}

Result<void> install_daemon_filter() {
    Filter filter(kRefused);
    for (const char* call : kAllowed) filter.allow(call);
    for (const char* call : kDeadly) filter.kill(call);
    memory(filter);
    processes(filter);
    descriptors(filter);
    sockets(filter);
    // A kernel that has filters looks for one behind the null pointer.
    if (::syscall(SYS_seccomp, 1L /* SECCOMP_SET_MODE_FILTER */, 0L, nullptr) == -1 && errno != EFAULT)
        return fail(Errc::unavailable, system_error("this kernel takes no seccomp filter", errno).text);
    if (const int number = filter.load(); number != 0) return system_error("install the seccomp filter", number);
    // Without a filter the kernel would complain about the null pointer.
    errno = 0;
    const bool refused = ::syscall(SYS_clone3, nullptr, 0) == -1 && errno == ENOSYS;
    if (!refused || ::prctl(PR_GET_SECCOMP) != 2) return fail(Errc::not_permitted, "the seccomp filter did not stick");
    return {};
}

Result<void> install_listening_filter() {
    Filter filter(SCMP_ACT_ALLOW);
    for (const char* call : {"listen", "bind", "seccomp"}) filter.refuse(call);
    filter.bind_all_threads();
    if (const int number = filter.load(); number != 0) return system_error("install the second seccomp filter", number);
    errno = 0;
    if (::listen(-1, 0) != -1 || errno != ENOSYS) return fail(Errc::not_permitted, "the second seccomp filter did not stick");
    return {};
}

}  // namespace endpointd::exec
