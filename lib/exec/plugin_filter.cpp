#include "exec/plugin_filter.hpp"

#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <initializer_list>
#include <memory>

#include "base/unique_fd.hpp"

namespace endpointd::exec {
namespace {

// Looks into or changes another process, the kernel, the machine or what is mounted.
constexpr std::array kAttackSurface{"ptrace",
                                    "process_vm_readv",
                                    "process_vm_writev",
                                    "process_madvise",
                                    "kcmp",
                                    "pidfd_getfd",  //
                                    "bpf",
                                    "perf_event_open",
                                    "userfaultfd",
                                    "lookup_dcookie",
                                    "fanotify_init",
                                    "kexec_load",
                                    "kexec_file_load",  //
                                    "init_module",
                                    "finit_module",
                                    "delete_module",
                                    "create_module",
                                    "query_module",
                                    "get_kernel_syms",  //
                                    "add_key",
                                    "request_key",
                                    "keyctl",  //
                                    "mount",
                                    "umount",
                                    "umount2",
                                    "move_mount",
                                    "open_tree",
                                    "fsopen",
                                    "fsconfig",
                                    "fsmount",
                                    "fspick",
                                    "mount_setattr",
                                    "pivot_root",
                                    "chroot",
                                    "unshare",
                                    "setns",
                                    "open_by_handle_at",
                                    "quotactl",
                                    "quotactl_fd",  //
                                    "swapon",
                                    "swapoff",
                                    "reboot",
                                    "acct",
                                    "syslog",
                                    "vhangup",
                                    "nfsservctl",
                                    "uselib",
                                    "ustat",
                                    "sysfs",
                                    "_sysctl",  //
                                    "settimeofday",
                                    "clock_settime",
                                    "clock_adjtime",
                                    "adjtimex",
                                    "stime",
                                    "sethostname",
                                    "setdomainname",  //
                                    "iopl",
                                    "ioperm",
                                    "modify_ldt",
                                    "vm86",
                                    "vm86old",
                                    "move_pages",
                                    "migrate_pages",
                                    "memfd_secret"};

// A program that is not there yet is not called, or asks for something else instead.
constexpr std::array kAbsent{"clone3", "io_uring_setup", "io_uring_enter", "io_uring_register"};

// New namespaces; a new user namespace opens the rest of the kernel to anybody.
constexpr std::array<std::uint64_t, 7> kNamespaces{CLONE_NEWNS,   CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC,
                                                   CLONE_NEWUSER, CLONE_NEWPID,    CLONE_NEWNET};

// Families that the kernel has numbers for; what is above is denied as a whole.
constexpr int kFamilies = 64;
// Of a socket's type, without its flags; Unix sockets take raw ones for datagrams.
constexpr std::uint64_t kSocketType = 0xf;
constexpr std::array<std::uint64_t, 2> kDatagrams{SOCK_DGRAM, SOCK_RAW};
// ioctls that type into a terminal.
constexpr std::array<std::uint64_t, 2> kTerminal{0x5412 /* TIOCSTI */, 0x541C /* TIOCLINUX */};

constexpr std::array kStartsProcesses{"execve", "execveat", "fork", "vfork", "clone"};
constexpr std::array kChangesUser{"setuid",    "setgid",    "setreuid", "setregid", "setresuid",
                                  "setresgid", "setgroups", "setfsuid", "setfsgid", "capset"};

// A condition on an argument; the library's macros for it are C.
scmp_arg_cmp argument(unsigned number, scmp_compare how, std::uint64_t first, std::uint64_t second = 0) {
    return {number, how, first, second};
}

class Filter {
public:
    Filter() : context_(::seccomp_init(SCMP_ACT_ALLOW), &::seccomp_release) {
        if (!context_) failed_ = ENOMEM;
        else {
            note(::seccomp_attr_set(context_.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS));
            // A tree instead of a list: each system call passes the filter.
            note(::seccomp_attr_set(context_.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2));
        }
    }

