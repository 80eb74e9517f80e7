#include "store/audit_rows.hpp"

namespace endpointd::store {

namespace {

std::int64_t micros(WallTime time) noexcept { return time.time_since_epoch().count(); }

}  // namespace

Result<void> AuditRows::begin() {
    if (transaction_) return {};
    Result<Transaction> transaction = Transaction::begin(database_);
    if (!transaction) return transaction.error();
    transaction_.emplace(std::move(*transaction));
    return {};
}

Result<void> AuditRows::add_row(std::string_view kind, const std::string& payload) {
    if (Result<void> begun = begin(); !begun) return begun;
    const std::uint64_t seq = head_.seq + 1;
    std::string hash = row_hash(head_.hash, seq, kind, payload);
    const Result<void> done = database_.run("INSERT INTO audit_row(seq, kind, payload, prev, hash) VALUES(?, ?, ?, ?, ?)", seq, kind,
                                            std::string_view(payload), std::string_view(head_.hash), std::string_view(hash));
    if (!done) return done;
    head_.seq = seq;
    head_.rows += 1;
    head_.hash = std::move(hash);
    head_.bytes += payload.size() + kRowOverhead;
    return {};
}

Result<void> AuditRows::add_to_table(const StoredRecord& stored) {
    const AuditRecord& record = stored.record;
    const std::optional<std::string> key = fold_key(stored);
    Query query = database_.query(
        "INSERT OR REPLACE INTO audit_record(id, seq, time, last_seen, count, parent, decision, reason, object_type, object_name, fold_key,"
        " review_time, review_by, review_note) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    query.bind(record.id).bind(head_.seq).bind(micros(record.time)).bind(micros(record.last_seen)).bind(record.count).bind(record.parent);
    query.bind(name_of(record.decision)).bind(name_of(record.reason)).bind(record.object_type).bind(record.object_name).bind(key);
    if (const auto& review = record.reviewed)
        query.bind(micros(review->time)).bind(std::string_view(review->by)).bind(std::string_view(review->note));
    else query.bind(nullptr).bind(nullptr).bind(nullptr);
    return query.run();
}

Result<void> AuditRows::add_record(StoredRecord& stored, std::optional<std::string_view> content) {
    stored.record.id = head_.last_id + 1;
    if (Result<void> done = add_row(kRecordRow, record_payload(stored)); !done) return done;
    head_.last_id = stored.record.id;
    head_.records += 1;
    if (Result<void> done = add_to_table(stored); !done) return done;
    if (!content) return {};
    head_.bytes += content->size();
    head_.content_bytes += content->size();
    return database_.run("INSERT INTO audit_content(id, content) VALUES(?, ?)", stored.record.id, Blob{*content});
}

Result<void> AuditRows::add_kept(const StoredRecord& stored) {
    if (Result<void> done = add_row(kKeptRow, kept_payload(stored)); !done) return done;
    return add_to_table(stored);
}

Result<void> AuditRows::add_repeat(std::uint64_t id, std::uint64_t count, WallTime last_seen) {
    const json::Object payload{{"id", id}, {"count", count}, {"last_seen", payload_of(last_seen)}};
    if (Result<void> done = add_row(kRepeatRow, json::to_text(payload)); !done) return done;
    return database_.run("UPDATE audit_record SET count = ?, last_seen = ? WHERE id = ?", count, micros(last_seen), id);
}

Result<void> AuditRows::add_review(const json::Array& ids, const AuditReview& review) {
    const json::Object payload{{"ids", ids}, {"time", payload_of(review.time)}, {"by", review.by}, {"note", review.note}};
    return add_row(kReviewRow, json::to_text(payload));
}

Result<void> AuditRows::set_review(std::uint64_t id, const AuditReview& review) {
    return database_.run("UPDATE audit_record SET review_time = ?, review_by = ?, review_note = ? WHERE id = ?", micros(review.time),
                         std::string_view(review.by), std::string_view(review.note), id);
}

Result<void> AuditRows::add_trim(WallTime time, std::uint64_t first_seq, const std::string& first_prev,
                                 std::uint64_t removed_payload_bytes) {
    const std::uint64_t removed = first_seq - head_.first_seq;
    const json::Object payload{{"time", payload_of(time)},
                               {"first_seq", first_seq},
                               {"first_prev", first_prev},
                               {"rows", removed},
                               {"contents_from", head_.contents_from}};
    if (Result<void> done = add_row(kTrimRow, json::to_text(payload)); !done) return done;
    if (Result<void> done = database_.run("DELETE FROM audit_row WHERE seq < ?", first_seq); !done) return done;
    head_.first_seq = first_seq;
    head_.first_prev = first_prev;
    head_.rows = head_.seq - first_seq + 1;
    head_.bytes -= std::min(head_.bytes, removed_payload_bytes + removed * kRowOverhead);
    return {};
}

Result<void> AuditRows::forget_record(std::uint64_t id) {
    if (Result<void> done = begin(); !done) return done;
    if (Result<void> done = forget_content(id); !done) return done;
    head_.records -= std::min<std::uint64_t>(head_.records, 1);
    return database_.run("DELETE FROM audit_record WHERE id = ?", id);
}

Result<void> AuditRows::forget_content(std::uint64_t id) {
    if (Result<void> done = begin(); !done) return done;
    std::uint64_t size = 0;
    {
        Query query = database_.query("SELECT length(content) FROM audit_content WHERE id = ?");
        const Result<bool> row = query.bind(id).step();
        if (!row) return row.error();
        if (!*row) return {};
        size = query.count(0);
    }
    head_.bytes -= std::min(head_.bytes, size);
    head_.content_bytes -= std::min(head_.content_bytes, size);
    return database_.run("DELETE FROM audit_content WHERE id = ?", id);
}

Result<void> AuditRows::commit() {
    if (!transaction_) return {};
    if (Result<void> done = save_head(database_, head_); !done) return done;
    if (Result<void> done = transaction_->commit(); !done) return done;
    transaction_.reset();
    committed_ = head_;
    return {};
}

void AuditRows::roll_back() {
    transaction_.reset();
    head_ = committed_;
}

}  // namespace endpointd::store
