#pragma once
// The way out of state messages: stored first, then handed to each parent that a
// `results` grant lets see them, in order, with what the grant leaves out taken away.
// What a parent has not confirmed is sent again when it is back.
//
// The parent zone gets a message through one of its endpoints, the one that got the
// last while it can; each endpoint of our own zone gets it by itself; nobody gets it
// back whence it came. Whether one may see a message is decided when it is sent.
//
// Owned by the daemon; io_context's thread only. It has no timer and no socket: it is
// told what happens, and when.

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "cluster/outbound_message.hpp"
#include "cluster/outbound_target.hpp"
#include "cluster/sender.hpp"
#include "dsl/zones.hpp"
#include "policy/grants.hpp"
#include "store/outbox.hpp"

namespace endpointd::cluster {

// How long a message waits for others to be stored with: a transaction each costs more than
// the check that the message is about, and nobody sees the difference.
inline constexpr std::chrono::milliseconds kOutboundWait{50};
// Messages of one transaction.
inline constexpr std::size_t kOutboundBatch = 512;
// Their bytes, and those of one message: a part of what the store lets wait (kStoreQueueBytes).
inline constexpr std::size_t kOutboundBatchBytes = 4 * 1024 * 1024;
// Bytes that wait for the store. A disk that refuses longer costs the oldest.
inline constexpr std::size_t kOutboundPendingBytes = 16 * 1024 * 1024;
// How often Outbound wants its tick(): as often as peers confirm (protocol, 4.6).
inline constexpr std::chrono::seconds kOutboundTick{5};
// How far ahead of our clock a peer's memory of our time stamps may carry them: a clock
// that was wrong by a day. One that claims more does not hear us any more.
inline constexpr std::chrono::hours kStampAhead{24};

enum class Handed {
    sent,
    no_room,  // its connection has enough to send; room() tells when it wants more
    away,
};

struct OutboundParts {
    const Clock& clock;
    const Log& log;
    std::function<Handed(const std::string& endpoint, std::string_view payload)> send;
    // The store's functions of the same names.
    std::function<void(std::shared_ptr<const std::vector<store::OutboxMessage>>, std::uint64_t most_bytes,
                       std::function<void(Result<store::OutboxSize>)>)>
        append;
    std::function<void(store::OutboxMark, std::function<void(Result<std::vector<store::OutboxMessage>>)>)> read;
    std::function<void(store::OutboxSettlement, std::function<void(Result<store::OutboxSize>)>)> settle;
    // PeerMemory::remote_log_position of all endpoints that have one.
    std::function<std::map<std::string, double>()> remote_positions;
    // Asks for one flush(), kOutboundWait from now.
    std::function<void()> flush_soon;
};

struct OutboundRules {
    std::shared_ptr<const dsl::Topology> topology;
    std::shared_ptr<const policy::Grants> grants;
    Duration max_age{};          // replay.max_age
    std::uint64_t max_size = 0;  // replay.max_size, bytes
};

class Outbound {
public:
    // `state` is where the store stood when it was opened.
    Outbound(OutboundParts parts, const store::OutboxState& state);

    // Before the first of the others, and at each reload. Whoever may see something for
    // the first time gets what is made from now on.
    void configure(OutboundRules rules);

    // `from`: whose message this is the effect of; none: it was made here.
    void relay(StateMessage message, const std::optional<Sender>& from);

    // What the connections tell: one of `endpoint` was opened, or is gone; the last one
    // that had no room has room; it confirms our messages up to `position`.
    void opened(const std::string& endpoint);
    void closed(const std::string& endpoint);
    void room(const std::string& endpoint);
    void acknowledged(const std::string& endpoint, double position);

    // What was asked for by flush_soon.
    void flush();
    void tick();
    // Leaves what is pending, and the positions, to the store.
    void stop();

    // Messages that `endpoint`, or the zone it is in, is still to get.
    std::uint64_t queued(const std::string& endpoint) const;

private:
    using Targets = std::map<std::string, OutboundTarget>;

    store::OutboxMark next_mark();
    bool may_see(const std::string& endpoint, std::string_view zone, const store::OutboxMessage& message) const;
    bool is_for(const OutboundTarget& target, const store::OutboxMessage& message) const;
    bool is_due(const std::string& endpoint, const store::OutboxMessage& message) const;
    std::optional<std::string> rendered(const std::string& endpoint, const OutboundTarget& target, const store::OutboxMessage& message,
                                        bool fresh) const;

    // Once there is enough for a transaction, or others had their time to come.
    void submit_soon();
    void submit();
    void appended(const std::vector<store::OutboxMessage>& batch, const Result<store::OutboxSize>& size);
    // False: it has to wait. `fresh`: it was made here, not read from the disk.
    bool hand_on(OutboundTarget& target, const store::OutboxMessage& message, bool fresh);
    bool is_here(const OutboundTarget& target) const;
    void pump(const std::string& name);
    void page_read(const std::string& name, std::uint64_t generation, store::OutboxMark newest,
                   Result<std::vector<store::OutboxMessage>> page);
    void write_positions();
    void note_dropped(std::uint64_t count, std::string_view why);

    OutboundParts parts_;
    OutboundRules rules_;
    Targets targets_;  // by zone, or endpoint of our own zone
    std::map<std::string, store::OutboxMark> stored_positions_;
    std::map<std::string, double> stored_remote_;
    std::map<std::string, std::pair<std::size_t, WallTime>> here_;  // connections of an endpoint, and since when
    std::deque<store::OutboxMessage> pending_;                      // not yet with the store
    std::size_t pending_bytes_ = 0;
    store::OutboxMark given_, newest_;  // the last mark given out; the last that is stored
    store::OutboxSize size_;
    WallTime stored_last_{};  // the time stamp the store knows to be the last
    std::uint64_t dropped_ = 0;
    std::uint64_t trimmed_ = 0;
    bool appending_ = false, append_failed_ = false, settling_ = false, configured_ = false, flush_asked_ = false;
};

}  // namespace endpointd::cluster
