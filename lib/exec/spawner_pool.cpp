#include "exec/spawner_pool.hpp"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace endpointd::exec {

struct SpawnerPool::Spawner {
    std::uint64_t id;
    std::string run_as;  // empty: the default user
    pid_t pid;
    Channel channel;
    std::map<std::uint64_t, std::uint64_t> requests = {};  // unanswered: id to sequence number
    SteadyTime used = {};
    bool wants_write = false;
};

SpawnerPool::SpawnerPool(const Log& log, std::optional<User> default_user, SpawnerPoolEvents events)
    : log_(log), default_user_(std::move(default_user)), events_(std::move(events)) {}

SpawnerPool::~SpawnerPool() = default;

Result<void> SpawnerPool::spawn(SteadyTime now, const std::optional<std::string>& run_as, const SpawnRequest& request,
                                std::vector<UniqueFd> fds) {
    auto picked = pick(run_as.value_or(std::string()));
    if (!picked) return picked.error();
    Spawner& spawner = **picked;
    spawner.used = now;
    const std::uint64_t sequence = ++sequence_;
    spawner.requests.emplace(request.id, sequence);
    unanswered_.insert(sequence);
    if (auto sent = spawner.channel.send(encode(request), std::move(fds)); !sent) {
        // It died since we last heard of it. This request was not yet taken from us;
        // the others' fate is reported by remove().
        spawner.requests.erase(request.id);
        unanswered_.erase(sequence);
        remove(spawner.id);
        return sent;
    }
    if (spawner.channel.waiting() && !spawner.wants_write) {
        spawner.wants_write = true;
        events_.watch(spawner.channel.fd(), spawner.id, true);
    }
    return {};
}

Result<SpawnerPool::Spawner*> SpawnerPool::pick(const std::string& run_as) {
    Spawner* best = nullptr;
    std::size_t of_user = 0;
    for (const auto& [id, spawner] : spawners_) {
        if (spawner->run_as != run_as) continue;
        ++of_user;
        if (!best || spawner->requests.size() < best->requests.size()) best = spawner.get();
    }
    if (best && (of_user >= kSpawnersPerUser || best->requests.size() < kBusyRequests)) return best;
    auto started = start(run_as);
    if (!started && best) return best;
    return started;
}

Result<SpawnerPool::Spawner*> SpawnerPool::start(const std::string& run_as) {
    if (spawners_.size() >= kSpawnerUsers * kSpawnersPerUser) return fail(Errc::too_large, "too many users at once");
    std::optional<User> user = default_user_;
    if (!run_as.empty()) {
        auto found = find_user(run_as);
        if (!found) return found.error();
        if (found->uid != ::geteuid() && ::geteuid() != 0)
            return fail(Errc::not_permitted, "run_as " + run_as + " needs a runner that is started as root");
        // Root by name is what an operator wrote; there is nothing to become then.
        user = found->uid == ::geteuid() ? std::nullopt : std::optional<User>(std::move(*found));
    }
    auto process = fork_spawner(user);
    if (!process) return process.error();
    const std::uint64_t id = next_spawner_++;
    log_.debug("spawner", "started", {{"pid", process->pid}, {"user", user ? user->name : "own"}});
    auto spawner =
        std::unique_ptr<Spawner>(new Spawner{id, run_as, process->pid, Channel(std::move(process->socket), kSpawnReplyBytes, 1)});
    Spawner* borrowed = spawner.get();
    spawners_.emplace(id, std::move(spawner));
    events_.watch(borrowed->channel.fd(), id, false);
    return borrowed;
}

void SpawnerPool::ready(std::uint64_t id, bool readable, bool writable) {
    const auto found = spawners_.find(id);
    if (found == spawners_.end()) return;
    Spawner& spawner = *found->second;
    if (writable && spawner.wants_write) {
        if (!spawner.channel.flush()) return remove(id);
        if (!spawner.channel.waiting()) {
            spawner.wants_write = false;
            events_.watch(spawner.channel.fd(), id, false);
        }
    }
    if (!readable) return;
    for (;;) {
        auto received = spawner.channel.receive();
        if (!received || received->state == Channel::Received::State::closed) return remove(id);
        if (received->state == Channel::Received::State::nothing) return;
        auto reply = decode_spawn_reply(received->message.bytes);
        const auto request = reply ? spawner.requests.find(reply->id) : spawner.requests.end();
        if (request == spawner.requests.end()) return remove(id);
        unanswered_.erase(request->second);
        spawner.requests.erase(request);
        SpawnResult result{*reply, {}};
        if (!received->message.fds.empty()) result.pidfd = std::move(received->message.fds.front());
        events_.started(std::move(result));
    }
}

void SpawnerPool::remove(std::uint64_t id) {
    const auto found = spawners_.find(id);
    if (found == spawners_.end()) return;
    const std::unique_ptr<Spawner> spawner = std::move(found->second);
    spawners_.erase(found);
    // Our child and not reaped yet: the number is still its own.
    ::kill(spawner->pid, SIGKILL);
    std::vector<std::uint64_t> lost;
    for (const auto& [request, sequence] : spawner->requests) {
        lost.push_back(request);
        unanswered_.erase(sequence);
    }
    log_.warning("spawner", "ended unexpectedly", {{"pid", spawner->pid}, {"lost", lost.size()}});
    events_.ended();
    if (!lost.empty()) events_.lost(lost);
}

void SpawnerPool::give_up(std::uint64_t request_id) {
    for (const auto& [id, spawner] : spawners_) {
        const auto request = spawner->requests.find(request_id);
        if (request == spawner->requests.end()) continue;
        unanswered_.erase(request->second);
        spawner->requests.erase(request);
        return remove(id);
    }
}

void SpawnerPool::tick(SteadyTime now) {
    for (auto it = spawners_.begin(); it != spawners_.end();) {
        Spawner& spawner = *it->second;
        if (!spawner.requests.empty() || now - spawner.used < kSpawnerIdle) {
            ++it;
            continue;
        }
        it = spawners_.erase(it);  // its socket closes, and it ends
        events_.ended();
    }
}

std::optional<SteadyTime> SpawnerPool::next() const {
    std::optional<SteadyTime> first;
    for (const auto& [id, spawner] : spawners_)
        if (spawner->requests.empty() && (!first || spawner->used + kSpawnerIdle < *first)) first = spawner->used + kSpawnerIdle;
    return first;
}

bool SpawnerPool::is_spawner(pid_t pid) const {
    return std::any_of(spawners_.begin(), spawners_.end(), [pid](const auto& entry) { return entry.second->pid == pid; });
}

}  // namespace endpointd::exec
