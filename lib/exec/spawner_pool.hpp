#pragma once
// The spawners of the runner: one per user and sandbox, a second one while load keeps
// the first busy, none when nothing is run for a while. Hands each request to the first that is
// not busy, and its answer back. Owned by the runner, its one thread.
//
// A plugin that is started is of no interest until it writes, ends or takes too long, and
// to be woken for each costs as much as to start a small one. So answers wait in the
// spawner's socket until collect() is called, at the latest by tick(), kCollectEvery after
// the request.

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "exec/channel.hpp"
#include "exec/launcher_client.hpp"
#include "exec/sandbox_builder.hpp"
#include "exec/spawner.hpp"

namespace endpointd::exec {

// The vfork of one overlaps with that of the other; more than two gain nothing
// measurable on machines where checks are the load.
inline constexpr std::size_t kSpawnersPerSandbox = 2;
// Unanswered requests of the first that call for a second.
inline constexpr std::size_t kBusyRequests = 3;
// Without a request for so long, a spawner ends.
inline constexpr std::chrono::seconds kSpawnerIdle{60};
// Without an answer for so long, a spawner is stuck (a program on a dead file system)
// and is killed; a busy machine answers within seconds.
inline constexpr std::chrono::seconds kSpawnerStuck{20};
// How long an answer may wait to be read. Longer than most plugins run.
inline constexpr std::chrono::milliseconds kCollectEvery{20};
// Older ones are replaced, so that a sandbox takes in what was installed since.
inline constexpr std::chrono::minutes kSpawnerAge{10};
// Sandboxes with spawners at the same time; each costs a process or two. For one
// more, an idle one ends.
inline constexpr std::size_t kSandboxes = 64;

// What of a descriptor wakes its owner; that its other end is gone does so always.
struct Interest {
    bool readable = true;
    bool writable = false;
};

struct SpawnResult {
    SpawnReply reply;
    UniqueFd pidfd;
};

struct SpawnerPoolEvents {
    std::function<void(SpawnResult)> started;  // also if it could not be started
    // A spawner ended with these unanswered; `why` in its own words, empty: it died.
    std::function<void(const std::vector<std::uint64_t>&, const std::string& why)> lost;
    std::function<void(int fd, std::uint64_t spawner, Interest)> watch;  // new socket, or other interest in it
    std::function<void()> ended;                                         // a spawner is gone and has to be reaped
};

class SpawnerPool {
public:
    // `launcher` must outlive it.
    SpawnerPool(const Log& log, const Clock& clock, LauncherClient& launcher, SpawnerPoolEvents events);
    ~SpawnerPool();

    // From the next spawner on: what is hidden from plugins.
    void use(SandboxBuilder builder) { builder_ = std::move(builder); }
    // A new catalog: spawners with sandboxes of the old one end when they are idle.
    void retire_all() { retire({}); }
    // Those of one sandbox: something that its rules name is another file now.
    void retire(std::string_view sandbox);

    // Errc::io or unavailable if no spawner could be started, too_large if its sandbox
    // cannot be built. May tell of earlier requests.
    Result<void> spawn(SteadyTime now, const SandboxSpec& sandbox, const SpawnRequest& request, std::vector<UniqueFd> fds);

    // Tells of what spawners have answered, and of no more than that.
    void collect();
    // Whoever has something to answer wakes us as soon as he does.
    void hurry();
    // The spawner's socket has something to read, or to write.
    void ready(std::uint64_t spawner, bool readable, bool writable);
    // Collects in time, ends idle spawners, and those that are stuck in starting something; when to be
    // called next.
    void tick(SteadyTime now);
    std::optional<SteadyTime> next() const;

    bool is_spawner(pid_t pid) const;
    std::size_t size() const noexcept { return spawners_.size(); }
    std::uint64_t last_spawn() const noexcept { return sequence_; }
    std::uint64_t oldest_unanswered() const noexcept { return unanswered_.empty() ? UINT64_MAX : *unanswered_.begin(); }

private:
    struct Spawner;
    void watch(Spawner& spawner, Interest interest);
    Result<Spawner*> pick(SteadyTime now, const SandboxSpec& sandbox);
    Result<Spawner*> start(SteadyTime now, const SandboxSpec& sandbox);
    void remove(std::uint64_t spawner, const std::string& why = {});
    bool make_room();
    using Table = std::map<std::uint64_t, std::unique_ptr<Spawner>>;
    Table::iterator end_idle(Table::iterator spawner);

    const Log& log_;
    const Clock& clock_;
    LauncherClient& launcher_;
    SandboxBuilder builder_{HiddenPaths{}};
    SpawnerPoolEvents events_;
    Table spawners_;
    std::set<std::uint64_t> unanswered_;
    std::uint64_t next_spawner_ = 1;
    std::uint64_t sequence_ = 0;
};

}  // namespace endpointd::exec
