// Reading the audit: list, show, export. What is in memory only (counts that are
// not rows yet) is laid over what the tables say.

#include <algorithm>
#include <utility>

#include "base/units.hpp"
#include "store/audit_state.hpp"

namespace endpointd::store {

namespace {

WallTime wall(std::int64_t micros) noexcept { return WallTime(Duration(micros)); }

// A record as its table has it; enough to judge a filter by.
struct Listed {
    AuditRecord record;
    std::uint64_t seq = 0;  // of the row that has the rest
};

// Columns: id, seq, time, last_seen, count, decision, reason, object_type,
// object_name, fold_key, review_time, review_by, review_note, parent.
Listed listed_from(const Query& query, const FoldIndex& folds) {
    Listed listed;
    AuditRecord& record = listed.record;
    record.id = query.count(0);
    listed.seq = query.count(1);
    record.time = wall(query.integer(2));
    record.last_seen = wall(query.integer(3));
    record.count = query.count(4);
    record.decision = decision_named(query.text(5)).value_or(Decision::denied);
    record.reason = policy::reason_from(query.text(6)).value_or(Reason::malformed_message);
    record.object_type = query.optional_text(7);
    record.object_name = query.optional_text(8);
    record.parent = query.optional_text(13);
    if (!query.is_null(10))
        record.reviewed = AuditReview{wall(query.integer(10)), std::string(query.text(11)), std::string(query.text(12))};
    if (const std::optional<std::string> key = query.optional_text(9)) {
        const Fold* fold = folds.peek(*key);
        if (fold != nullptr && fold->id == record.id) {
            record.count = fold->count;
            record.last_seen = fold->last_seen;
        }
    }
    return listed;
}

struct Whole {
    AuditRecord record;
    std::optional<std::string> content_kept;
};

// The rest out of its row. A row that somebody damaged must not hide the others:
// the record then says so and shows what its table has.
Result<Whole> whole_from(Database& database, Listed listed) {
    Query query = database.query("SELECT kind, payload, hash FROM audit_row WHERE seq = ?");
    const Result<bool> row = query.bind(listed.seq).step();
    if (!row) return row.error();
    Result<StoredRecord> stored = fail(Errc::malformed, "");
    if (*row) {
        listed.record.hash = query.text(2);
        stored = record_from_payload(query.text(0), query.text(1));
    }
    if (!stored || stored->record.id != listed.record.id) {
        listed.record.detail = "this record is damaged: see audit verify";
        return Whole{std::move(listed.record), std::nullopt};
    }
    AuditRecord& record = stored->record;
    record.count = listed.record.count;
    record.last_seen = listed.record.last_seen;
    record.reviewed = std::move(listed.record.reviewed);
    record.hash = std::move(listed.record.hash);
    return Whole{std::move(record), std::move(stored->content_kept)};
}

bool matches(const std::optional<std::string>& glob, const std::optional<std::string>& name) {
    return !glob || (name && glob_match(*glob, *name));
}

std::uint64_t as_id(std::uint64_t id) noexcept { return std::min<std::uint64_t>(id, INT64_MAX); }

}  // namespace

Result<AuditPage> AuditLog::list(const AuditFilter& filter) {
    const std::size_t limit = std::clamp<std::size_t>(filter.limit, 1, kAuditListLimit);
    Query query = impl_->database.query(
        "SELECT id, seq, time, last_seen, count, decision, reason, object_type, object_name, fold_key, review_time, review_by, review_note,"
        " parent FROM audit_record WHERE id < ?1 AND (?2 IS NULL OR parent = ?2) AND (?3 IS NULL OR decision = ?3)"
        " AND (?4 IS NULL OR reason = ?4) AND (?5 IS NULL OR time <= ?5) AND (?6 = 0 OR review_time IS NULL) ORDER BY id DESC");
    std::optional<std::int64_t> until;
    if (filter.until) until = filter.until->time_since_epoch().count();
    std::optional<std::string_view> decision, reason;
    if (filter.decision) decision = name_of(*filter.decision);
    if (filter.reason) reason = name_of(*filter.reason);
    query.bind(as_id(filter.before.value_or(INT64_MAX))).bind(filter.parent).bind(decision).bind(reason).bind(until);
    query.bind(std::int64_t{filter.unreviewed ? 1 : 0});

    AuditPage page;
    for (;;) {
        const Result<bool> row = query.step();
        if (!row) return row.error();
        if (!*row) return page;
        Listed listed = listed_from(query, impl_->folds);
        if (filter.since && listed.record.last_seen < *filter.since) continue;
        if (!matches(filter.object_type, listed.record.object_type) || !matches(filter.object_name, listed.record.object_name)) continue;
        if (page.records.size() == limit) {
            page.next = page.records.back().id;
            return page;
        }
        Result<Whole> whole = whole_from(impl_->database, std::move(listed));
        if (!whole) return whole.error();
        page.records.push_back(std::move(whole->record));
    }
}

Result<AuditDetail> AuditLog::show(std::uint64_t id) {
    AuditDetail detail;
    std::optional<std::string> kept;
    {
        Query query = impl_->database.query(
            "SELECT id, seq, time, last_seen, count, decision, reason, object_type, object_name, fold_key, review_time, review_by,"
            " review_note, parent FROM audit_record WHERE id = ?");
        const Result<bool> row = query.bind(as_id(id)).step();
        if (!row) return row.error();
        if (!*row) return fail(Errc::not_found, "audit record " + std::to_string(id) + " does not exist");
        Result<Whole> whole = whole_from(impl_->database, listed_from(query, impl_->folds));
        if (!whole) return whole.error();
        detail.record = std::move(whole->record);
        kept = std::move(whole->content_kept);
    }
    if (!kept) return detail;
    Query query = impl_->database.query("SELECT content FROM audit_content WHERE id = ?");
    const Result<bool> row = query.bind(as_id(id)).step();
    if (!row) return row.error();
    if (*row) detail.content = repaired_utf8(query.blob(0));
    detail.content_cut = *row && kept != detail.record.content_sha256;
    return detail;
}

Result<AuditRecord> AuditLog::find(std::uint64_t id) {
    Query query = impl_->database.query(
        "SELECT id, seq, time, last_seen, count, decision, reason, object_type, object_name, fold_key, review_time, review_by, review_note,"
        " parent FROM audit_record WHERE id = ?");
    const Result<bool> row = query.bind(as_id(id)).step();
    if (!row) return row.error();
    if (!*row) return fail(Errc::not_found, "audit record " + std::to_string(id) + " does not exist");
    Result<Whole> whole = whole_from(impl_->database, listed_from(query, impl_->folds));
    if (!whole) return whole.error();
    return std::move(whole->record);
}

Result<std::vector<AuditRecord>> AuditLog::export_page(std::uint64_t after, std::size_t limit, std::optional<WallTime> since) {
    limit = std::clamp<std::size_t>(limit, 1, kAuditListLimit);
    Query query = impl_->database.query(
        "SELECT id, seq, time, last_seen, count, decision, reason, object_type, object_name, fold_key, review_time, review_by, review_note,"
        " parent FROM audit_record WHERE id > ? ORDER BY id");
    query.bind(as_id(after));
    std::vector<AuditRecord> records;
    while (records.size() < limit) {
        const Result<bool> row = query.step();
        if (!row) return row.error();
        if (!*row) break;
        Listed listed = listed_from(query, impl_->folds);
        if (since && listed.record.last_seen < *since) continue;
        Result<Whole> whole = whole_from(impl_->database, std::move(listed));
        if (!whole) return whole.error();
        records.push_back(std::move(whole->record));
    }
    return records;
}

}  // namespace endpointd::store
