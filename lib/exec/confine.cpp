#include "exec/confine.hpp"

#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <vector>

namespace endpointd::exec {
namespace {

// getpwnam_r's buffer; larger entries do not exist.
constexpr std::size_t kPasswdBuffer = 16 * 1024;

User user_of(const passwd& entry) { return {entry.pw_name, entry.pw_uid, entry.pw_gid}; }

Result<User> find_uid(uid_t uid) {
    std::vector<char> buffer(kPasswdBuffer);
    passwd entry{};
    passwd* found = nullptr;
    const int failed = ::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found);
    if (failed != 0) return system_error("look up user " + std::to_string(uid), failed);
    if (!found) return fail(Errc::not_found, "user " + std::to_string(uid) + " does not exist");
    return user_of(entry);
}

}  // namespace

Result<User> find_user(const std::string& name) {
    std::vector<char> buffer(kPasswdBuffer);
    passwd entry{};
    passwd* found = nullptr;
    const int failed = ::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
    if (failed != 0) return system_error("look up user " + name, failed);
    if (!found) return fail(Errc::not_found, "user " + name + " does not exist");
    return user_of(entry);
}

Result<User> daemon_user(const std::optional<std::string>& configured, const std::string& state_dir) {
    auto user = Result<User>(User{});
    struct stat status {};
    if (configured) {
        user = find_user(*configured);
    } else if (::stat(state_dir.c_str(), &status) == 0 && status.st_uid != 0) {
        user = find_uid(status.st_uid);
    } else {
        user = find_user("endpointd");
        if (!user && user.error().code == Errc::not_found)
            return fail(Errc::not_found, "user endpointd does not exist: create it, set \"user\" in endpointd.json, or give " + state_dir +
                                             " to the user that endpointd shall run as");
    }
    if (user && user->uid == 0)
        return fail(Errc::invalid, "endpointd does not run as root: set \"user\" in endpointd.json to another user");
    return user;
}

Result<User> running_user(const std::optional<std::string>& configured, const std::string& state_dir) {
    if (::geteuid() == 0) return daemon_user(configured, state_dir);
    auto user = find_uid(::geteuid());
    // A user without an entry is common in containers, and as good as any.
    if (!user && user.error().code == Errc::not_found) return User{std::to_string(::geteuid()), ::geteuid(), ::getegid()};
    return user;
}

uid_t settings_owner(const std::string& state_dir) {
    auto user = running_user(std::nullopt, state_dir);
    return user ? user->uid : 0;
}

Result<void> become(const std::string& who, uid_t to_uid, gid_t to_gid, const std::function<bool()>& set_groups) {
    uid_t real_uid = 0, uid = 0, saved_uid = 0;
    gid_t real_gid = 0, gid = 0, saved_gid = 0;
    ::getresuid(&real_uid, &uid, &saved_uid);
    if (real_uid == to_uid && uid == to_uid && saved_uid == to_uid) return {};
    if (uid != 0) return fail(Errc::not_permitted, "only root can become " + who);
    if (!set_groups()) return system_error("set the groups of " + who, errno);
    if (::setresgid(to_gid, to_gid, to_gid) != 0) return system_error("become the group of " + who, errno);
    if (::setresuid(to_uid, to_uid, to_uid) != 0) return system_error("become " + who, errno);
    ::getresuid(&real_uid, &uid, &saved_uid);
    ::getresgid(&real_gid, &gid, &saved_gid);
    if (real_uid != to_uid || uid != to_uid || saved_uid != to_uid || real_gid != to_gid || gid != to_gid || saved_gid != to_gid)
        return fail(Errc::not_permitted, "becoming " + who + " did not stick");
    if (to_uid != 0 && (::setuid(0) == 0 || ::seteuid(0) == 0))
        return fail(Errc::not_permitted, "root could be had back after becoming " + who);
    return {};
}

Result<void> become_user(const User& user) {
    if (user.uid == 0) return fail(Errc::invalid, "refusing to run as root");
    return become(user.name, user.uid, user.gid, [&user] { return ::initgroups(user.name.c_str(), user.gid) == 0; });
}

void drop_bounding_set() noexcept {
    // The kernel says where its list ends, and has no place for more.
    constexpr unsigned long kMost = 64;
    for (unsigned long capability = 0; capability < kMost && ::prctl(PR_CAPBSET_READ, capability) >= 0; ++capability)
        ::prctl(PR_CAPBSET_DROP, capability);  // EPERM without CAP_SETPCAP, see the header
}

Result<void> drop_capabilities() {
    drop_bounding_set();
    // A kernel without ambient capabilities (before 4.3) has none to clear.
    if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0 && errno != EINVAL)
        return system_error("clear the ambient capabilities", errno);
    using Sets = std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3>;
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    const Sets none{};
    if (::syscall(SYS_capset, &header, none.data()) != 0) return system_error("drop all capabilities", errno);
    Sets left{};
    header = {_LINUX_CAPABILITY_VERSION_3, 0};
    if (::syscall(SYS_capget, &header, left.data()) != 0) return system_error("look at the capabilities", errno);
    for (const auto& set : left)
        if ((set.effective | set.permitted | set.inheritable) != 0)
            return fail(Errc::not_permitted, "dropping all capabilities did not stick");
    return {};
}

Result<void> forbid_new_privileges() {
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return system_error("set no_new_privs", errno);
    if (::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1) return fail(Errc::not_permitted, "no_new_privs did not stick");
    return {};
}

Result<void> forbid_core_dumps() {
    // 1 and not 0: a kernel that pipes dumps to a program heeds only that (core(5)).
    rlimit limit{};
    if (::getrlimit(RLIMIT_CORE, &limit) != 0) return system_error("look at the limit of core files", errno);
    limit.rlim_cur = limit.rlim_max = std::min<rlim_t>(limit.rlim_max, 1);
    if (::setrlimit(RLIMIT_CORE, &limit) != 0) return system_error("forbid core files", errno);
#ifdef ENDPOINTD_SANITIZED
    // LeakSanitizer traces its own process at the end, which a change of user has forbidden.
    if (::prctl(PR_SET_DUMPABLE, 1) != 0) return system_error("allow tracing", errno);
#else
    if (::prctl(PR_SET_DUMPABLE, 0) != 0 || ::prctl(PR_GET_DUMPABLE) != 0) return fail(Errc::io, "forbidding memory dumps did not stick");
#endif
    return {};
}

}  // namespace endpointd::exec
