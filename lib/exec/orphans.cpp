#include "exec/orphans.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <string_view>

#include "base/limits.hpp"
#include "base/unique_fd.hpp"
#include "exec/children.hpp"

namespace endpointd::exec {
namespace {

// The run that started this process, as its environment says. A process may have
// changed that, and is then one that belongs to no run.
std::optional<std::uint64_t> marked_run(pid_t pid) {
    const UniqueFd file(::open(("/proc/" + std::to_string(pid) + "/environ").c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return std::nullopt;
    // Shells hand their variables on in an order of their own, so the mark may be anywhere.
    std::string text(1, '\0');
    std::array<char, 4096> buffer;
    while (text.size() < limits::kArgvBytes) {
        const ssize_t got = ::read(file.get(), buffer.data(), buffer.size());
        if (got <= 0) break;
        text.append(buffer.data(), static_cast<std::size_t>(got));
    }
    const std::string mark = std::string(1, '\0') + kRunVariable + "=";
    const std::size_t found = text.find(mark);
    if (found == std::string::npos) return std::nullopt;
    const std::string_view value = std::string_view(text).substr(found + mark.size());
    std::uint64_t id = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), id);
    if (error != std::errc() || end == value.data()) return std::nullopt;
    return id;
}

}  // namespace

bool Orphans::belongs_to_a_run(pid_t pid, Seen& seen, const OrphanContext& context) {
    const pid_t group = ::getpgid(pid);
    const pid_t session = ::getsid(pid);
    if ((group > 0 && context.is_running_group(group)) || (session > 0 && context.is_running_group(session))) return true;
    if (!seen.looked) seen.run = marked_run(pid);
    seen.looked = true;
    return seen.run && context.is_running_id(*seen.run);
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
    for (const pid_t pid : list_children()) {
        if (context.is_ours(pid)) continue;
        const auto before = seen_.find(pid);
        const Seen seen = before == seen_.end() ? Seen{context.last_spawn, false, {}} : before->second;
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
        ::kill(pid, SIGKILL);
        again = true;
    }
    seen_ = std::move(still);
    if (!again) return;
    next_ = now + pause_;
    pause_ = std::min<std::chrono::milliseconds>(pause_ * 2, kSweepSlowest);
}

}  // namespace endpointd::exec
