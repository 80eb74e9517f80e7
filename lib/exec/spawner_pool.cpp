#include "exec/spawner_pool.hpp"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace endpointd::exec {

struct SpawnerPool::Spawner {
    std::uint64_t id;
    std::string sandbox;  // its spec's key
    pid_t pid;
    Channel channel;
    SteadyTime started;
    std::map<std::uint64_t, std::uint64_t> requests = {};  // unanswered: id to sequence number
    SteadyTime used = {};
    SteadyTime answered = {};  // or began to have something to answer
    bool wants_write = false;
    bool ready = false;    // in its sandbox
    bool retired = false;  // takes no more requests
};

SpawnerPool::SpawnerPool(const Log& log, const Clock& clock, LauncherClient& launcher, SpawnerPoolEvents events)
    : log_(log), clock_(clock), launcher_(launcher), events_(std::move(events)) {}

SpawnerPool::~SpawnerPool() = default;

Result<void> SpawnerPool::spawn(SteadyTime now, const SandboxSpec& sandbox, const SpawnRequest& request, std::vector<UniqueFd> fds) {
    auto picked = pick(now, sandbox);
    if (!picked) return picked.error();
    Spawner& spawner = **picked;
    spawner.used = now;
    if (spawner.requests.empty()) spawner.answered = now;
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

void SpawnerPool::retire(std::string_view sandbox) {
    for (auto it = spawners_.begin(); it != spawners_.end();) {
        Spawner& spawner = *it->second;
        if (sandbox.empty() || spawner.sandbox == sandbox) spawner.retired = true;
        it = spawner.retired && spawner.requests.empty() ? end_idle(it) : std::next(it);
    }
}

Result<SpawnerPool::Spawner*> SpawnerPool::pick(SteadyTime now, const SandboxSpec& sandbox) {
    Spawner* best = nullptr;
    std::size_t alike = 0;
    for (const auto& [id, spawner] : spawners_) {
        if (now - spawner->started >= kSpawnerAge) spawner->retired = true;
        if (spawner->retired || spawner->sandbox != sandbox.key) continue;
        ++alike;
        if (!best || spawner->requests.size() < best->requests.size()) best = spawner.get();
    }
    if (best && (alike >= kSpawnersPerSandbox || best->requests.size() < kBusyRequests)) return best;
    auto started = start(now, sandbox);
    if (!started && best) return best;
    return started;
}

// The one that has had nothing to do for the longest time. False: all are busy.
bool SpawnerPool::make_room() {
    auto oldest = spawners_.end();
    for (auto it = spawners_.begin(); it != spawners_.end(); ++it)
        if (it->second->requests.empty() && (oldest == spawners_.end() || it->second->used < oldest->second->used)) oldest = it;
    if (oldest == spawners_.end()) return false;
    end_idle(oldest);
    return true;
}

SpawnerPool::Table::iterator SpawnerPool::end_idle(Table::iterator spawner) {
    const auto next = spawners_.erase(spawner);  // its socket closes, and it ends
    events_.ended();
    return next;
}

Result<SpawnerPool::Spawner*> SpawnerPool::start(SteadyTime now, const SandboxSpec& sandbox) {
    if (spawners_.size() >= kSandboxes * kSpawnersPerSandbox && !make_room()) return fail(Errc::too_large, "too many sandboxes at once");
    auto profile = builder_.build(sandbox);
    if (!profile) return profile.error();
    const std::size_t rules = profile->paths.size();
    auto process = launcher_.start_spawner(sandbox.identity, std::move(*profile));
    if (!process) return process.error();
    const std::uint64_t id = next_spawner_++;
    log_.debug("spawner", "started", {{"pid", process->pid}, {"identity", sandbox.identity}, {"rules", rules}});
    auto spawner =
        std::unique_ptr<Spawner>(new Spawner{id, sandbox.key, process->pid, Channel(std::move(process->socket), kSpawnReplyBytes, 1), now});
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
        if (!spawner.ready) {
            const auto ready = decode_spawner_ready(received->message.bytes);
            if (!ready) return remove(id);
            if (!ready->error.empty()) return remove(id, ready->error);
            spawner.ready = true;
            continue;
        }
        auto reply = decode_spawn_reply(received->message.bytes);
        const auto request = reply ? spawner.requests.find(reply->id) : spawner.requests.end();
        if (request == spawner.requests.end()) return remove(id);
        unanswered_.erase(request->second);
        spawner.requests.erase(request);
        spawner.answered = clock_.steady();
        SpawnResult result{*reply, {}};
        if (!received->message.fds.empty()) result.pidfd = std::move(received->message.fds.front());
        events_.started(std::move(result));
    }
}

void SpawnerPool::remove(std::uint64_t id, const std::string& why) {
    const auto found = spawners_.find(id);
    if (found == spawners_.end()) return;
    const std::unique_ptr<Spawner> spawner = std::move(found->second);
    spawners_.erase(found);
    // Our child and not reaped yet: the number is still its own.
    launcher_.kill(spawner->pid, false, SIGKILL);
    std::vector<std::uint64_t> lost;
    for (const auto& [request, sequence] : spawner->requests) {
        lost.push_back(request);
        unanswered_.erase(sequence);
    }
    log_.warning("spawner", why.empty() ? "ended unexpectedly" : "could not confine itself",
                 {{"pid", spawner->pid}, {"lost", lost.size()}, {"why", why}});
    events_.ended();
    if (!lost.empty()) events_.lost(lost, why);
}

void SpawnerPool::tick(SteadyTime now) {
    std::vector<std::uint64_t> stuck;
    for (auto it = spawners_.begin(); it != spawners_.end();) {
        Spawner& spawner = *it->second;
        if (!spawner.requests.empty() && now - spawner.answered >= kSpawnerStuck) stuck.push_back(spawner.id);
        const bool over = spawner.requests.empty() && (spawner.retired || now - spawner.used >= kSpawnerIdle);
        it = over ? end_idle(it) : std::next(it);
    }
    for (const std::uint64_t id : stuck) remove(id);
}

std::optional<SteadyTime> SpawnerPool::next() const {
    std::optional<SteadyTime> first;
    for (const auto& [id, spawner] : spawners_) {
        const SteadyTime when = spawner->requests.empty() ? spawner->used + kSpawnerIdle : spawner->answered + kSpawnerStuck;
        if (!first || when < *first) first = when;
    }
    return first;
}

bool SpawnerPool::is_spawner(pid_t pid) const {
    return std::any_of(spawners_.begin(), spawners_.end(), [pid](const auto& entry) { return entry.second->pid == pid; });
}

}  // namespace endpointd::exec
