#pragma once
// State messages on their way to parents: stored in the order they were made in,
// until every target has them; how far each target is; and how far we are with
// each peer's own messages. The table is the store's thread's (or its starter's);
// the values are anybody's.
//
// A time stamp is given once and only ever grows, over restarts and when the clock
// steps back: a parent ignores whatever is older than what it has (protocol, 2.3).

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace endpointd::store {

class Database;

// Messages and bytes of one page: little enough for every target to hold one.
inline constexpr std::size_t kOutboxPageMessages = 256;
inline constexpr std::size_t kOutboxPageBytes = 512 * 1024;
// Messages trimmed in one transaction: others wait for the disk as well.
inline constexpr std::uint64_t kOutboxTrim = 10'000;

// A place in the outbox. `ts` is exact; `id` may be that of an older message, and
// is where to begin to look.
struct OutboxMark {
    std::uint64_t id = 0;
    WallTime ts{};

    bool operator==(const OutboxMark&) const = default;
};

struct OutboxMessage {
    std::uint64_t id = 0;  // each larger than the one before; gaps are messages that were given up
    WallTime ts{};         // strictly increasing
    WallTime created{};    // by the clock at that time, which `ts` may be ahead of
    std::string zone;      // of the object; empty: our own
    std::string origin;    // the endpoint it came from; empty: made here
    std::string host;      // what it is about
    std::optional<std::string> service;
    std::string method;
    std::string payload;  // complete: nothing is left out for anybody yet

    bool operator==(const OutboxMessage&) const = default;
};

// Bytes a message holds.
std::size_t size_of(const OutboxMessage& message) noexcept;

struct OutboxSize {
    std::uint64_t messages = 0;
    std::uint64_t bytes = 0;    // see size_of
    std::uint64_t dropped = 0;  // by this step: older than allowed, or beyond the size
    bool more = false;          // this step did not trim all it was to trim
};

struct OutboxState {
    OutboxSize size;
    OutboxMark last;                              // the newest ever stored
    std::map<std::string, OutboxMark> positions;  // by target: what it has
    std::map<std::string, double> remote;         // by endpoint: PeerMemory::remote_log_position
    std::string problem;                          // what was lost when it was opened; empty: nothing
};

// What is kept of positions, and what is no longer needed.
struct OutboxSettlement {
    std::map<std::string, std::optional<OutboxMark>> positions;  // none: not a target any more
    std::map<std::string, double> remote;                        // the positions that changed
    std::optional<OutboxMark> last;                              // raised without a message
    std::uint64_t trim = 0;                                      // everybody has what is up to this id
    std::optional<WallTime> oldest;                              // what was created before is dropped

    bool empty() const noexcept { return positions.empty() && remote.empty() && !last && trim == 0 && !oldest; }
};

class OutboxTable {
public:
    // `database` must outlive it. Reads every message's length once. Messages that cannot be
    // read are lost, all of them; the positions are not.
    static Result<OutboxTable> open(Database& database);

    const OutboxState& state() const noexcept { return state_; }
    OutboxSize size() const noexcept { return size_; }

    // In the order of `messages`, whose ids and time stamps are beyond those stored before.
    Result<OutboxSize> append(const std::vector<OutboxMessage>& messages, std::uint64_t most_bytes);
    Result<std::vector<OutboxMessage>> page(OutboxMark after) const;
    Result<OutboxSize> settle(const OutboxSettlement& settlement);

private:
    explicit OutboxTable(Database& database) noexcept : database_(&database) {}
    Result<void> measure();
    Result<void> read_state();
    Result<void> write_last(const OutboxMark& last);
    // Removes the oldest rows while `unwanted` says so, at most kOutboxTrim; counts them in `size`.
    template <class Unwanted>
    Result<std::uint64_t> remove_oldest(OutboxSize& size, Unwanted unwanted);

    Database* database_;
    OutboxState state_;
    OutboxSize size_;
};

}  // namespace endpointd::store
