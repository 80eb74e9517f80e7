// Trimming the audit's beginning: what is too old, and what is too much. Rows only
// ever go from the front, and a row of the chain says up to where.

#include <algorithm>

#include "json/document.hpp"
#include "store/audit_state.hpp"

namespace endpointd::store {

namespace {

// Rows, or contents, that one call removes: a few milliseconds, so that writers
// get their turn.
constexpr std::size_t kTrimStep = 1000;
// Trimming by size goes down to nine tenths, or every record would bring a trim row.
constexpr std::uint64_t low_mark(std::uint64_t size) noexcept { return size - size / 10; }

struct Removed {
    StoredRecord stored;  // with the count, last_seen and review of now
    std::uint64_t size = 0;
    std::optional<std::string> key;
};

WallTime row_time(std::string_view kind, std::string_view payload) {
    const Result<json::Value> value = json::parse(payload);
    if (!value || value->object() == nullptr) return WallTime{};  // damaged: as old as can be
    const bool seen = kind == kRepeatRow || kind == kKeptRow;
    return payload_time(*value->object(), seen ? "last_seen" : "time").value_or(WallTime{});
}

// Rows from the front that go, and the records in them that are still the current
// rows of their records.
struct Front {
    std::uint64_t first_seq = 0;  // the first that stays
    std::string first_prev;
    std::uint64_t payload_bytes = 0;
    WallTime kept_from;  // time of the first row that stays; of now if none does
    std::vector<Removed> records;
};

Result<std::optional<Removed>> removed_record(Database& database, std::uint64_t seq, std::string_view kind, std::string_view payload) {
    using Answer = std::optional<Removed>;
    const Result<StoredRecord> stored = record_from_payload(kind, payload);
    Query query =
        database.query("SELECT id, last_seen, count, review_time, review_by, review_note, fold_key FROM audit_record WHERE seq = ?");
    const Result<bool> row = query.bind(seq).step();
    if (!row) return row.error();
    if (!*row) return Answer();
    Removed removed;
    if (stored) removed.stored = *stored;
    AuditRecord& record = removed.stored.record;
    record.id = query.count(0);
    record.last_seen = WallTime(Duration(stored ? query.integer(1) : 0));
    record.count = query.count(2);
    if (!query.is_null(3))
        record.reviewed = AuditReview{WallTime(Duration(query.integer(3))), std::string(query.text(4)), std::string(query.text(5))};
    removed.key = query.optional_text(6);
    removed.size = payload.size();
    return Answer(std::move(removed));
}

Result<Front> read_front(Database& database, const Head& head, WallTime cutoff, std::uint64_t excess, WallTime now) {
    Front front;
    front.first_seq = head.first_seq;
    front.first_prev = head.first_prev;
    front.kept_from = now;
    Query query = database.query("SELECT seq, kind, payload, hash FROM audit_row WHERE seq >= ? ORDER BY seq");
    query.bind(head.first_seq);
    std::uint64_t freed = 0;
    for (;;) {
        const Result<bool> row = query.step();
        if (!row) return row.error();
        if (!*row) return front;
        const std::uint64_t seq = query.count(0);
        const std::string_view kind = query.text(1);
        const std::string_view payload = query.text(2);
        const WallTime time = row_time(kind, payload);
        const bool goes = time < cutoff || freed < excess;
        if (!goes || seq - head.first_seq >= kTrimStep || seq > head.seq) {
            front.kept_from = time;
            return front;
        }
        if (kind == kRecordRow || kind == kKeptRow) {
            Result<std::optional<Removed>> removed = removed_record(database, seq, kind, payload);
            if (!removed) return removed.error();
            if (*removed) front.records.push_back(std::move(**removed));
        }
        front.first_seq = seq + 1;
        front.first_prev = query.text(3);
        front.payload_bytes += payload.size();
        freed += payload.size() + kRowOverhead;
    }
}

Result<std::vector<std::uint64_t>> oldest_contents(Database& database, std::uint64_t excess) {
    std::vector<std::uint64_t> ids;
    std::uint64_t freed = 0;
    Query query = database.query("SELECT id, length(content) FROM audit_content ORDER BY id");
    while (freed < excess && ids.size() < kTrimStep) {
        const Result<bool> row = query.step();
        if (!row) return row.error();
        if (!*row) break;
        ids.push_back(query.count(0));
        freed += query.count(1);
    }
    return ids;
}

}  // namespace

bool AuditLog::wants_trim(std::uint64_t max_size) const noexcept { return impl_->rows.head().bytes > max_size; }

Result<bool> AuditLog::trim(Duration max_age, std::uint64_t max_size) {
    const WallTime now = impl_->clock.wall();
    const bool too_large = wants_trim(max_size);
    bool removed_any = false;
    const Result<bool> done = impl_->transact([&]() -> Result<bool> {
        // What is carried over has its true count.
        for (const std::string& key : impl_->folds.held_keys()) {
            const Fold fold = *impl_->folds.peek(key);
            if (const Result<void> chained = impl_->chain(key, fold); !chained) return chained.error();
        }
        Database& database = impl_->database;
        AuditRows& rows = impl_->rows;
        bool contents_went = false;
        // Contents are the bulk of what a parent sends, and the least of a record:
        // they may take half.
        if (const std::uint64_t content = rows.head().content_bytes; too_large && content > max_size / 2) {
            const Result<std::vector<std::uint64_t>> ids = oldest_contents(database, content - low_mark(max_size / 2));
            if (!ids) return ids.error();
            for (const std::uint64_t id : *ids) {
                if (const Result<void> gone = rows.forget_content(id); !gone) return gone.error();
                rows.contents_from(std::max(rows.head().contents_from, id + 1));
                contents_went = true;
            }
        }
        const std::uint64_t target = low_mark(max_size);
        const std::uint64_t excess = too_large && rows.head().bytes > target ? rows.head().bytes - target : 0;
        Result<Front> front = read_front(database, rows.head(), now - max_age, excess, now);
        if (!front) return front.error();
        const std::uint64_t count = front->first_seq - rows.head().first_seq;
        if (count == 0 && !contents_went) return false;

        // The most recently seen first; trimming by size must get somewhere, so that
        // at most half of what goes is written again.
        std::sort(front->records.begin(), front->records.end(),
                  [](const Removed& a, const Removed& b) { return a.stored.record.last_seen > b.stored.record.last_seen; });
        std::uint64_t room = excess == 0 ? UINT64_MAX : (front->payload_bytes + count * kRowOverhead) / 2;
        const WallTime carried_from = excess == 0 ? now - max_age : front->kept_from;
        for (const Removed& removed : front->records) {
            const AuditRecord& record = removed.stored.record;
            const std::uint64_t size = removed.size + kRowOverhead;
            if (record.last_seen >= carried_from && size <= room) {
                room -= size;
                if (const Result<void> kept = rows.add_kept(removed.stored); !kept) return kept.error();
                continue;
            }
            if (const Result<void> gone = rows.forget_record(record.id); !gone) return gone.error();
            if (removed.key) impl_->folds.erase(*removed.key);
        }
        if (const Result<void> said = rows.add_trim(now, front->first_seq, front->first_prev, front->payload_bytes); !said)
            return said.error();
        removed_any = true;
        return count >= kTrimStep || (too_large && rows.head().bytes > target);
    });
    if (!done || !removed_any) return done;
    // Pages that are free go back to the file system; if that fails, the next trim tries again.
    static_cast<void>(impl_->database.run("PRAGMA incremental_vacuum(4000)"));
    if (!impl_->head_file.empty() && impl_->rows.head().first_seq > impl_->head_file_seq + 1) {
        // audit.head must name a row that is there.
        if (const Result<void> written = write_head_file(); !written) return written.error();
    }
    return done;
}

}  // namespace endpointd::store
