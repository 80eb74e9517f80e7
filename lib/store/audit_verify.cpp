#include "store/audit_verify.hpp"

#include <algorithm>
#include <functional>
#include <map>

#include "files/digest.hpp"
#include "json/document.hpp"
#include "store/audit_chain.hpp"
#include "store/database.hpp"
#include "store/head_file.hpp"

namespace endpointd::store {

namespace {

// Rows of one step where nobody waits for a turn.
constexpr std::size_t kAllAtOnce = 100'000;

WallTime wall(std::int64_t micros) noexcept { return WallTime(Duration(micros)); }

std::string row_name(std::uint64_t seq) { return "row " + std::to_string(seq); }

// What can change about a record after its row was written.
struct State {
    std::uint64_t count = 1;
    WallTime last_seen;
    std::optional<AuditReview> reviewed;

    bool operator==(const State&) const = default;
};

State state_of(const StoredRecord& stored) { return {stored.record.count, stored.record.last_seen, stored.record.reviewed}; }

struct Indexed {
    std::uint64_t seq = 0;
    State state;
    bool fits = false;  // the columns that repeat the payload do so
};

}  // namespace

struct AuditVerifier::Impl {
    Database& database;
    std::string head_file;
    AuditVerdict verdict;
    bool begun = false;
    std::uint64_t expected = 1;              // the next row
    std::string prev;                        // its predecessor's hash
    std::uint64_t last_id = 0;               // of the last record row; 0: none yet
    std::map<std::uint64_t, State> changed;  // records that rows after their own have changed, or whose table differs
    struct Trim {
        std::uint64_t first_seq = 1;
        std::string first_prev = genesis_hash();
        std::uint64_t contents_from = 1;
    } trim;
    std::uint64_t contents_from = 1;  // as the head says

    bool broken(std::uint64_t id, std::string why) {
        verdict.broken = AuditVerdict::Broken{id, std::move(why)};
        return true;
    }

