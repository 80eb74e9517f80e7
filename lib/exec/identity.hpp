#pragma once
// Who a process becomes, in numbers: what the privileged side needs of a user
// without asking any name service. Plain values; any thread.

#include <sys/types.h>

#include <vector>

#include "base/result.hpp"
#include "exec/confine.hpp"

namespace endpointd::exec {

// Supplementary groups of one user; Linux takes 65536, people have dozens.
inline constexpr std::size_t kGroups = 1024;

struct Identity {
    uid_t uid = 0;
    gid_t gid = 0;
    std::vector<gid_t> groups;

    bool operator==(const Identity&) const = default;
};

// As the process is now.
Identity own_identity();

// Asks the name service for the user's groups.
Result<Identity> identity_of(const User& user);

// See become() in confine.hpp.
Result<void> become(const Identity& identity);

}  // namespace endpointd::exec
