#pragma once
// A spawner: a process that is one user in one sandbox, for good, and starts
// programs as that user and in there; nothing else. This is what runs in it, and
// the messages that travel between it and the runner, over a Channel. The programs
// it starts are the runner's children. It ends when its socket closes.

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.hpp"
#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "exec/fd_pass.hpp"
#include "exec/sandbox.hpp"
#include "exec/spawn.hpp"

namespace endpointd::exec {

// The first message of a spawner: what its sandbox is, or why there is none.
struct SpawnerReady {
    std::string error;  // empty: it is ready
    std::int32_t landlock = 0;
    bool seccomp = false;
};

// With the program, the write end of its output, and what is passed to it.
struct SpawnRequest {
    std::uint64_t id = 0;
    std::string path;     // to be executed by it; empty: the descriptor itself is executed
    bool script = false;  // the program is also the first descriptor passed to itself
    std::vector<std::string> argv;
    std::vector<std::string> env;
    ResourceLimits limits;
};

// With one descriptor, the pidfd, if the program was started.
struct SpawnReply {
    std::uint64_t id = 0;
    std::int32_t pid = 0;         // 0: there was no process at all
    std::int32_t error_code = 0;  // errno, if it was not started
};

// The program and its output; what is passed to it comes behind them.
inline constexpr std::size_t kSpawnRequestFds = 2;
// Descriptors passed to one program: its secrets.
inline constexpr std::size_t kPassedFds = kPacketFds - kSpawnRequestFds;
// Words of argv, and of the environment: each takes a byte of limits::kArgvBytes at least.
inline constexpr std::size_t kSpawnWords = limits::kArgvBytes;
// Bytes of a request: argv and environment with secrets, the length of each word, a path.
inline constexpr std::size_t kSpawnRequestBytes = 2 * 1024 * 1024;
inline constexpr std::size_t kSpawnReplyBytes = 2048;

std::string encode(const SpawnerReady& ready);
Result<SpawnerReady> decode_spawner_ready(std::string_view bytes);
std::string encode(const SpawnRequest& request);
Result<SpawnRequest> decode_spawn_request(std::string_view bytes);
std::string encode(const SpawnReply& reply);
Result<SpawnReply> decode_spawn_reply(std::string_view bytes);

// Enters the sandbox, says so, and serves `socket` (non-blocking) until it closes.
[[noreturn]] void spawner_main(int socket, const Identity& identity, const SandboxProfile& profile);

}  // namespace endpointd::exec