    Result<bool> begin();
    Result<bool> row(std::uint64_t seq, std::string_view kind, std::string_view payload);
    Result<bool> record_row(std::uint64_t seq, std::string_view kind, std::string_view payload);
    Result<bool> content(const StoredRecord& stored);
    Result<bool> changed_by(std::uint64_t id, std::uint64_t seq, const std::function<void(State&)>& change);
    Result<bool> missing(std::uint64_t seq);
    Result<bool> finish();
    Result<bool> finish_table(const Head& head);
    Result<std::optional<Indexed>> indexed(std::uint64_t id, const StoredRecord* stored);
    Result<std::uint64_t> culprit(std::uint64_t seq, std::string_view kind, std::string_view payload);
};

AuditVerifier::AuditVerifier(Database& database, std::string head_file)
    : impl_(new Impl{.database = database, .head_file = std::move(head_file), .verdict = {}, .prev = {}, .changed = {}, .trim = {}}) {}
AuditVerifier::~AuditVerifier() = default;

const AuditVerdict& AuditVerifier::verdict() const noexcept { return impl_->verdict; }

// --- Row by row -------------------------------------------------------------------

Result<bool> AuditVerifier::Impl::begin() {
    begun = true;
    const Result<Head> head = load_head(database);
    if (!head) {
        if (head.error().code != Errc::not_found) return head.error();
        return broken(0, head.error().text);
    }
    expected = head->first_seq;
    prev = head->first_prev;
    contents_from = head->contents_from;
    verdict.head = prev;
    Query query = database.query("SELECT seq, kind, payload FROM audit_row WHERE seq < ? ORDER BY seq LIMIT 1");
    const Result<bool> row = query.bind(expected).step();
    if (!row) return row.error();
    if (!*row) return false;
    const Result<std::uint64_t> id = culprit(query.count(0), query.text(1), query.text(2));
    if (!id) return id.error();
    return broken(*id, row_name(query.count(0)) + " stands before " + row_name(expected) + ", which the head names as the first");
}

// The record a broken row belongs to: the one it names, as long as it can be read.
Result<std::uint64_t> AuditVerifier::Impl::culprit(std::uint64_t, std::string_view kind, std::string_view payload) {
    if (kind == kRecordRow && last_id != 0) return last_id + 1;
    const Result<json::Value> value = json::parse(payload);
    if (value && value->object() != nullptr) {
        if (const auto id = payload_count(*value->object(), "id")) return *id;
        if (const json::Value* ids = value->object()->find("ids"); ids != nullptr && ids->array() != nullptr && !ids->array()->empty())
            if (const double* first = ids->array()->front().number(); first != nullptr && *first >= 0)
                return static_cast<std::uint64_t>(*first);
    }
    return last_id;
}

// Row `seq` is not there. If it was a record, the next record's id tells.
Result<bool> AuditVerifier::Impl::missing(std::uint64_t seq) {
    std::uint64_t next_id = 0;
    {
        Query query = database.query("SELECT payload FROM audit_row WHERE seq > ? AND kind = ? ORDER BY seq LIMIT 1");
        const Result<bool> row = query.bind(seq).bind(kRecordRow).step();
        if (!row) return row.error();
        if (*row) {
            const Result<StoredRecord> next = record_from_payload(kRecordRow, query.text(0));
            if (next) next_id = next->record.id;
        } else if (const Result<Head> head = load_head(database)) {
            next_id = head->last_id + 1;
        }
    }
    return broken(next_id > last_id + 1 ? last_id + 1 : last_id, row_name(seq) + " is missing");
}

Result<std::optional<Indexed>> AuditVerifier::Impl::indexed(std::uint64_t id, const StoredRecord* stored) {
    Query query = database.query(
        "SELECT seq, count, last_seen, review_time, review_by, review_note, time, parent, decision, reason, object_type, object_name, "
        "fold_key"
        " FROM audit_record WHERE id = ?");
    const Result<bool> row = query.bind(std::min<std::uint64_t>(id, INT64_MAX)).step();
    if (!row) return row.error();
    if (!*row) return std::optional<Indexed>();
    Indexed entry;
    entry.seq = query.count(0);
    entry.state.count = query.count(1);
    entry.state.last_seen = wall(query.integer(2));
    if (!query.is_null(3))
        entry.state.reviewed = AuditReview{wall(query.integer(3)), std::string(query.text(4)), std::string(query.text(5))};
    if (stored != nullptr) {
        const AuditRecord& record = stored->record;
        entry.fits = wall(query.integer(6)) == record.time && query.optional_text(7) == record.parent &&
                     query.text(8) == name_of(record.decision) && query.text(9) == name_of(record.reason) &&
                     query.optional_text(10) == record.object_type && query.optional_text(11) == record.object_name &&
                     query.optional_text(12) == fold_key(*stored);
    }
    return std::optional<Indexed>(std::move(entry));
}

Result<bool> AuditVerifier::Impl::content(const StoredRecord& stored) {
    if (!stored.content_kept) return false;
    const std::uint64_t id = stored.record.id;
    Query query = database.query("SELECT content FROM audit_content WHERE id = ?");
    const Result<bool> row = query.bind(id).step();
    if (!row) return row.error();
    if (!*row) return id >= contents_from ? broken(id, "its content is missing") : false;
    if (files::sha256_hex(query.blob(0)) != *stored.content_kept) return broken(id, "its content was changed");
    return false;
}

Result<bool> AuditVerifier::Impl::record_row(std::uint64_t seq, std::string_view kind, std::string_view payload) {
    const Result<StoredRecord> stored = record_from_payload(kind, payload);
    if (!stored) return broken(last_id, row_name(seq) + ": " + stored.error().text);
    const std::uint64_t id = stored->record.id;
    if (kind == kRecordRow) {
        if (last_id != 0 && id != last_id + 1)
            return broken(last_id + 1, row_name(seq) + " holds record " + std::to_string(id) + ", record " + std::to_string(last_id + 1) +
                                           " was expected");
        last_id = id;
    }
    verdict.records += 1;
    const Result<std::optional<Indexed>> entry = indexed(id, &*stored);
    if (!entry) return entry.error();
    if (!*entry) return broken(id, "it is missing in the table of records");
    if ((*entry)->seq != seq || !(*entry)->fits) return broken(id, "the table of records differs from " + row_name(seq));
    // Unless they agree already, later rows must explain the difference.
    if ((*entry)->state != state_of(*stored)) changed[id] = state_of(*stored);
    return content(*stored);
}

Result<bool> AuditVerifier::Impl::changed_by(std::uint64_t id, std::uint64_t seq, const std::function<void(State&)>& change) {
    auto known = changed.find(id);
    if (known == changed.end()) {
        const Result<std::optional<Indexed>> entry = indexed(id, nullptr);
        if (!entry) return entry.error();
        // Its own row was trimmed, or carried to a later place that has the sum.
        if (!*entry || (*entry)->seq > seq) return false;
        Query query = database.query("SELECT kind, payload FROM audit_row WHERE seq = ?");
        const Result<bool> row = query.bind((*entry)->seq).step();
        if (!row) return row.error();
        const Result<StoredRecord> stored = *row ? record_from_payload(query.text(0), query.text(1)) : fail(Errc::malformed, "");
        if (!stored || stored->record.id != id) return broken(id, "the table of records names a row that is not its own");
        known = changed.emplace(id, state_of(*stored)).first;
    }
    change(known->second);
    return false;
}

Result<bool> AuditVerifier::Impl::row(std::uint64_t seq, std::string_view kind, std::string_view payload) {
    if (kind == kRecordRow || kind == kKeptRow) return record_row(seq, kind, payload);
    const Result<json::Value> value = json::parse(payload);
    if (!value || value->object() == nullptr) return broken(last_id, row_name(seq) + ": its payload is no JSON object");
    const json::Object& object = *value->object();
    if (kind == kRepeatRow) {
        const auto id = payload_count(object, "id"), count = payload_count(object, "count");
        const auto last_seen = payload_time(object, "last_seen");
        if (!id || !count || !last_seen) return broken(last_id, row_name(seq) + ": its payload is no repeat");
        return changed_by(*id, seq, [&](State& state) {
            state.count = *count;
            state.last_seen = *last_seen;
        });
    }
    if (kind == kReviewRow) {
        const json::Value* ids = object.find("ids");
        const auto time = payload_time(object, "time");
        if (ids == nullptr || ids->array() == nullptr || !time) return broken(last_id, row_name(seq) + ": its payload is no review");
        const AuditReview review{*time, payload_text(object, "by").value_or(""), payload_text(object, "note").value_or("")};
        for (const json::Value& id : *ids->array()) {
            if (id.number() == nullptr || *id.number() < 0) return broken(last_id, row_name(seq) + ": its payload is no review");
            const Result<bool> stop =
                changed_by(static_cast<std::uint64_t>(*id.number()), seq, [&](State& state) { state.reviewed = review; });
            if (!stop || *stop) return stop;
        }
        return false;
    }
    if (kind == kTrimRow) {
        const auto first = payload_count(object, "first_seq"), from = payload_count(object, "contents_from");
        const auto before = payload_text(object, "first_prev");
        if (!first || !from || !before) return broken(last_id, row_name(seq) + ": its payload is no trim");
        trim = {*first, *before, *from};
        return false;
    }
    return broken(last_id, row_name(seq) + " is of an unknown kind");
}

Result<bool> AuditVerifier::step(std::size_t rows) {
    if (impl_->verdict.broken) return true;
    if (!impl_->begun) {
        const Result<bool> stop = impl_->begin();
        if (!stop || *stop) return stop;
    }
    Query query = impl_->database.query("SELECT seq, kind, payload, prev, hash FROM audit_row WHERE seq >= ? ORDER BY seq LIMIT ?");
    query.bind(impl_->expected).bind(std::uint64_t{rows});
    for (std::size_t i = 0; i < rows; ++i) {
        const Result<bool> row = query.step();
        if (!row) return row.error();
        if (!*row) return impl_->finish();
        const std::uint64_t seq = query.count(0);
        const std::string_view kind = query.text(1), payload = query.text(2), hash = query.text(4);
        if (seq != impl_->expected) return impl_->missing(impl_->expected);
        const bool follows = query.text(3) == impl_->prev;
        if (!follows || row_hash(impl_->prev, seq, kind, payload) != hash) {
            const Result<std::uint64_t> id = impl_->culprit(seq, kind, payload);
            if (!id) return id.error();
            return impl_->broken(*id, row_name(seq) + (follows ? " was changed" : " does not follow from the row before"));
        }
        const Result<bool> stop = impl_->row(seq, kind, payload);
        if (!stop || *stop) return stop;
        impl_->prev = hash;
        impl_->verdict.head = impl_->prev;
        impl_->expected = seq + 1;
    }
    return false;
}

// --- The end ----------------------------------------------------------------------

Result<bool> AuditVerifier::Impl::finish() {
    const Result<Head> head = load_head(database);
    if (!head) {
        if (head.error().code != Errc::not_found) return head.error();
        return broken(0, head.error().text);
    }
    if (head->seq >= expected) return missing(expected);
    if (head->seq + 1 < expected)
        return broken(last_id, "the head names " + row_name(head->seq) + " as the last, but there is " + row_name(expected - 1));
    if (head->hash != prev) return broken(last_id, "the head's hash is not that of " + row_name(head->seq));
    if (head->rows != head->seq - head->first_seq + 1)
        return broken(last_id, "the head counts " + std::to_string(head->rows) + " rows, there are " +
                                   std::to_string(head->seq - head->first_seq + 1));
    if (head->first_seq != trim.first_seq || head->first_prev != trim.first_prev || head->contents_from != trim.contents_from)
        return broken(last_id == 0 ? 0 : last_id - std::min(last_id, verdict.records) + 1,
                      "the audit begins at " + row_name(head->first_seq) + ", which no trim row says");
    if (last_id != 0 && head->last_id != last_id)
        return broken(last_id, "the head names record " + std::to_string(head->last_id) + " as the newest");
    const Result<bool> stop = finish_table(*head);
    if (!stop || *stop || head_file.empty()) {
        if (stop && !*stop) return true;
        return stop;
    }
    const Result<HeadMark> mark = read_head_mark(head_file);
    if (!mark) {
        if (mark.error().code == Errc::io || mark.error().code == Errc::not_permitted) return mark.error();
        return broken(head->last_id, mark.error().text);
    }
    const Result<std::optional<std::string>> problem = compare_head_mark(database, *head, *mark);
    if (!problem) return problem.error();
    if (*problem) return broken(mark->seq > head->seq ? head->last_id + 1 : head->last_id, **problem);
    return true;
}

// Everything that rows said about records, against the table of records.
Result<bool> AuditVerifier::Impl::finish_table(const Head& head) {
    for (const auto& [id, state] : changed) {
        const Result<std::optional<Indexed>> entry = indexed(id, nullptr);
        if (!entry) return entry.error();
        if (!*entry) return broken(id, "it is missing in the table of records");
        const State& table = (*entry)->state;
        if (table.count != state.count)
            return broken(id, "its count in the table of records is " + std::to_string(table.count) + ", the chain says " +
                                  std::to_string(state.count));
        if (table.last_seen != state.last_seen)
            return broken(id, "when it was last seen differs between the table of records and the chain");
        if (table.reviewed != state.reviewed) return broken(id, "its review differs between the table of records and the chain");
    }
    Query query = database.query(
        "SELECT id FROM audit_record WHERE NOT EXISTS (SELECT 1 FROM audit_row WHERE audit_row.seq = audit_record.seq"
        " AND kind IN ('record', 'kept')) ORDER BY id LIMIT 1");
    const Result<bool> row = query.step();
    if (!row) return row.error();
    if (*row) return broken(query.count(0), "it stands in the table of records, but not in the chain");
    if (head.records != verdict.records)
        return broken(last_id,
                      "the head counts " + std::to_string(head.records) + " records, there are " + std::to_string(verdict.records));
    return false;
}

Result<AuditVerdict> verify_state_directory(const std::string& state_directory) {
    Result<std::unique_ptr<Database>> database = Database::open_read_only(state_directory + "/store.db");
    if (!database) return database.error();
    if (const Result<void> version = check_version(**database); !version) return version.error();
    AuditVerifier verifier(**database, state_directory + "/audit.head");
    for (;;) {
        const Result<bool> done = verifier.step(kAllAtOnce);
        if (!done) return done.error();
        if (*done) return verifier.verdict();
    }
}

}  // namespace endpointd::store
