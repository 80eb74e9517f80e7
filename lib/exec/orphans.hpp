#pragma once
// What escapes a plugin's process group (setsid, double fork) becomes a child of
// the runner when its parent ends, because the runner is a subreaper. The kernel
// does not say so; this looks at the runner's children after a run has ended,
// kills those that belong to no run and reaps them, until none is left. One that
// never loses its parent dies with the group. Owned by the runner, its one thread.

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>

#include "base/clock.hpp"

namespace endpointd::exec {

// Between two looks: under load one look serves many runs.
inline constexpr std::chrono::milliseconds kSweepEvery{50};
// While something does not die (an uninterruptible sleep), looks get rarer.
inline constexpr std::chrono::seconds kSweepSlowest{5};

// More new ones than that at one look are running from it; how long they are then run
// after without a pause.
inline constexpr std::size_t kStorm = 8;
inline constexpr std::chrono::milliseconds kOutrun{50};

struct OrphanContext {
    // The runner's own: spawners and the main processes of runs.
    std::function<bool(pid_t)> is_ours;
    // A run that is under way, by its process group and by the mark in its environment.
    std::function<bool(pid_t)> is_running_group;
    std::function<bool(std::uint64_t)> is_running_mark;
    // Which run its environment names, and SIGKILL: both may take another process's help.
    std::function<std::optional<std::uint64_t>(pid_t)> marked_run;
    std::function<void(pid_t)> kill;
    // Numbers of spawn requests: the last one sent and the oldest one unanswered. A
    // child that is not known yet may be what a spawner has just started.
    std::uint64_t last_spawn = 0;
    std::uint64_t oldest_unanswered = UINT64_MAX;
};

class Orphans {
public:
    // A run has ended (or a spawner has): look soon.
    void expect(SteadyTime now);
    // This child is known by now; its number may come back as another process's.
    void forget(pid_t pid) { seen_.erase(pid); }
    // When sweep() wants to be called.
    std::optional<SteadyTime> next() const noexcept { return next_; }
    void sweep(SteadyTime now, const OrphanContext& context);
    // How many were killed before the last look and were still there at it.
    std::size_t stuck() const noexcept { return stuck_; }

private:
    struct Seen {
        std::uint64_t since = 0;  // which spawn request
        // The run its environment named when we first looked. A process can rewrite its
        // environment, so what it says later spares it no more.
        bool looked = false;
        std::optional<std::uint64_t> run;
        bool killed = false;
    };
    static void outrun(const OrphanContext& context);
    static bool belongs_to_a_run(pid_t pid, Seen& seen, const OrphanContext& context);

    std::map<pid_t, Seen> seen_;
    std::size_t stuck_ = 0;
    std::optional<SteadyTime> next_;
    SteadyTime last_{};
    std::chrono::milliseconds pause_{kSweepEvery};
};

}  // namespace endpointd::exec
