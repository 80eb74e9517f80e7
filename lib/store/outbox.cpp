#include "store/outbox.hpp"

#include <algorithm>

#include "store/database.hpp"

namespace endpointd::store {

namespace {

std::int64_t integer(WallTime time) noexcept { return static_cast<std::int64_t>(time.time_since_epoch().count()); }
WallTime time(std::int64_t microseconds) noexcept { return WallTime(Duration(microseconds)); }

// The bytes of a row besides its texts.
constexpr std::size_t kRowBytes = 64;

Result<void> write_position(Database& database, const std::string& target, const std::optional<OutboxMark>& position) {
    if (!position) return database.run("DELETE FROM outbox_position WHERE target = ?", std::string_view(target));
    return database.run("INSERT OR REPLACE INTO outbox_position(target, id, ts) VALUES(?, ?, ?)", std::string_view(target), position->id,
                        integer(position->ts));
}

}  // namespace

std::size_t size_of(const OutboxMessage& message) noexcept {
    return kRowBytes + message.zone.size() + message.origin.size() + message.host.size() + message.service.value_or("").size() +
           message.method.size() + message.payload.size();
}

Result<OutboxTable> OutboxTable::open(Database& database) {
    OutboxTable table(database);
    if (const Result<void> measured = table.measure(); !measured) {
        table.state_.problem = measured.error().text;
        if (const Result<void> done = database.execute("DELETE FROM outbox"); !done) return done.error();
    }
    if (const Result<void> done = table.read_state(); !done) return done.error();
    return table;
}

Result<void> OutboxTable::measure() {
    Query sum = database_->query(
        "SELECT COUNT(*), COALESCE(SUM(64 + LENGTH(CAST(zone AS BLOB)) + LENGTH(CAST(origin AS BLOB)) + LENGTH(CAST(host AS BLOB))"
        " + COALESCE(LENGTH(CAST(service AS BLOB)), 0) + LENGTH(CAST(method AS BLOB)) + LENGTH(payload)), 0), COALESCE(MAX(id), 0),"
        " COALESCE(MAX(ts), 0) FROM outbox");
    static_assert(kRowBytes == 64);
    const Result<bool> row = sum.step();
    if (!row) return row.error();
    size_.messages = sum.count(0);
    size_.bytes = sum.count(1);
    state_.last = {sum.count(2), time(sum.integer(3))};
    return {};
}

Result<void> OutboxTable::read_state() {
    {
        Query last = database_->query("SELECT id, ts FROM outbox_last");
        const Result<bool> row = last.step();
        if (!row) return row.error();
        if (*row) state_.last = {std::max(state_.last.id, last.count(0)), std::max(state_.last.ts, time(last.integer(1)))};
    }
    Query positions = database_->query("SELECT target, id, ts FROM outbox_position");
    for (;;) {
        const Result<bool> row = positions.step();
        if (!row) return row.error();
        if (!*row) break;
        state_.positions[std::string(positions.text(0))] = {positions.count(1), time(positions.integer(2))};
    }
    Query remote = database_->query("SELECT endpoint, position FROM peer_position");
    for (;;) {
        const Result<bool> row = remote.step();
        if (!row) return row.error();
        if (!*row) return {};
        state_.remote[std::string(remote.text(0))] = remote.real(1);
    }
}

Result<void> OutboxTable::write_last(const OutboxMark& last) {
    return database_->run("INSERT OR REPLACE INTO outbox_last(one, id, ts) VALUES(1, ?, ?)", last.id, integer(last.ts));
}

template <class Unwanted>
Result<std::uint64_t> OutboxTable::remove_oldest(OutboxSize& size, Unwanted unwanted) {
    std::uint64_t removed = 0, last = 0;
    {
        Query rows = database_->query(
            "SELECT id, created, 64 + LENGTH(CAST(zone AS BLOB)) + LENGTH(CAST(origin AS BLOB)) + LENGTH(CAST(host AS BLOB))"
            " + COALESCE(LENGTH(CAST(service AS BLOB)), 0) + LENGTH(CAST(method AS BLOB)) + LENGTH(payload) FROM outbox ORDER BY id");
        while (removed < kOutboxTrim) {
            const Result<bool> row = rows.step();
            if (!row) return row.error();
            if (!*row || !unwanted(rows.count(0), time(rows.integer(1)))) break;
            last = rows.count(0);
            size.bytes -= std::min(size.bytes, rows.count(2));
            size.messages -= std::min<std::uint64_t>(size.messages, 1);
            ++removed;
        }
    }
    if (removed != 0)
        if (const Result<void> done = database_->run("DELETE FROM outbox WHERE id <= ?", last); !done) return done.error();
    return removed;
}

Result<OutboxSize> OutboxTable::append(const std::vector<OutboxMessage>& messages, std::uint64_t most_bytes) {
    if (messages.empty()) return size_;
    Result<Transaction> transaction = Transaction::begin(*database_);
    if (!transaction) return transaction.error();
    OutboxSize size = size_;
    for (const OutboxMessage& message : messages) {
        const auto done = database_->run(
            "INSERT INTO outbox(id, ts, created, zone, origin, host, service, method, payload) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)",
            message.id, integer(message.ts), integer(message.created), std::string_view(message.zone), std::string_view(message.origin),
            std::string_view(message.host), message.service, std::string_view(message.method), Blob{message.payload});
        if (!done) return done.error();
        ++size.messages;
        size.bytes += size_of(message);
    }
    const OutboxMark last{messages.back().id, messages.back().ts};
    if (const Result<void> done = write_last(last); !done) return done.error();
    while (size.bytes > most_bytes) {
        const Result<std::uint64_t> removed = remove_oldest(size, [&](std::uint64_t, WallTime) { return size.bytes > most_bytes; });
        if (!removed) return removed.error();
        if (*removed == 0) break;
        size.dropped += *removed;
    }
    if (const Result<void> done = transaction->commit(); !done) return done.error();
    state_.last = last;
    size_ = size;
    size_.dropped = 0;
    return size;
}

Result<std::vector<OutboxMessage>> OutboxTable::page(OutboxMark after) const {
    std::vector<OutboxMessage> messages;
    std::size_t bytes = 0;
    Query rows = database_->query(
        "SELECT id, ts, created, zone, origin, host, service, method, payload FROM outbox WHERE id >= ? AND ts > ? ORDER BY id");
    rows.bind(after.id).bind(integer(after.ts));
    while (messages.size() < kOutboxPageMessages && bytes < kOutboxPageBytes) {
        const Result<bool> row = rows.step();
        if (!row) return row.error();
        if (!*row) break;
        OutboxMessage message{rows.count(0),
                              time(rows.integer(1)),
                              time(rows.integer(2)),
                              std::string(rows.text(3)),
                              std::string(rows.text(4)),
                              std::string(rows.text(5)),
                              rows.optional_text(6),
                              std::string(rows.text(7)),
                              std::string(rows.blob(8))};
        bytes += size_of(message);
        messages.push_back(std::move(message));
    }
    return messages;
}

Result<OutboxSize> OutboxTable::settle(const OutboxSettlement& settlement) {
    Result<Transaction> transaction = Transaction::begin(*database_);
    if (!transaction) return transaction.error();
    for (const auto& [target, position] : settlement.positions)
        if (const Result<void> done = write_position(*database_, target, position); !done) return done.error();
    for (const auto& [endpoint, position] : settlement.remote) {
        const auto done =
            database_->run("INSERT OR REPLACE INTO peer_position(endpoint, position) VALUES(?, ?)", std::string_view(endpoint), position);
        if (!done) return done.error();
    }
    OutboxMark last = state_.last;
    if (settlement.last && settlement.last->ts > last.ts) {
        last.ts = settlement.last->ts;
        if (const Result<void> done = write_last(last); !done) return done.error();
    }
    OutboxSize size = size_;
    std::uint64_t needed = 0;
    const Result<std::uint64_t> removed = remove_oldest(size, [&](std::uint64_t id, WallTime created) {
        if (id <= settlement.trim) return true;
        const bool old = settlement.oldest && created < *settlement.oldest;
        needed += old ? 1 : 0;
        return old;
    });
    if (!removed) return removed.error();
    if (const Result<void> done = transaction->commit(); !done) return done.error();
    state_.last = last;
    size_ = size;
    size.dropped = needed;
    size.more = *removed == kOutboxTrim;
    return size;
}

}  // namespace endpointd::store
