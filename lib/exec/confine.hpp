#pragma once
// Who the daemon becomes, and how: one function, in the canonical order, that
// verifies that each step stuck. It does not limit files, system calls or
// sockets: what the user may do, the process may do. Called by the daemon, the
// runner and each spawner while they are single-threaded.

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>

#include "base/result.hpp"

namespace endpointd::exec {

struct User {
    std::string name;
    uid_t uid = 0;
    gid_t gid = 0;
};

// By name. Errc::not_found if there is none.
Result<User> find_user(const std::string& name);

// The user a daemon that was started as root becomes: the settings' `user`, else
// the owner of the state directory, `endpointd` if that is root (or the directory
// is not there yet). Never root: Errc::invalid.
Result<User> daemon_user(const std::optional<std::string>& configured, const std::string& state_dir);

// The user a daemon runs as: daemon_user() where we are root, otherwise who we are.
Result<User> running_user(const std::optional<std::string>& configured, const std::string& state_dir);

// Who, besides root, may own endpointd.json and conf.d, which are read before
// their `user` is known: who we are, or as root the owner of the state directory.
uid_t settings_owner(const std::string& state_dir);

// Groups (by `set_groups`, which leaves errno), group, user, each verified; then tries to
// come back, unless that is root, and fails if that works. Nothing is done where we are
// that user already. Only root becomes another. `who` is for messages.
Result<void> become(const std::string& who, uid_t uid, gid_t gid, const std::function<bool()>& set_groups);

// Supplementary groups, group, user; then tries to come back and fails if that
// works. Where we are already that user and nothing more, nothing is done.
Result<void> become_user(const User& user);

// Empties the bounding set as far as we may: with CAP_SETPCAP, so before root is
// given up. Without it the set stays, and no_new_privs is what makes it harmless.
void drop_bounding_set() noexcept;

// Every capability this thread has, ambient and inheritable ones included, also of
// a process that never was root; verified. The bounding set as drop_bounding_set().
Result<void> drop_capabilities();

// No program started from here on gains anything by its set-user-id bit or by file
// capabilities; inherited, for good. What seccomp and Landlock ask of the unprivileged.
Result<void> forbid_new_privileges();

// No core file and no /proc access for others of our user: what is in memory stays there.
Result<void> forbid_core_dumps();

}  // namespace endpointd::exec
