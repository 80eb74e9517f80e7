#pragma once
// A spawner: a process of the runner's that is one user, for good, and starts
// programs as that user; nothing else. This is what runs in it, and the two
// messages that travel between it and the runner, over a Channel. The plugins it
// starts are the runner's children. It ends when its socket closes.

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "exec/confine.hpp"

namespace endpointd::exec {

// With two descriptors: the plugin and the write end of its output.
struct SpawnRequest {
    std::uint64_t id = 0;
    std::string script;  // resolved path; empty: the descriptor itself is executed
    std::vector<std::string> argv;
    std::vector<std::string> env;
};

// With one descriptor, the pidfd, if the program was started.
struct SpawnReply {
    std::uint64_t id = 0;
    std::int32_t pid = 0;         // 0: there was no process at all
    std::int32_t error_code = 0;  // errno, if it was not started
};

inline constexpr std::size_t kSpawnRequestFds = 2;
// Bytes of a request: argv and environment, a path and the lengths.
inline constexpr std::size_t kSpawnRequestBytes = 1024 * 1024;
inline constexpr std::size_t kSpawnReplyBytes = 64;
inline constexpr std::size_t kSpawnWords = 64 * 1024;

std::string encode(const SpawnRequest& request);
Result<SpawnRequest> decode_spawn_request(std::string_view bytes);
std::string encode(const SpawnReply& reply);
Result<SpawnReply> decode_spawn_reply(std::string_view bytes);

// Forks a spawner that becomes `user` (none: it stays who we are; root only where
// a command asks for root by name). Returns in the runner only.
struct SpawnerProcess {
    pid_t pid = 0;
    UniqueFd socket;  // non-blocking
};
Result<SpawnerProcess> fork_spawner(const std::optional<User>& user);

}  // namespace endpointd::exec
