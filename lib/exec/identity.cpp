#include "exec/identity.hpp"

#include <grp.h>
#include <unistd.h>

#include <cerrno>

namespace endpointd::exec {

Identity own_identity() {
    Identity identity{::geteuid(), ::getegid(), {}};
    const int count = ::getgroups(0, nullptr);
    if (count > 0) {
        identity.groups.resize(static_cast<std::size_t>(count));
        const int got = ::getgroups(count, identity.groups.data());
        identity.groups.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    }
    return identity;
}

Result<Identity> identity_of(const User& user) {
    Identity identity{user.uid, user.gid, std::vector<gid_t>(kGroups)};
    int count = static_cast<int>(kGroups);
    if (::getgrouplist(user.name.c_str(), user.gid, identity.groups.data(), &count) < 0)
        return fail(Errc::too_large, "user " + user.name + " is in more than " + std::to_string(kGroups) + " groups");
    identity.groups.resize(static_cast<std::size_t>(count));
    return identity;
}

Result<void> become(const Identity& identity) {
    uid_t real_uid = 0, uid = 0, saved_uid = 0;
    gid_t real_gid = 0, gid = 0, saved_gid = 0;
    ::getresuid(&real_uid, &uid, &saved_uid);
    if (real_uid == identity.uid && uid == identity.uid && saved_uid == identity.uid) return {};
    const std::string who = "user " + std::to_string(identity.uid);
    if (uid != 0) return fail(Errc::not_permitted, "only root can become " + who);
    if (::setgroups(identity.groups.size(), identity.groups.data()) != 0) return system_error("set the groups of " + who, errno);
    if (::setresgid(identity.gid, identity.gid, identity.gid) != 0) return system_error("become the group of " + who, errno);
    if (::setresuid(identity.uid, identity.uid, identity.uid) != 0) return system_error("become " + who, errno);
    ::getresuid(&real_uid, &uid, &saved_uid);
    ::getresgid(&real_gid, &gid, &saved_gid);
    if (real_uid != identity.uid || uid != identity.uid || saved_uid != identity.uid || real_gid != identity.gid || gid != identity.gid ||
        saved_gid != identity.gid)
        return fail(Errc::not_permitted, "becoming " + who + " did not stick");
    if (identity.uid != 0 && (::setuid(0) == 0 || ::seteuid(0) == 0))
        return fail(Errc::not_permitted, "root could be had back after becoming " + who);
    return {};
}

}  // namespace endpointd::exec
