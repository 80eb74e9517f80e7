// Confines itself as the main process does and then tries one thing:
//
//   confined_helper OPTION... ATTEMPT [ARGUMENT]
//
// Prints "done", or the name of the errno it was refused with. Exit status 3 and the
// reason where the confinement itself fails. What kills it says so to who waits for it.

#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/if_ether.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pwd.h>
#include <sched.h>
#include <seccomp.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

#include "exec/daemon_confinement.hpp"

namespace endpointd::exec {
namespace {

using Attempt = std::function<long(const char* argument)>;

char* const kNoArguments[] = {const_cast<char*>("true"), nullptr};
char* const kNoEnvironment[] = {nullptr};

long number(const char* text) { return std::strtol(text, nullptr, 10); }

// Like a system call: -1 and errno.
long failed_with(int why) {
    errno = why;
    return why == 0 ? 0 : -1;
}

long opened(const char* path, int flags) { return ::open(path, flags | O_CLOEXEC, 0600); }

long made_socket(int family, int type, int protocol = 0) { return ::socket(family, type | SOCK_CLOEXEC, protocol); }

sockaddr_in loopback(const char* port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(number(port)));
    return address;
}

long tcp(const char* port, int (*use)(int, const sockaddr*, socklen_t)) {
    const long fd = made_socket(AF_INET, SOCK_STREAM);
    if (fd < 0) return fd;
    const sockaddr_in address = loopback(port);
    return use(static_cast<int>(fd), reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

// A child would carry on here as well.
long of_parent(long pid) {
    if (pid == 0) ::_exit(0);
    return pid;
}

long spawn() {
    pid_t pid = 0;
    return failed_with(::posix_spawn(&pid, "/bin/true", nullptr, nullptr, kNoArguments, kNoEnvironment));
}

long thread() {
    bool ran = false;
    std::thread([&] { ran = true; }).join();
    return ran ? 0 : failed_with(ECHILD);
}

long resolve(const char* name) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const int failed = ::getaddrinfo(name, "5665", &hints, &found);
    if (failed == 0) ::freeaddrinfo(found);
    return failed == 0 ? 0 : failed_with(EADDRNOTAVAIL);
}

long executable_memory(bool at_once) {
    constexpr std::size_t kPage = 4096;
    void* const page = ::mmap(nullptr, kPage, PROT_READ | PROT_WRITE | (at_once ? PROT_EXEC : 0), MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) return -1;
    return at_once ? 0 : ::mprotect(page, kPage, PROT_READ | PROT_EXEC);
}

long memory_of(const char* pid) {
    char here = 0;
    iovec local{&here, 1}, remote{&here, 1};
    return ::process_vm_readv(static_cast<pid_t>(number(pid)), &local, 1, &remote, 1, 0);
}

long execute_memory() {
    const long fd = ::syscall(SYS_memfd_create, "program", 0U);
    const int from = fd >= 0 ? static_cast<int>(fd) : AT_FDCWD;
    return ::syscall(SYS_execveat, from, "", kNoArguments, kNoEnvironment, AT_EMPTY_PATH);
}

long system_call(long call) { return ::syscall(call, 0L, 0L, 0L, 0L, 0L, 0L); }

const std::map<std::string, Attempt, std::less<>>& attempts() {
    static const std::map<std::string, Attempt, std::less<>> all = {
        // What it needs.
        {"nothing", [](const char*) { return 0L; }},
        {"thread", [](const char*) { return thread(); }},
        {"resolve", resolve},
        {"user", [](const char*) { return ::getpwuid(::getuid()) != nullptr ? 0L : failed_with(ENOENT); }},
        {"core-limit",
         [](const char*) {
             rlimit limit{};
             ::getrlimit(RLIMIT_CORE, &limit);
             return limit.rlim_max <= 1 && ::prctl(PR_GET_DUMPABLE) == 0 ? 0L : failed_with(EINVAL);
         }},
        {"capabilities",
         [](const char*) {
             __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
             std::array<__user_cap_data_struct, 2> sets{};
             ::syscall(SYS_capget, &header, sets.data());
             const bool any = (sets[0].permitted | sets[1].permitted | sets[0].inheritable | sets[1].inheritable) != 0;
             return any ? failed_with(EPERM) : static_cast<long>(::prctl(PR_CAPBSET_READ, CAP_SYS_ADMIN));
         }},
        // Programs and processes.
        {"execve", [](const char*) { return static_cast<long>(::execve("/bin/true", kNoArguments, kNoEnvironment)); }},
        {"fork", [](const char*) { return of_parent(::fork()); }},
        {"raw-fork", [](const char*) { return of_parent(::syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr)); }},
        {"clone3", [](const char*) { return system_call(SYS_clone3); }},
#ifdef SYS_vfork
        {"vfork", [](const char*) { return of_parent(::syscall(SYS_vfork)); }},
#endif
        {"posix_spawn", [](const char*) { return spawn(); }},
        {"execute-memory", [](const char*) { return execute_memory(); }},
        {"mmap-exec", [](const char*) { return executable_memory(true); }},
        {"mprotect-exec", [](const char*) { return executable_memory(false); }},
        {"ptrace", [](const char* pid) { return ::ptrace(PTRACE_SEIZE, static_cast<pid_t>(number(pid)), nullptr, nullptr); }},
        {"process_vm_readv", memory_of},
        {"kill", [](const char* pid) { return static_cast<long>(::kill(static_cast<pid_t>(number(pid)), 0)); }},
        {"kill-all", [](const char*) { return static_cast<long>(::kill(-1, 0)); }},
        {"kill-self", [](const char*) { return static_cast<long>(::kill(::getpid(), 0)); }},
        {"pidfd_open", [](const char* pid) { return ::syscall(SYS_pidfd_open, number(pid), 0); }},
        {"unshare", [](const char*) { return static_cast<long>(::unshare(CLONE_NEWUSER)); }},
        {"setns", [](const char*) { return system_call(SYS_setns); }},
        {"setuid", [](const char*) { return static_cast<long>(::setuid(0)); }},
        {"dumpable", [](const char*) { return static_cast<long>(::prctl(PR_SET_DUMPABLE, 1)); }},
        // The kernel.
        {"mount", [](const char*) { return static_cast<long>(::mount("none", "/mnt", "tmpfs", 0, nullptr)); }},
        {"chroot", [](const char*) { return static_cast<long>(::chroot("/tmp")); }},
        {"bpf", [](const char*) { return ::syscall(SYS_bpf, BPF_PROG_GET_NEXT_ID, nullptr, 0); }},
        {"keyctl", [](const char*) { return system_call(SYS_keyctl); }},
        {"userfaultfd", [](const char*) { return system_call(SYS_userfaultfd); }},
        {"io_uring_setup", [](const char*) { return system_call(SYS_io_uring_setup); }},
        {"perf_event_open", [](const char*) { return system_call(SYS_perf_event_open); }},
        {"init_module", [](const char*) { return system_call(SYS_init_module); }},
        {"kexec_load", [](const char*) { return system_call(SYS_kexec_load); }},
        {"open_by_handle_at", [](const char*) { return system_call(SYS_open_by_handle_at); }},
        {"swapoff", [](const char*) { return system_call(SYS_swapoff); }},
        {"no-such-call", [](const char*) { return system_call(9999); }},
        // Sockets.
        {"tcp", [](const char*) { return made_socket(AF_INET6, SOCK_STREAM); }},
        {"udp", [](const char*) { return made_socket(AF_INET, SOCK_DGRAM); }},
        {"unix-stream", [](const char*) { return made_socket(AF_UNIX, SOCK_STREAM); }},
        {"unix-seqpacket", [](const char*) { return made_socket(AF_UNIX, SOCK_SEQPACKET); }},
        {"routes", [](const char*) { return made_socket(AF_NETLINK, SOCK_RAW, 0); }},
        {"raw-socket", [](const char*) { return made_socket(AF_INET, SOCK_RAW, IPPROTO_ICMP); }},
        {"ping-socket", [](const char*) { return made_socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP); }},
        {"mptcp", [](const char*) { return made_socket(AF_INET, SOCK_STREAM, 262); }},
        {"packet-socket", [](const char*) { return made_socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL)); }},
        {"netfilter", [](const char*) { return made_socket(AF_NETLINK, SOCK_RAW, 12); }},
        {"vsock", [](const char*) { return made_socket(AF_VSOCK, SOCK_STREAM); }},
        {"attach-filter",
         [](const char*) {
             const long fd = made_socket(AF_UNIX, SOCK_STREAM);
             return static_cast<long>(::setsockopt(static_cast<int>(fd), SOL_SOCKET, SO_ATTACH_FILTER, "", 0));
         }},
        {"connect", [](const char* port) { return tcp(port, ::connect); }},
        {"fast-open",
         [](const char* port) {
             const long fd = made_socket(AF_INET, SOCK_STREAM);
             const sockaddr_in address = loopback(port);
             return static_cast<long>(
                 ::sendto(static_cast<int>(fd), "x", 1, MSG_FASTOPEN, reinterpret_cast<const sockaddr*>(&address), sizeof address));
         }},
        {"listen", [](const char*) { return static_cast<long>(::listen(static_cast<int>(made_socket(AF_INET, SOCK_STREAM)), 1)); }},
        {"loosen", [](const char*) { return ::syscall(SYS_seccomp, 0U, 0U, nullptr); }},
        {"bind", [](const char* port) { return tcp(port, ::bind); }},
        // Files.
        {"read", [](const char* path) { return opened(path, O_RDONLY); }},
        {"list", [](const char* path) { return opened(path, O_RDONLY | O_DIRECTORY); }},
        {"write", [](const char* path) { return opened(path, O_WRONLY); }},
        {"create", [](const char* path) { return opened(path, O_WRONLY | O_CREAT | O_EXCL); }},
        {"create-setuid", [](const char* path) { return static_cast<long>(::open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 04755)); }},
        {"empty", [](const char* path) { return static_cast<long>(::truncate(path, 0)); }},
        {"delete", [](const char* path) { return static_cast<long>(::unlink(path)); }},
        {"make-directory", [](const char* path) { return static_cast<long>(::mkdir(path, 0700)); }},
        {"chmod-setuid", [](const char* path) { return static_cast<long>(::chmod(path, 04755)); }},
        {"chmod", [](const char* path) { return static_cast<long>(::chmod(path, 0640)); }},
        {"chown", [](const char* path) { return static_cast<long>(::chown(path, 0, static_cast<gid_t>(-1))); }},
        {"device", [](const char* path) { return static_cast<long>(::mknod(path, S_IFCHR | 0600, 0)); }},
    };
    return all;
}

