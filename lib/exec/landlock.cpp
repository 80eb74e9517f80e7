#include "exec/landlock.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <string>

namespace endpointd::exec {
namespace {

// The kernel's interface; its numbers are the same on every architecture.
constexpr long kCreateRuleset = 444;
constexpr long kAddRule = 445;
constexpr long kRestrictSelf = 446;
constexpr unsigned kAskVersion = 1U << 0;
constexpr int kRulePath = 1;
constexpr int kRulePort = 2;
constexpr std::uint64_t kBindTcp = 1U << 0;
constexpr std::uint64_t kConnectTcp = 1U << 1;
constexpr std::uint64_t kScopeAbstract = 1U << 0;
constexpr std::uint64_t kScopeSignal = 1U << 1;

struct RulesetAttributes {
    std::uint64_t files;
    std::uint64_t net;
    std::uint64_t scoped;
};

struct __attribute__((packed)) PathAttributes {
    std::uint64_t allowed;
    std::int32_t parent_fd;
};

struct PortAttributes {
    std::uint64_t allowed;
    std::uint64_t port;
};

// Rights that mean something for what is no directory.
constexpr std::uint64_t kOfFiles = access::kExecute | access::kWriteFile | access::kReadFile | access::kTruncate | access::kIoctl;

std::uint64_t known_to(int abi) noexcept {
    std::uint64_t known = access::kFiles & ~(access::kRefer | access::kTruncate);
    if (abi >= 2) known |= access::kRefer;
    if (abi >= 3) known |= access::kTruncate;
    if (abi >= 5) known |= access::kIoctl;
    return known;
}

}  // namespace

int landlock_abi() noexcept {
    const long abi = ::syscall(kCreateRuleset, nullptr, 0, kAskVersion);
    return abi > 0 ? static_cast<int>(abi) : 0;
}

Result<Landlock> Landlock::make(int abi, const Handled& handled) {
    if (abi <= 0) return fail(Errc::unavailable, "this kernel has no Landlock");
    RulesetAttributes attributes{handled.files & known_to(abi), 0, 0};
    const bool tcp = handled.tcp && abi >= 4;
    if (tcp) attributes.net = kBindTcp | kConnectTcp;
    if (handled.signals && abi >= 6) attributes.scoped |= kScopeSignal;
    if (handled.abstract_sockets && abi >= 6) attributes.scoped |= kScopeAbstract;
    if ((attributes.files | attributes.net | attributes.scoped) == 0)
        return fail(Errc::unavailable, "this kernel's Landlock has nothing of what is asked for");
    // An older kernel takes a longer structure if it ends in zeros, but says E2BIG for
    // one with members it does not know; those are left out above.
    UniqueFd ruleset(static_cast<int>(::syscall(kCreateRuleset, &attributes, sizeof attributes, 0)));
    if (!ruleset) return system_error("make a Landlock ruleset", errno);
    return Landlock(abi, attributes.files, tcp, std::move(ruleset));
}

Result<void> Landlock::allow(int fd, std::uint64_t files) {
    struct stat status {};
    if (::fstat(fd, &status) != 0) return system_error("look at what Landlock shall allow", errno);
    if (!S_ISDIR(status.st_mode)) files &= kOfFiles;
    const PathAttributes attributes{files & files_, fd};
    if (attributes.allowed == 0) return {};
    if (::syscall(kAddRule, ruleset_.get(), kRulePath, &attributes, 0) != 0) return system_error("add a Landlock rule", errno);
    return {};
}

Result<void> Landlock::allow(const char* path, std::uint64_t files) {
    const UniqueFd fd(::open(path, O_PATH | O_CLOEXEC));
    if (!fd) {
        const int number = errno;
        Error error = system_error(path, number);
        if (number == ENOENT || number == ENOTDIR) error.code = Errc::not_found;
        return error;
    }
    return allow(fd.get(), files);
}

Result<void> Landlock::allow(TcpUse use, std::uint16_t port) {
    if (!tcp_) return {};
    const PortAttributes attributes{use == TcpUse::bind ? kBindTcp : kConnectTcp, port};
    if (::syscall(kAddRule, ruleset_.get(), kRulePort, &attributes, 0) != 0) return system_error("add a Landlock rule for a port", errno);
    return {};
}

Result<void> Landlock::enforce() const {
    if (::syscall(kRestrictSelf, ruleset_.get(), 0) != 0) return system_error("enforce a Landlock ruleset", errno);
    return {};
}

}  // namespace endpointd::exec
