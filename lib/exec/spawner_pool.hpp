#pragma once
// The spawners of the runner: one per user, a second one while load keeps the
// first busy, none when nothing is run for a while. Hands each request to the
// least busy one and its answer back. Owned by the runner, its one thread.

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "exec/channel.hpp"
#include "exec/spawner.hpp"

namespace endpointd::exec {

// The vfork of one overlaps with that of the other; more than two gain nothing
// measurable on machines where checks are the load.
inline constexpr std::size_t kSpawnersPerUser = 2;
// Unanswered requests of the first that call for a second.
inline constexpr std::size_t kBusyRequests = 3;
// Without a request for so long, a spawner ends.
inline constexpr std::chrono::seconds kSpawnerIdle{60};
// Users with spawners at the same time; each costs a process or two.
inline constexpr std::size_t kSpawnerUsers = 64;

struct SpawnResult {
    SpawnReply reply;
    UniqueFd pidfd;
};

struct SpawnerPoolEvents {
    std::function<void(SpawnResult)> started;                                 // also if it could not be started
    std::function<void(const std::vector<std::uint64_t>&)> lost;              // a spawner died with these unanswered
    std::function<void(int fd, std::uint64_t spawner, bool writable)> watch;  // new socket, or other interest in it
    std::function<void()> ended;                                              // a spawner is gone and has to be reaped
};

class SpawnerPool {
public:
    // `default_user`: whom commands without run_as run as; none: who we are.
    SpawnerPool(const Log& log, std::optional<User> default_user, SpawnerPoolEvents events);
    ~SpawnerPool();

    // Errc::not_found for an unknown user, not_permitted where it takes root and we
    // are not, io if no spawner could be started.
    Result<void> spawn(SteadyTime now, const std::optional<std::string>& run_as, const SpawnRequest& request, std::vector<UniqueFd> fds);

    // The spawner's socket has something to read, or to write.
    void ready(std::uint64_t spawner, bool readable, bool writable);
    // Kills the spawner that holds this request: it is stuck in starting it.
    void give_up(std::uint64_t request_id);
    // Ends idle spawners; when to be called next.
    void tick(SteadyTime now);
    std::optional<SteadyTime> next() const;

    bool is_spawner(pid_t pid) const;
    std::size_t size() const noexcept { return spawners_.size(); }
    std::uint64_t last_spawn() const noexcept { return sequence_; }
    std::uint64_t oldest_unanswered() const noexcept { return unanswered_.empty() ? UINT64_MAX : *unanswered_.begin(); }

private:
    struct Spawner;
    Result<Spawner*> pick(const std::string& run_as);
    Result<Spawner*> start(const std::string& run_as);
    void remove(std::uint64_t spawner);

    const Log& log_;
    std::optional<User> default_user_;
    SpawnerPoolEvents events_;
    std::map<std::uint64_t, std::unique_ptr<Spawner>> spawners_;
    std::set<std::uint64_t> unanswered_;
    std::uint64_t next_spawner_ = 1;
    std::uint64_t sequence_ = 0;
};

}  // namespace endpointd::exec