// A kernel that does nothing when it is asked for this: it says yes (0), or that it
// does not know the call.
bool pretend(const char* call, std::uint32_t answer) {
    scmp_filter_ctx context = ::seccomp_init(SCMP_ACT_ALLOW);
    const int number = ::seccomp_syscall_resolve_name(call);
    return context != nullptr && number >= 0 && ::seccomp_rule_add(context, SCMP_ACT_ERRNO(answer), number, 0) == 0 &&
           ::seccomp_load(context) == 0;
}

int usage() {
    std::fputs(
        "Usage: confined_helper [--become USER] [--as USER] [--abi N] [--landlock-required] [--seccomp-best-effort]\n"
        "                       [--second-thread] [--serving] [--pretend CALL] [--lack CALL] [--read-dir PATH]\n"
        "                       [--read-file PATH] [--write-dir PATH] [--bind PORT] [--connect PORT] ATTEMPT [ARGUMENT]\n",
        stderr);
    return 2;
}

int helper(int argc, char** argv) {
    DaemonConfinementSpec spec;
    const char* pretended = nullptr;
    std::uint32_t answer = 0;
    bool second_thread = false;
    bool serving = false;
    int at = 1;
    for (; at < argc && std::strncmp(argv[at], "--", 2) == 0; ++at) {
        const std::string_view option = argv[at];
        if (option == "--landlock-required") {
            spec.landlock_required = true;
            continue;
        }
        if (option == "--seccomp-best-effort") {
            spec.seccomp_required = false;
            continue;
        }
        if (option == "--serving") {
            serving = true;
            continue;
        }
        if (option == "--second-thread") {
            second_thread = true;
            continue;
        }
        if (++at == argc) return usage();
        const char* value = argv[at];
        const auto port = [&] { return static_cast<std::uint16_t>(number(value)); };
        if (option == "--read-dir") spec.read_directories.emplace_back(value);
        else if (option == "--read-file") spec.read_files.emplace_back(value);
        else if (option == "--write-dir") spec.write_directories.emplace_back(value);
        else if (option == "--bind") spec.bind_ports.push_back(port());
        else if (option == "--connect") spec.connect_ports.push_back(port());
        else if (option == "--abi") spec.abi = static_cast<int>(number(value));
        else if (option == "--pretend") pretended = value;
        else if (option == "--lack") {
            pretended = value;
            answer = ENOSYS;
        } else if (option == "--become") {
            // By main, as a service manager's `User=` would have.
            const auto user = find_user(value);
            if (!user || !become_user(*user)) return 4;
        } else if (option == "--as") {
            const auto user = find_user(value);
            if (!user) return 4;
            spec.user = *user;
        } else return usage();
    }
    if (at == argc || !attempts().contains(std::string_view(argv[at]))) return usage();
    const Attempt& attempt = attempts().find(std::string_view(argv[at]))->second;
    const char* const argument = at + 1 < argc ? argv[at + 1] : "";

    if (pretended != nullptr && !pretend(pretended, answer)) return 4;
    std::thread another;
    if (second_thread) another = std::thread([] { ::pause(); });
    const auto confined = confine_daemon(spec);
    if (!confined) {
        std::printf("%s\n", confined.error().text.c_str());
        std::fflush(stdout);
        ::_exit(3);
    }
    if (serving) {
        // In a thread that was there before, which the second filter has to reach.
        int result = 3;
        std::mutex gate;
        gate.lock();
        std::thread worker([&] {
            const std::lock_guard wait(gate);
            errno = 0;
            result = attempt(argument) >= 0 ? 0 : errno;
        });
        const auto forbidden = forbid_listening(*confined);
        if (!forbidden) std::puts(forbidden.error().text.c_str());
        gate.unlock();
        worker.join();
        std::puts(result == 0 ? "done" : ::strerrorname_np(result));
        std::fflush(stdout);
        ::_exit(forbidden ? 0 : 3);
    }
    std::printf("seccomp=%d landlock=%d tcp=%d\n", confined->seccomp, confined->landlock, confined->tcp_ports);
    for (const std::string& text : confined->missing) std::printf("missing: %s\n", text.c_str());
    for (const std::string& path : confined->absent) std::printf("absent: %s\n", path.c_str());
    std::fflush(stdout);
    errno = 0;
    const long result = attempt(argument);
    const char* const name = ::strerrorname_np(errno);
    std::puts(result >= 0 ? "done" : name != nullptr ? name : "?");
    std::fflush(stdout);
    ::_exit(0);
}

}  // namespace
}  // namespace endpointd::exec

int main(int argc, char** argv) { return endpointd::exec::helper(argc, argv); }
