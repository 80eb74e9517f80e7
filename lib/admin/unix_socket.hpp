#pragma once
// The admin socket in the file system: bound with mode 0660 and its group before
// anybody can connect, a stale one replaced, a living one left alone. Blocking,
// at start only.

#include <memory>
#include <optional>
#include <string>

#include "admin/backend.hpp"
#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace endpointd::admin {

// A listening socket at `path`. Errors are sentences that name the path and what to do.
Result<UniqueFd> listen_at(const std::string& path, const std::optional<std::string>& group);

// Who connected `fd` (SO_PEERCRED).
Result<Caller> caller_of(int fd);

// True if `pid` is `ancestor` or was started by it or by one of its descendants, as
// /proc says now; also true if that cannot be found out any more.
bool descends_from(pid_t pid, pid_t ancestor);

// The user's name from /etc/passwd, else "uid 1000". The file alone is read, not
// the name services: those may block on a network, and may load code.
std::string user_name(uid_t uid);

}  // namespace endpointd::admin
