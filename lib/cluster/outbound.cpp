#include "cluster/outbound.hpp"

#include <algorithm>
#include <cmath>

namespace endpointd::cluster {

namespace {

using std::chrono::microseconds;
using std::chrono::seconds;

microseconds of_second(WallTime time) noexcept { return time.time_since_epoch() % seconds(1); }

store::OutboxMark mark_of(const store::OutboxMessage& message) noexcept { return {message.id, message.ts}; }

bool has_results(const policy::Grants& grants, std::string_view endpoint, std::string_view zone) {
    const std::vector<policy::Capability> granted = grants.granted(endpoint, zone);
    return std::ranges::find(granted, policy::Capability::results) != granted.end();
}

}  // namespace

Outbound::Outbound(OutboundParts parts, const store::OutboxState& state)
    : parts_(std::move(parts)),
      stored_positions_(state.positions),
      stored_remote_(state.remote),
      given_(state.last),
      newest_(state.last),
      size_(state.size),
      stored_last_(state.last.ts) {}

void Outbound::configure(OutboundRules rules) {
    rules_ = std::move(rules);
    const dsl::Topology& topology = *rules_.topology;
    std::map<std::string, std::vector<std::string>> wanted;
    const auto add = [&](const std::string& target, const std::string& endpoint, const std::string& zone) {
        if (has_results(*rules_.grants, endpoint, zone)) wanted[target].push_back(endpoint);
    };
    const dsl::Zone& own = topology.local_zone();
    for (const std::string& endpoint : own.endpoints)
        if (endpoint != topology.local_endpoint().name) add(endpoint, endpoint, own.name);
    // A zone and an endpoint may share a name.
    if (const dsl::Zone* parent = topology.zone(own.parent))
        for (const std::string& endpoint : parent->endpoints) add("zone:" + parent->name, endpoint, parent->name);

    std::erase_if(targets_, [&](const auto& target) { return !wanted.contains(target.first); });
    for (auto& [name, endpoints] : wanted) {
        const auto stored = stored_positions_.find(name);
        const std::string zone = topology.endpoint(endpoints.front())->zone;
        // What was kept is of before the start; a grant that comes back begins anew.
        const bool kept = !configured_ && stored != stored_positions_.end();
        const auto target = targets_.try_emplace(name, zone, kept ? stored->second : given_, given_.ts).first;
        target->second.endpoints = std::move(endpoints);
    }
    configured_ = true;
    write_positions();
    for (const auto& target : wanted) pump(target.first);
}

// Never a whole second, nor when it is sent again: such a position names a file of its
// sender's own log (protocol, 4.5), and confirms nothing.
store::OutboxMark Outbound::next_mark() {
    WallTime ts = std::max(parts_.clock.wall(), given_.ts + kStampStep);
    if (of_second(ts) < kStampStep) ts += kStampStep;
    given_ = {given_.id + 1, ts};
    return given_;
}

bool Outbound::may_see(const std::string& endpoint, std::string_view zone, const store::OutboxMessage& message) const {
    policy::Request request;
    request.capability = policy::Capability::results;
    request.host = message.host;
    if (message.service) request.service = *message.service;
    return rules_.grants->decide(endpoint, zone, request).allowed;
}

bool Outbound::is_for(const OutboundTarget& target, const store::OutboxMessage& message) const {
    const dsl::Topology& topology = *rules_.topology;
    if (!topology.can_access(target.zone(), message.zone)) return false;
    if (message.origin.empty()) return true;
    // Of our own zone only the sender itself has it.
    if (target.zone() == topology.local_zone().name) return target.endpoints.front() != message.origin;
    const dsl::Endpoint* origin = topology.endpoint(message.origin);
    return origin == nullptr || origin->zone != target.zone();
}

bool Outbound::is_due(const std::string& endpoint, const store::OutboxMessage& message) const {
    const dsl::Endpoint* known = rules_.topology->endpoint(endpoint);
    if (known == nullptr || !known->log_duration) return true;
    const auto here = here_.find(endpoint);
    return (here != here_.end() && message.created >= here->second.second) || message.created + *known->log_duration > parts_.clock.wall();
}

// None: the message is damaged.
std::optional<std::string> Outbound::rendered(const std::string& endpoint, const OutboundTarget& target,
                                              const store::OutboxMessage& message, bool fresh) const {
    std::optional<std::string_view> service;
    if (message.service) service = *message.service;
    const std::vector<std::string> fields = rules_.grants->redacted(endpoint, target.zone(), message.host, service, false);
    const Duration back = target.back(message.ts);
    const bool as_it_is = fields.empty() && back == Duration(0);
    if (fresh && as_it_is) return message.payload;
    // A broken message would end the connection each time it is sent.
    std::optional<StateEvent> event = decode_state(message.payload);
    if (!event) return std::nullopt;
    if (as_it_is) return message.payload;
    redact(*event, fields);
    std::string origin_zone;
    if (const dsl::Endpoint* origin = rules_.topology->endpoint(message.origin);
        origin != nullptr && origin->zone != rules_.topology->local_zone().name)
        origin_zone = origin->zone;
    return encode(*event, {to_unix(message.ts - back), origin_zone});
}

void Outbound::relay(StateMessage message, const std::optional<Sender>& from) {
    const std::optional<policy::Checkable> subject = subject_of(message.event);
    if (!subject) return;
    store::OutboxMessage entry;
    entry.zone = std::move(message.zone);
    entry.host = subject->host;
    entry.service = subject->service;
    if (from) entry.origin = from->endpoint;
    const bool wanted = std::ranges::any_of(targets_, [&](const auto& target) {
        return is_for(target.second, entry) && std::ranges::any_of(target.second.endpoints, [&](const std::string& endpoint) {
                   return may_see(endpoint, target.second.zone(), entry);
               });
    });
    if (!wanted) return;
    const store::OutboxMark mark = next_mark();
    entry.id = mark.id;
    entry.ts = mark.ts;
    entry.created = parts_.clock.wall();
    entry.method = wire::name_of(method_of(message.event));
    std::string origin_zone;
    if (const dsl::Endpoint* origin = rules_.topology->endpoint(entry.origin);
        origin != nullptr && origin->zone != rules_.topology->local_zone().name)
        origin_zone = origin->zone;
    entry.payload = encode(message.event, {to_unix(entry.ts), origin_zone});
    if (store::size_of(entry) > kOutboundBatchBytes) return note_dropped(1, "one of them is too large");
    pending_bytes_ += store::size_of(entry);
    pending_.push_back(std::move(entry));
    std::uint64_t lost = 0;
    for (; pending_bytes_ > kOutboundPendingBytes && pending_.size() > 1; ++lost) {
        pending_bytes_ -= store::size_of(pending_.front());
        pending_.pop_front();
    }
    if (lost != 0) note_dropped(lost, "the store does not keep up with them");
    submit_soon();
}

void Outbound::submit_soon() {
    if (append_failed_ || appending_ || pending_.empty()) return;
    if (pending_.size() >= kOutboundBatch || pending_bytes_ >= kOutboundBatchBytes) return submit();
    if (std::exchange(flush_asked_, true)) return;
    parts_.flush_soon();
}

void Outbound::flush() {
    flush_asked_ = false;
    if (!append_failed_) submit();
}

void Outbound::submit() {
    if (appending_ || pending_.empty()) return;
    auto batch = std::make_shared<std::vector<store::OutboxMessage>>();
    std::size_t bytes = 0;
    while (!pending_.empty() && batch->size() < kOutboundBatch) {
        const std::size_t size = store::size_of(pending_.front());
        if (!batch->empty() && bytes + size > kOutboundBatchBytes) break;
        bytes += size;
        pending_bytes_ -= size;
        batch->push_back(std::move(pending_.front()));
        pending_.pop_front();
    }
    appending_ = true;
    parts_.append(batch, rules_.max_size, [this, batch](const Result<store::OutboxSize>& size) { appended(*batch, size); });
}

void Outbound::appended(const std::vector<store::OutboxMessage>& batch, const Result<store::OutboxSize>& size) {
    appending_ = false;
    append_failed_ = !size;
    if (!size) {
        // The store has said why; the next tick tries again.
        for (auto message = batch.rbegin(); message != batch.rend(); ++message) {
            pending_bytes_ += store::size_of(*message);
            pending_.push_front(*message);
        }
        return;
    }
    size_ = *size;
    if (size->dropped != 0) note_dropped(size->dropped, "they are more than replay.max_size");
    const store::OutboxMark before = std::exchange(newest_, mark_of(batch.back()));
    stored_last_ = newest_.ts;
    for (auto& [name, target] : targets_) {
        // Whoever is behind gets these from the store, in their turn.
        if (target.reading || !target.page.empty() || target.cursor().id < before.id) continue;
        for (const store::OutboxMessage& message : batch)
            if (message.id > target.cursor().id && !hand_on(target, message, true)) break;
    }
    submit_soon();
}

bool Outbound::is_here(const OutboundTarget& target) const {
    return std::ranges::any_of(target.endpoints, [&](const std::string& endpoint) { return here_.contains(endpoint); });
}

bool Outbound::hand_on(OutboundTarget& target, const store::OutboxMessage& message, bool fresh) {
    const auto seen_by = [&](const std::string& endpoint) { return may_see(endpoint, target.zone(), message); };
    if (!is_for(target, message) || std::ranges::none_of(target.endpoints, seen_by)) {
        target.skipped(mark_of(message));
        return true;
    }
    std::vector<std::string> candidates = target.endpoints;
    std::ranges::stable_partition(candidates, [&](const std::string& endpoint) { return endpoint == target.carrier; });
    bool anybody = false, leaving = false;
    for (const std::string& endpoint : candidates) {
        if (!here_.contains(endpoint)) continue;
        if (!seen_by(endpoint) || !is_due(endpoint, message)) {
            anybody = true;
            continue;
        }
        const std::optional<std::string> payload = rendered(endpoint, target, message, fresh);
        if (!payload) {
            parts_.log.error("cluster", "a stored result is damaged and not sent", {{"id", static_cast<unsigned long long>(message.id)}});
            target.skipped(mark_of(message));
            return true;
        }
        switch (parts_.send(endpoint, *payload)) {
            case Handed::sent:
                target.sent(endpoint, mark_of(message));
                return true;
            case Handed::no_room:
                return false;
            case Handed::away:
                leaving = true;  // it is about to be closed()
                break;
        }
    }
    if (!anybody || leaving) return false;
    target.skipped(mark_of(message));
    return true;
}

void Outbound::pump(const std::string& name) {
    const auto found = targets_.find(name);
    if (found == targets_.end()) return;
    OutboundTarget& target = found->second;
    while (!target.page.empty()) {
        if (!hand_on(target, target.page.front(), false)) return;
        target.page.pop_front();
    }
    if (target.reading || target.cursor().id >= newest_.id || !is_here(target)) return;
    target.reading = true;
    parts_.read(target.cursor(),
                [this, name, generation = target.generation, newest = newest_](Result<std::vector<store::OutboxMessage>> page) {
                    page_read(name, generation, newest, std::move(page));
                });
}

void Outbound::page_read(const std::string& name, std::uint64_t generation, store::OutboxMark newest,
                         Result<std::vector<store::OutboxMessage>> page) {
    const auto found = targets_.find(name);
    if (found == targets_.end()) return;
    OutboundTarget& target = found->second;
    target.reading = false;
    if (!page) return;  // the store has said why; the next tick tries again
    if (target.generation == generation) {
        // What is not there any more was dropped.
        if (page->empty() && target.cursor().id < newest.id) target.skipped(newest);
        for (store::OutboxMessage& message : *page) target.page.push_back(std::move(message));
    }
    pump(name);
}

void Outbound::opened(const std::string& endpoint) {
    auto& [connections, since] = here_[endpoint];
    since = parts_.clock.wall();
    ++connections;
    for (auto& [name, target] : targets_) {
        if (std::ranges::find(target.endpoints, endpoint) == target.endpoints.end()) continue;
        target.doubt(endpoint);
        pump(name);
    }
}

void Outbound::closed(const std::string& endpoint) {
    const auto found = here_.find(endpoint);
    if (found == here_.end()) return;
    if (--found->second.first == 0) here_.erase(found);
    for (auto& [name, target] : targets_) {
        target.doubt(endpoint);
        pump(name);
    }
}

void Outbound::room(const std::string& endpoint) {
    for (auto& [name, target] : targets_)
        if (std::ranges::find(target.endpoints, endpoint) != target.endpoints.end()) pump(name);
}

void Outbound::acknowledged(const std::string& endpoint, double position) {
    const WallTime ts = from_unix(position);
    if (of_second(ts) == microseconds(0)) return;
    bool known = false;
    for (auto& [name, target] : targets_) {
        if (std::ranges::find(target.endpoints, endpoint) == target.endpoints.end()) continue;
        target.acknowledged(endpoint, ts);
        known = true;
    }
    // It remembers us from before our store was new, or our clock right: below that it hears nothing.
    if (known && ts > given_.ts && ts < parts_.clock.wall() + kStampAhead) given_.ts = ts;
}

void Outbound::tick() {
    if (std::exchange(append_failed_, false)) submit();
    write_positions();
    for (const auto& target : targets_) pump(target.first);
}

void Outbound::write_positions() {
    if (settling_) return;
    store::OutboxSettlement settlement;
    std::uint64_t everybody = given_.id;
    for (const auto& [name, target] : targets_) {
        everybody = std::min(everybody, target.confirmed().id);
        const auto stored = stored_positions_.find(name);
        if (stored == stored_positions_.end() || stored->second != target.confirmed()) settlement.positions[name] = target.confirmed();
    }
    for (const auto& stored : stored_positions_)
        if (!targets_.contains(stored.first)) settlement.positions[stored.first] = std::nullopt;
    for (const auto& [endpoint, position] : parts_.remote_positions()) {
        const auto stored = stored_remote_.find(endpoint);
        if (stored == stored_remote_.end() || stored->second != position) settlement.remote[endpoint] = position;
    }
    everybody = std::min(everybody, newest_.id);
    if (everybody > trimmed_) settlement.trim = everybody;
    if (given_.ts > stored_last_ && pending_.empty() && !appending_) settlement.last = given_;
    if (size_.messages != 0) settlement.oldest = parts_.clock.wall() - rules_.max_age;
    if (settlement.empty()) return;
    settling_ = true;
    parts_.settle(settlement, [this, settlement](const Result<store::OutboxSize>& size) {
        settling_ = false;
        if (!size) return;  // all of it is tried again
        size_ = *size;
        if (size->dropped != 0) note_dropped(size->dropped, "they are older than replay.max_age");
        for (const auto& [name, position] : settlement.positions) {
            if (position) stored_positions_[name] = *position;
            else stored_positions_.erase(name);
        }
        for (const auto& [endpoint, position] : settlement.remote) stored_remote_[endpoint] = position;
        if (settlement.last) stored_last_ = std::max(stored_last_, settlement.last->ts);
        if (size_.messages == 0 && dropped_ != 0) {
            parts_.log.info("cluster", "the parents have what waited for them",
                            {{"dropped", static_cast<unsigned long long>(std::exchange(dropped_, 0))}});
        }
        if (!size->more) trimmed_ = std::max(trimmed_, settlement.trim);
        else write_positions();
    });
}

void Outbound::stop() {
    // A batch that is under way is in the store's queue already, and these come behind it.
    appending_ = false;
    while (!pending_.empty()) {
        submit();
        appending_ = false;
    }
    settling_ = false;
    write_positions();
}

void Outbound::note_dropped(std::uint64_t count, std::string_view why) {
    if (dropped_ == 0) parts_.log.warning("cluster", "results that wait for a parent are dropped, the oldest first", {{"why", why}});
    dropped_ += count;
}

std::uint64_t Outbound::queued(const std::string& endpoint) const {
    std::uint64_t most = 0;
    for (const auto& target : targets_) {
        if (std::ranges::find(target.second.endpoints, endpoint) == target.second.endpoints.end()) continue;
        const std::uint64_t behind = newest_.id - std::min(newest_.id, target.second.cursor().id);
        most = std::max(most, std::min(behind, size_.messages));
    }
    return most;
}

}  // namespace endpointd::cluster