    template <class... Conditions>
    void add(std::uint32_t action, const char* name, Conditions... conditions) {
        const int number = ::seccomp_syscall_resolve_name(name);
        // Not on this architecture, or newer than the library: then it cannot be named.
        if (number == __NR_SCMP_ERROR || failed_ != 0) return;
        const std::array<scmp_arg_cmp, sizeof...(Conditions)> list{conditions...};
        const int result = ::seccomp_rule_add_array(context_.get(), action, number, static_cast<unsigned>(list.size()), list.data());
        // The library refuses a rule for a call that this architecture does not have.
        if (result != -EDOM) note(result);
    }

    void deny_families(const SocketFamilies& families) {
        const auto allowed = [&](int family) {
            if (family == AF_UNIX) return families.unix_sockets;
            return families.network && (family == AF_INET || family == AF_INET6 || family == AF_NETLINK);
        };
        for (int family = 0; family < kFamilies; ++family)
            if (!allowed(family)) add(SCMP_ACT_ERRNO(EACCES), "socket", argument(0, SCMP_CMP_EQ, static_cast<scmp_datum_t>(family)));
        add(SCMP_ACT_ERRNO(EACCES), "socket", argument(0, SCMP_CMP_GE, kFamilies));
        if (families.network) add(SCMP_ACT_ERRNO(EACCES), "socket", argument(0, SCMP_CMP_EQ, AF_NETLINK), argument(2, SCMP_CMP_NE, 0));
        add(SCMP_ACT_ERRNO(EACCES), "socketpair", argument(0, SCMP_CMP_NE, AF_UNIX));
        // Half of a pair of datagram sockets can be connected to any other by its path.
        for (const std::uint64_t type : kDatagrams)
            if (!families.unix_sockets) add(SCMP_ACT_ERRNO(EACCES), "socketpair", argument(1, SCMP_CMP_MASKED_EQ, kSocketType, type));
    }

    Result<std::string> take() {
        const UniqueFd memory(::memfd_create("filter", MFD_CLOEXEC));
        if (!memory) return system_error("make room for a seccomp filter", errno);
        if (failed_ == 0) note(::seccomp_export_bpf(context_.get(), memory.get()));
        if (failed_ != 0) return system_error("make a seccomp filter", failed_);
        const off_t size = ::lseek(memory.get(), 0, SEEK_END);
        std::string bytes(static_cast<std::size_t>(size), '\0');
        if (::pread(memory.get(), bytes.data(), bytes.size(), 0) != size) return system_error("read a seccomp filter", errno);
        return bytes;
    }

private:
    void note(int result) {
        if (result < 0 && failed_ == 0) failed_ = -result;
    }

    std::unique_ptr<void, void (*)(scmp_filter_ctx)> context_;
    int failed_ = 0;
};

void deny_attack_surface(Filter& filter) {
    for (const char* name : kAttackSurface) filter.add(SCMP_ACT_ERRNO(EPERM), name);
    for (const char* name : kAbsent) filter.add(SCMP_ACT_ERRNO(ENOSYS), name);
    for (const std::uint64_t type : kTerminal)
        filter.add(SCMP_ACT_ERRNO(EPERM), "ioctl", argument(1, SCMP_CMP_MASKED_EQ, 0xffffffffU, type));
}

}  // namespace

Result<std::string> plugin_filter(const SocketFamilies& families) {
    Filter filter;
    deny_attack_surface(filter);
    for (const std::uint64_t flag : kNamespaces) filter.add(SCMP_ACT_ERRNO(EPERM), "clone", argument(0, SCMP_CMP_MASKED_EQ, flag, flag));
    filter.deny_families(families);
    return filter.take();
}

Result<std::string> runner_filter() {
    Filter filter;
    deny_attack_surface(filter);
    for (const char* name : kStartsProcesses) filter.add(SCMP_ACT_KILL_PROCESS, name);
    for (const char* name : kChangesUser) filter.add(SCMP_ACT_KILL_PROCESS, name);
    filter.deny_families({false, true});
    return filter.take();
}

}  // namespace endpointd::exec
