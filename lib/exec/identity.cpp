#include "exec/identity.hpp"

#include <grp.h>
#include <unistd.h>

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
    return become("user " + std::to_string(identity.uid), identity.uid, identity.gid,
                  [&identity] { return ::setgroups(identity.groups.size(), identity.groups.data()) == 0; });
}

}  // namespace endpointd::exec
