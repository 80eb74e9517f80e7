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
    SteadyTime collect = {};   // while something is unanswered: when to look for answers
    Interest interest = {};
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
    if (spawner.requests.empty()) {
        spawner.answered = now;
        spawner.collect = now + kCollectEvery;
    }
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
    if (spawner.channel.waiting()) watch(spawner, {spawner.interest.readable, true});
    return {};
}

void SpawnerPool::watch(Spawner& spawner, Interest interest) {
    if (spawner.interest.readable == interest.readable && spawner.interest.writable == interest.writable) return;
    spawner.interest = interest;
    events_.watch(spawner.channel.fd(), spawner.id, interest);
}

void SpawnerPool::collect() {
    // One that died leaves the table.
    std::vector<std::uint64_t> asked;
    for (const auto& [id, spawner] : spawners_)
        if (!spawner->requests.empty()) asked.push_back(id);
    for (const std::uint64_t id : asked) ready(id, true, false);
}

void SpawnerPool::hurry() {
    for (const auto& [id, spawner] : spawners_)
        if (!spawner->requests.empty()) watch(*spawner, {true, spawner->interest.writable});
}

void SpawnerPool::retire(std::string_view sandbox) {
    for (auto it = spawners_.begin(); it != spawners_.end();) {
        Spawner& spawner = *it->second;
        if (sandbox.empty() || spawner.sandbox == sandbox) spawner.retired = true;
        it = spawner.retired && spawner.requests.empty() ? end_idle(it) : std::next(it);
    }
}

Result<SpawnerPool::Spawner*> SpawnerPool::pick(SteadyTime now, const SandboxSpec& sandbox) {
    const auto is_alike = [&](const Spawner& spawner) { return !spawner.retired && spawner.sandbox == sandbox.key; };
    const auto seems_busy = [&](const auto& entry) { return is_alike(*entry.second) && entry.second->requests.size() >= kBusyRequests; };
    if (std::any_of(spawners_.begin(), spawners_.end(), seems_busy)) collect();
    Spawner* best = nullptr;
    std::size_t alike = 0;
    for (const auto& [id, spawner] : spawners_) {
        if (now - spawner->started >= kSpawnerAge) spawner->retired = true;
        if (!is_alike(*spawner)) continue;
        ++alike;
        // Two that take turns are woken twice as often as one.
        if (spawner->requests.size() < kBusyRequests) return spawner.get();
        if (!best || spawner->requests.size() < best->requests.size()) best = spawner.get();
    }
    if (best && alike >= kSpawnersPerSandbox) return best;
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
    events_.watch(borrowed->channel.fd(), id, borrowed->interest);
    return borrowed;
}

void SpawnerPool::ready(std::uint64_t id, bool readable, bool writable) {
    const auto found = spawners_.find(id);
    if (found == spawners_.end()) return;
    Spawner& spawner = *found->second;
    if (writable && spawner.interest.writable) {
        if (!spawner.channel.flush()) return remove(id);
        if (!spawner.channel.waiting()) watch(spawner, {spawner.interest.readable, false});
    }
    if (!readable) return;
    // No call more than there are answers.
    do {
        auto received = spawner.channel.receive();
        if (!received || received->state == Channel::Received::State::closed) return remove(id);
        if (received->state == Channel::Received::State::nothing) {
            spawner.collect = clock_.steady() + kCollectEvery;
            return;
        }
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
    } while (!spawner.requests.empty());
    watch(spawner, {!spawner.ready, spawner.interest.writable});
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
    const auto is_late = [now](const auto& entry) { return !entry.second->requests.empty() && entry.second->collect <= now; };
    if (std::any_of(spawners_.begin(), spawners_.end(), is_late)) collect();
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
        const SteadyTime when =
            spawner->requests.empty() ? spawner->used + kSpawnerIdle : std::min(spawner->collect, spawner->answered + kSpawnerStuck);
        if (!first || when < *first) first = when;
    }
    return first;
}

bool SpawnerPool::is_spawner(pid_t pid) const {
    return std::any_of(spawners_.begin(), spawners_.end(), [pid](const auto& entry) { return entry.second->pid == pid; });
}

}  // namespace endpointd::exec
