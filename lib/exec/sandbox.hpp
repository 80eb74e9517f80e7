#pragma once
// A sandbox as the privileged side takes it: ready to be applied, without catalog
// and without names. A spawner enters one before it starts anything, and all that
// it starts inherits it. Called once in a process, while it is single-threaded.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "exec/identity.hpp"

namespace endpointd::exec {

// Rules of one sandbox: a listed tree with something hidden in it becomes one for
// each of its other entries.
inline constexpr std::size_t kPathRules = 16 * 1024;
inline constexpr std::size_t kPathBytes = 4096;
// Bytes of all its paths: the rules travel to the launcher in one message.
inline constexpr std::size_t kPathsBytes = 3 * 1024 * 1024;
// Instructions of a seccomp program: the kernel's own bound.
inline constexpr std::size_t kFilterInstructions = 4096;
inline constexpr std::size_t kFilterBytes = kFilterInstructions * 8;

struct PathRule {
    std::string path;  // resolved: its last step is not followed if it is a link
    std::uint64_t access = 0;
};

struct SandboxProfile {
    // False: what is started may gain rights by a set-user-ID bit. A process without
    // CAP_SYS_ADMIN can then install neither Landlock nor seccomp, and goes without.
    bool no_new_privs = true;
    bool landlock = true;
    std::vector<PathRule> paths;
    std::string filter;  // the bytes of sock_filter instructions; empty: none
};

// What holds afterwards.
struct Sandboxed {
    int landlock = 0;  // ABI; 0: not confined by it
    bool seccomp = false;
    // A ruleset for each program on its own, to be enforced in the child: it keeps a
    // program from its neighbours (memory, /proc, and with ABI 6 signals). None without
    // Landlock or without no_new_privs, where a child could not enforce it.
    UniqueFd nested;
};

// Opens what the rules name, becomes `identity`, gives up every way to gain rights,
// and confines itself; in the order in which each step is still possible. Rules for
// what is not there are left out. After an error the process must end.
Result<Sandboxed> enter_sandbox(const Identity& identity, const SandboxProfile& profile);

// Whether we could confine what may gain rights: CAP_SYS_ADMIN. Root may lack it, if a
// service manager has taken it away.
bool may_confine_without_no_new_privs();

// Leaves the process that capability, and no other.
Result<void> keep_only_admin();

// Whether the kernel has seccomp filters.
bool has_seccomp();

// 0 or 1, and nothing else: a message has one form.
bool get(ByteReader& in, bool& flag);
void put(ByteWriter& out, const SandboxProfile& profile);
bool get(ByteReader& in, SandboxProfile& profile);
void put(ByteWriter& out, const Identity& identity);
bool get(ByteReader& in, Identity& identity);

}  // namespace endpointd::exec
