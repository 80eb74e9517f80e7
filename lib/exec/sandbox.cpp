#include "exec/sandbox.hpp"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

#include "exec/landlock.hpp"

namespace endpointd::exec {
namespace {

static_assert(sizeof(sock_filter) == 8);

Result<std::optional<Landlock>> make_ruleset(const SandboxProfile& profile) {
    const int abi = profile.landlock ? landlock_abi() : 0;
    if (abi == 0) return std::optional<Landlock>();
    // ioctl on devices is left alone: which kernels can tell would decide whether a plugin works.
    auto ruleset = Landlock::make(abi, {access::kFiles, false, false, false});
    if (!ruleset) return ruleset.error();
    for (const PathRule& rule : profile.paths) {
        // Not followed: what is hidden is not reached by a link to it.
        const UniqueFd fd(::open(rule.path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
        if (!fd) continue;  // gone since it was listed, or out of reach: then nothing is allowed there
        if (auto allowed = ruleset->allow(fd.get(), rule.access); !allowed) return allowed.error();
    }
    return std::optional<Landlock>(std::move(*ruleset));
}

// Denies what no program of ours does, so that it is a layer of its own; with ABI 6
// signals stay within it as well.
Result<UniqueFd> make_nested(int abi) {
    auto ruleset = Landlock::make(abi, {access::kMakeBlock, false, true, false});
    if (!ruleset) return ruleset.error();
    UniqueFd copy(::fcntl(ruleset->fd(), F_DUPFD_CLOEXEC, 3));
    if (!copy) return system_error("keep a Landlock ruleset", errno);
    return copy;
}

Result<void> install_filter(const std::string& filter) {
    std::vector<sock_filter> program(filter.size() / sizeof(sock_filter));
    std::memcpy(program.data(), filter.data(), program.size() * sizeof(sock_filter));
    const sock_fprog argument{static_cast<unsigned short>(program.size()), program.data()};
    if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &argument) != 0) return system_error("install a seccomp filter", errno);
    if (::prctl(PR_GET_SECCOMP) != SECCOMP_MODE_FILTER) return fail(Errc::not_permitted, "the seccomp filter did not stick");
    return {};
}

}  // namespace

bool may_confine_without_no_new_privs() {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> data{};
    if (::syscall(SYS_capget, &header, data.data()) != 0) return false;
    return (data[CAP_SYS_ADMIN / 32].effective & (1U << (CAP_SYS_ADMIN % 32))) != 0;
}

Result<Sandboxed> enter_sandbox(const Identity& identity, const SandboxProfile& profile) {
    // Who is root opens the paths as root: a plugin's user may reach what the daemon's may not.
    std::optional<Landlock> ruleset;
    const bool can_confine = profile.no_new_privs || may_confine_without_no_new_privs();
    if (can_confine) {
        auto made = make_ruleset(profile);
        if (!made) return made.error();
        ruleset = std::move(*made);
    }
    Sandboxed sandboxed;
    if (ruleset && profile.no_new_privs) {
        auto nested = make_nested(ruleset->abi());
        if (!nested) return nested.error();
        sandboxed.nested = std::move(*nested);
    }
    const auto confine = [&]() -> Result<void> {
        if (ruleset) {
            if (auto enforced = ruleset->enforce(); !enforced) return enforced;
            sandboxed.landlock = ruleset->abi();
        }
        if (!profile.filter.empty() && can_confine) {
            if (auto installed = install_filter(profile.filter); !installed) return installed;
            sandboxed.seccomp = true;
        }
        return {};
    };
    const auto give_up = [&]() -> Result<void> {
        if (auto became = become(identity); !became) return became;
        // Root by name keeps what root has; anybody else nothing, whoever he was before.
        return identity.uid == 0 ? Result<void>() : drop_capabilities();
    };
    if (profile.no_new_privs) {
        if (auto given_up = give_up(); !given_up) return given_up.error();
        if (auto forbidden = forbid_new_privileges(); !forbidden) return forbidden.error();
        if (auto confined = confine(); !confined) return confined.error();
    } else {
        // Without no_new_privs confining takes root's rights, so it comes before they are given up.
        if (auto confined = confine(); !confined) return confined.error();
        if (auto given_up = give_up(); !given_up) return given_up.error();
    }
    return sandboxed;
}

Result<void> keep_only_admin() {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> data{};
    auto& half = data[CAP_SYS_ADMIN / 32];
    half.effective = half.permitted = 1U << (CAP_SYS_ADMIN % 32);
    if (::syscall(SYS_capset, &header, data.data()) != 0) return system_error("keep CAP_SYS_ADMIN alone", errno);
    return {};
}

bool has_seccomp() { return ::prctl(PR_GET_SECCOMP) >= 0; }

bool get(ByteReader& in, bool& flag) {
    const std::uint8_t byte = in.u8();
    flag = byte == 1;
    return byte <= 1 && !in.failed();
}

void put(ByteWriter& out, const SandboxProfile& profile) {
    out.u8(profile.no_new_privs ? 1 : 0);
    out.u8(profile.landlock ? 1 : 0);
    out.u32(static_cast<std::uint32_t>(profile.paths.size()));
    for (const PathRule& rule : profile.paths) {
        out.text(rule.path);
        out.u64(rule.access);
    }
    out.text(profile.filter);
}

bool get(ByteReader& in, SandboxProfile& profile) {
    if (!get(in, profile.no_new_privs) || !get(in, profile.landlock)) return false;
    const std::uint32_t count = in.u32();
    if (in.failed() || count > kPathRules) return false;
    for (std::uint32_t i = 0; i < count && !in.failed(); ++i) {
        PathRule rule{std::string(in.text(kPathBytes)), in.u64()};
        if (rule.path.find('\0') != std::string::npos) return false;
        profile.paths.push_back(std::move(rule));
    }
    profile.filter = std::string(in.text(kFilterBytes));
    return !in.failed() && profile.filter.size() % sizeof(sock_filter) == 0;
}

void put(ByteWriter& out, const Identity& identity) {
    out.u32(identity.uid);
    out.u32(identity.gid);
    out.u32(static_cast<std::uint32_t>(identity.groups.size()));
    for (const gid_t group : identity.groups) out.u32(group);
}

bool get(ByteReader& in, Identity& identity) {
    identity.uid = in.u32();
    identity.gid = in.u32();
    const std::uint32_t count = in.u32();
    if (in.failed() || count > kGroups) return false;
    for (std::uint32_t i = 0; i < count; ++i) identity.groups.push_back(in.u32());
    return !in.failed();
}

}  // namespace endpointd::exec
