#include "exec/orphans.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "exec/children.hpp"

namespace endpointd::exec {
bool Orphans::belongs_to_a_run(pid_t pid, Seen& seen, const OrphanContext& context) {
    const pid_t group = ::getpgid(pid);
    const pid_t session = ::getsid(pid);
    if ((group > 0 && context.is_running_group(group)) || (session > 0 && context.is_running_group(session))) return true;
    if (!seen.looked) seen.run = context.marked_run(pid);
    seen.looked = true;
    return seen.run && context.is_running_mark(*seen.run);
}

void Orphans::expect(SteadyTime now) {
    pause_ = kSweepEvery;
    const SteadyTime soon = std::max(now, last_ + kSweepEvery);
    if (!next_ || *next_ > soon) next_ = soon;
}

void Orphans::sweep(SteadyTime now, const OrphanContext& context) {
    last_ = now;
    next_.reset();
    std::map<pid_t, Seen> still;
    bool again = false;
    stuck_ = 0;
    for (const pid_t pid : list_children()) {
        if (context.is_ours(pid)) continue;
        const auto before = seen_.find(pid);
        const Seen seen = before == seen_.end() ? Seen{context.last_spawn, false, {}, false} : before->second;
        if (context.oldest_unanswered <= seen.since) {
            // Perhaps a plugin whose spawner has not told us yet.
            again = true;
            still.emplace(pid, seen);
            continue;
        }
        // A zombie's number stays taken until it is reaped, so nobody else is hit.
        if (::waitpid(pid, nullptr, WNOHANG) != 0) continue;
        Seen& kept = still.emplace(pid, seen).first->second;
        if (belongs_to_a_run(pid, kept, context)) continue;  // the end of that run brings us back
        if (kept.killed) ++stuck_;
        kept.killed = true;
        context.kill(pid);
        again = true;
    }
    const bool storm = still.size() > seen_.size() + kStorm;
    seen_ = std::move(still);
    if (!again) return;
    next_ = now + pause_;
    // Who forks faster than he can be asked is not left more time.
    if (storm && context.oldest_unanswered == UINT64_MAX) return outrun(context);
    pause_ = std::min<std::chrono::milliseconds>(pause_ * 2, kSweepSlowest);
}

// Processes that fork, leave and end in a loop are gone before they have been looked at:
// these are killed as they are listed, unless a run's group or session holds them. (While
// a spawner starts something its plugin cannot be told from them, and they are looked at.)
void Orphans::outrun(const OrphanContext& context) {
    const auto until = std::chrono::steady_clock::now() + kOutrun;
    for (bool any = true; any && std::chrono::steady_clock::now() < until;) {
        any = false;
        for (const pid_t pid : list_children()) {
            if (context.is_ours(pid) || ::waitpid(pid, nullptr, WNOHANG) != 0) continue;
            const pid_t group = ::getpgid(pid);
            const pid_t session = ::getsid(pid);
            if ((group > 0 && context.is_running_group(group)) || (session > 0 && context.is_running_group(session))) continue;
            context.kill(pid);
            any = true;
        }
    }
}

}  // namespace endpointd::exec
