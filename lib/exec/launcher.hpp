#pragma once
// The launcher: the process beside the runner that starts its spawners, and the
// only one that keeps root where commands have a run_as. It knows no catalog, no
// JSON and no user's name. The runner tells it once which identities there are
// (before it has read a byte of anybody's), and whether rights may be gained; from
// then on a spawner can only be one of those. What is not needed is given up there
// and then: without another identity the launcher becomes the daemon's user, and
// without an allow_setuid command it sets no_new_privs. Its child processes are the
// runner's (CLONE_PARENT). It ends when its socket closes.
//
// These are the messages, over a Channel whose other end is in the runner, and the
// process itself. One thread.

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "exec/sandbox.hpp"

namespace endpointd::exec {

// Users of one catalog's run_as.
inline constexpr std::size_t kIdentities = 256;
// Bytes of a request: the rules of a sandbox.
inline constexpr std::size_t kLauncherRequestBytes = 4 * 1024 * 1024;
inline constexpr std::size_t kLauncherReplyBytes = 4096;

// Once, and first.
struct Settle {
    std::vector<Identity> identities;  // the first one is the daemon's user
    bool no_new_privs = true;
};
struct StartSpawner {
    std::uint32_t identity = 0;  // index into those of Settle
    SandboxProfile profile;
};
// Only for children of the runner that it may not signal itself: they are another user's.
struct KillChild {
    pid_t pid = 0;
    bool group = false;  // with its process group, which it leads
    std::int32_t signal = 0;
};
// Which run a child of the runner belongs to, as its environment says. Who is confined
// may not look into another's process.
struct AskRun {
    pid_t pid = 0;
};

using LauncherRequest = std::variant<Settle, StartSpawner, KillChild, AskRun>;

// With one descriptor, the spawner's socket, where a spawner was started.
struct LauncherReply {
    std::string error;  // empty: done
    bool root = false;  // Settle: it is still root
    bool confines = false;  // Settle: also what may gain rights
    pid_t pid = 0;      // StartSpawner: of the spawner; Settle: its own
    std::optional<std::uint64_t> run = {};
};

std::string encode(const LauncherRequest& request);
Result<LauncherRequest> decode_launcher_request(std::string_view bytes);
std::string encode(const LauncherReply& reply);
Result<LauncherReply> decode_launcher_reply(std::string_view bytes);

// Serves `socket` (non-blocking) until it closes.
[[noreturn]] void launcher_main(UniqueFd socket);

}  // namespace endpointd::exec
