#include "store/audit_log.hpp"

#include <algorithm>

#include "base/units.hpp"
#include "files/digest.hpp"
#include "json/document.hpp"
#include "store/audit_state.hpp"
#include "store/head_file.hpp"

namespace endpointd::store {

namespace {

constexpr std::string_view kFloodDetail = "more new records than fit into a minute; further ones are counted here";

std::optional<std::string> bounded_name(const std::optional<std::string>& text) {
    if (!text) return std::nullopt;
    return stored_text(*text, limits::kAuditName);
}

StoredRecord stored_from(const AuditEntry& entry, WallTime now) {
    StoredRecord stored;
    AuditRecord& record = stored.record;
    record.time = record.last_seen = entry.time.value_or(now);
    record.parent = bounded_name(entry.parent);
    record.zone = bounded_name(entry.zone);
    record.method = bounded_name(entry.method);
    record.object_type = bounded_name(entry.object_type);
    record.object_name = bounded_name(entry.object_name);
    record.file = bounded_name(entry.file);
    record.line = entry.line;
    record.decision = entry.decision;
    record.reason = entry.reason;
    record.detail = stored_text(entry.detail, kAuditDetail);
    record.parameter = bounded_name(entry.parameter);
    if (entry.content_sha256) record.content_sha256 = entry.content_sha256;
    else if (entry.content) record.content_sha256 = files::sha256_hex(*entry.content);
    stored.fold = entry.fold || (entry.decision != Decision::executed && entry.decision != Decision::changed);
    return stored;
}

// The record that stands for all of its kind.
StoredRecord flood_record(const StoredRecord& stored, bool with_method) {
    StoredRecord flood;
    flood.record.time = flood.record.last_seen = stored.record.time;
    flood.record.parent = stored.record.parent;
    if (with_method) flood.record.method = stored.record.method;
    flood.record.decision = stored.record.decision;
    flood.record.reason = stored.record.reason;
    flood.record.detail = kFloodDetail;
    flood.fold = flood.flood = true;
    return flood;
}

// The head that the tables add up to; an empty one when there is no row.
Result<Head> head_from_rows(Database& database) {
    Head head;
    head.hash = head.first_prev = genesis_hash();
    {
        Query query = database.query("SELECT seq, hash FROM audit_row ORDER BY seq DESC LIMIT 1");
        const Result<bool> row = query.step();
        if (!row) return row.error();
        if (!*row) return head;
        head.seq = query.count(0);
        head.hash = query.text(1);
    }
    Query query = database.query(
        "SELECT (SELECT seq FROM audit_row ORDER BY seq LIMIT 1), (SELECT prev FROM audit_row ORDER BY seq LIMIT 1),"
        " (SELECT max(id) FROM audit_record), (SELECT count(*) FROM audit_record),"
        " (SELECT payload FROM audit_row WHERE kind = 'trim' ORDER BY seq DESC LIMIT 1),"
        " (SELECT total(length(payload)) FROM audit_row), (SELECT total(length(content)) FROM audit_content)");
    const Result<bool> row = query.step();
    if (!row) return row.error();
    head.first_seq = query.count(0);
    head.first_prev = query.text(1);
    head.last_id = query.count(2);
    head.records = query.count(3);
    if (const Result<json::Value> trim = json::parse(query.text(4)); trim && trim->object() != nullptr)
        head.contents_from = payload_count(*trim->object(), "contents_from").value_or(1);
    head.content_bytes = query.count(6);
    head.rows = head.seq - head.first_seq + 1;
    head.bytes = query.count(5) + head.content_bytes + head.rows * kRowOverhead;
    return head;
}

AuditEntry damage_entry(std::string detail) {
    AuditEntry entry;
    entry.object_type = "audit";
    entry.decision = Decision::changed;
    entry.reason = Reason::stale;
    entry.detail = std::move(detail);
    return entry;
}

}  // namespace

AuditLog::AuditLog(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
AuditLog::~AuditLog() = default;

Result<std::unique_ptr<AuditLog>> AuditLog::open(Database& database, const Clock& clock, std::string head_file) {
    Result<Head> newest = head_from_rows(database);
    if (!newest) return newest.error();
    Result<Head> head = load_head(database);
    if (!head && head.error().code != Errc::not_found) return head.error();

    // Damage is put on record and built upon, never repaired: what is wrong stays
    // where `verify` finds it.
    std::string damage;
    const bool fresh = !head && newest->seq == 0;
    if (!head) {
        if (!fresh) damage = "the head of the audit was missing and is built anew from its last row " + std::to_string(newest->seq);
        head = *newest;
    } else if (newest->seq > head->seq) {
        damage = "the head of the audit named row " + std::to_string(head->seq) + " as the last, but there is row " +
                 std::to_string(newest->seq);
        head = *newest;
    }

    std::unique_ptr<AuditLog> log(new AuditLog(std::make_unique<Impl>(database, clock, std::move(head_file), *head)));
    Impl& impl = *log->impl_;
    if (fresh) {
        if (Result<void> done = save_head(database, *head); !done) return done.error();
    }
    if (!impl.head_file.empty()) {
        const Result<HeadMark> mark = read_head_mark(impl.head_file);
        if (mark) {
            const Result<std::optional<std::string>> compared = compare_head_mark(database, *head, *mark);
            if (!compared) return compared.error();
            impl.problem = compared->value_or("");
            impl.head_file_seq = mark->seq;
        } else if (mark.error().code != Errc::not_found) {
            impl.problem = mark.error().text;
        }
    }
    if (!damage.empty()) {
        if (const auto id = log->append(damage_entry(damage)); !id) return id.error();
        if (impl.problem.empty()) impl.problem = damage;
    } else if (impl.problem.empty() && !impl.head_file.empty()) {
        // From the first moment, so that its absence means something.
        if (Result<void> done = log->write_head_file(); !done) return done.error();
    }
    return log;
}

const std::string& AuditLog::head_problem() const noexcept { return impl_->problem; }

// --- Appending --------------------------------------------------------------------

Result<std::optional<Fold>> AuditLog::Impl::find_fold(const std::string& key) {
    if (const Fold* fold = folds.find(key)) return std::optional<Fold>(*fold);
    Query query = database.query("SELECT id, count, last_seen FROM audit_record WHERE fold_key = ? ORDER BY id DESC LIMIT 1");
    const Result<bool> row = query.bind(std::string_view(key)).step();
    if (!row) return row.error();
    if (!*row) return std::optional<Fold>();
    Fold fold;
    fold.id = query.count(0);
    fold.count = fold.chained = query.count(1);
    fold.last_seen = WallTime(Duration(query.integer(2)));
    // Its last row was written when it was last seen, as far as we know; a wall
    // clock that jumped costs a row too many at most.
    const Duration ago = std::clamp<Duration>(clock.wall() - fold.last_seen, Duration(0), kRepeatHeld);
    fold.chained_at = clock.steady() - ago;
    return std::optional<Fold>(fold);
}

Result<void> AuditLog::Impl::chain(const std::string& key, Fold fold) {
    if (Result<void> done = rows.add_repeat(fold.id, fold.count, fold.last_seen); !done) return done;
    fold.chained = fold.count;
    fold.chained_at = clock.steady();
    folds.put(key, fold);
    return {};
}

Result<std::uint64_t> AuditLog::Impl::raise(const std::string& key, Fold fold, WallTime seen, std::uint64_t by) {
    fold.count += by;
    fold.last_seen = std::max(fold.last_seen, seen);
    if (fold.count >= 2 * fold.chained || clock.steady() - fold.chained_at >= kRepeatHeld) {
        if (Result<void> done = chain(key, fold); !done) return done.error();
    } else {
        folds.put(key, fold);
    }
    return fold.id;
}

Result<std::uint64_t> AuditLog::Impl::insert(StoredRecord stored, const std::optional<std::string>& content, std::uint64_t count) {
    std::optional<std::string_view> kept;
    if (content && !content->empty()) {
        const std::string_view begin = std::string_view(*content).substr(0, limits::kAuditContent);
        if (flood.take_content(stored.record, begin.size(), clock.steady())) {
            kept = begin;
            stored.content_kept = files::sha256_hex(begin);
        }
    }
    if (Result<void> done = rows.add_record(stored, kept); !done) return done.error();
    if (const std::optional<std::string> key = fold_key(stored)) {
        Fold fold;
        fold.id = stored.record.id;
        fold.last_seen = stored.record.last_seen;
        fold.chained_at = clock.steady();
        folds.put(*key, fold);
        if (count > 1) return raise(*key, fold, stored.record.last_seen, count - 1);
    }
    return stored.record.id;
}

Result<std::uint64_t> AuditLog::Impl::take(const AuditEntry& entry) {
    const StoredRecord stored = stored_from(entry, clock.wall());
    EP_ASSERT(entry.count == 1 || (entry.count > 1 && stored.fold));
    if (const std::optional<std::string> key = fold_key(stored)) {
        const Result<std::optional<Fold>> fold = find_fold(*key);
        if (!fold) return fold.error();
        if (*fold) return raise(*key, **fold, stored.record.last_seen, entry.count);
    }
    if (flood.take_record(stored.record, clock.steady())) return insert(stored, entry.content, entry.count);

    for (const bool with_method : {true, false}) {
        const StoredRecord substitute = flood_record(stored, with_method);
        const std::string key = *fold_key(substitute);
        const Result<std::optional<Fold>> fold = find_fold(key);
        if (!fold) return fold.error();
        if (*fold) return raise(key, **fold, stored.record.last_seen, entry.count);
        if (!with_method || flood.take_flood_record(substitute.record, clock.steady()))
            return insert(substitute, std::nullopt, entry.count);
    }
    EP_ASSERT(false);
}

Result<void> AuditLog::Impl::shrink_folds() {
    while (const std::optional<std::string> key = folds.excess()) {
        const Fold fold = *folds.peek(*key);
        if (fold.held()) {
            if (Result<void> done = rows.add_repeat(fold.id, fold.count, fold.last_seen); !done) return done;
        }
        folds.erase(*key);
    }
    return {};
}

Result<std::vector<std::uint64_t>> AuditLog::append(std::span<const AuditEntry> entries) {
    return impl_->transact([&]() -> Result<std::vector<std::uint64_t>> {
        std::vector<std::uint64_t> ids;
        ids.reserve(entries.size());
        for (const AuditEntry& entry : entries) {
            const Result<std::uint64_t> id = impl_->take(entry);
            if (!id) return id.error();
            ids.push_back(*id);
        }
        if (const Result<void> done = impl_->shrink_folds(); !done) return done.error();
        return ids;
    });
}

Result<std::uint64_t> AuditLog::append(const AuditEntry& entry) {
    const Result<std::vector<std::uint64_t>> ids = append(std::span(&entry, 1));
    if (!ids) return ids.error();
    return ids->front();
}

// --- Counts held in memory --------------------------------------------------------

Result<void> AuditLog::flush_due() {
    const SteadyTime now = impl_->clock.steady();
    return impl_->transact([&]() -> Result<void> {
        for (const std::string& key : impl_->folds.held_keys()) {
            const Fold fold = *impl_->folds.peek(key);
            if (now - fold.chained_at < kRepeatHeld) continue;
            if (Result<void> done = impl_->chain(key, fold); !done) return done;
        }
        return {};
    });
}

Result<void> AuditLog::flush_all() {
    return impl_->transact([&]() -> Result<void> {
        for (const std::string& key : impl_->folds.held_keys())
            if (Result<void> done = impl_->chain(key, *impl_->folds.peek(key)); !done) return done;
        return {};
    });
}

std::optional<SteadyTime> AuditLog::flush_due_at() const noexcept {
    const std::optional<SteadyTime> oldest = impl_->folds.oldest_held();
    if (!oldest) return std::nullopt;
    return *oldest + kRepeatHeld;
}

// --- Reviews ----------------------------------------------------------------------

Result<std::uint64_t> AuditLog::review(const std::vector<std::uint64_t>& ids, std::string_view by, std::string_view note) {
    if (ids.empty()) return fail(Errc::invalid, "no record to review");
    if (ids.size() > kReviewIds) return fail(Errc::too_large, "more than " + std::to_string(kReviewIds) + " records to review at once");
    const AuditReview review{impl_->clock.wall(), stored_text(by, limits::kAuditName), stored_text(note, kAuditDetail)};
    return impl_->transact([&]() -> Result<std::uint64_t> {
        json::Array list;
        std::string names;
        for (const std::uint64_t id : ids) {
            {
                Query query = impl_->database.query("SELECT 1 FROM audit_record WHERE id = ?");
                const Result<bool> row = query.bind(std::min<std::uint64_t>(id, INT64_MAX)).step();
                if (!row) return row.error();
                if (!*row) return fail(Errc::not_found, "audit record " + std::to_string(id) + " does not exist");
            }
            list.emplace_back(id);
            names += (names.empty() ? "" : ",") + std::to_string(id);
        }
        if (const Result<void> done = impl_->rows.add_review(list, review); !done) return done.error();
        for (const std::uint64_t id : ids)
            if (const Result<void> done = impl_->rows.set_review(id, review); !done) return done.error();
        AuditEntry entry;
        entry.object_type = "audit";
        entry.object_name = names;
        entry.decision = Decision::changed;
        entry.reason = Reason::ok;
        entry.detail = "reviewed by " + review.by + (review.note.empty() ? "" : ": " + review.note);
        return impl_->take(entry);
    });
}

// --- The head ---------------------------------------------------------------------

Result<void> AuditLog::write_head_file() {
    if (impl_->head_file.empty() || !impl_->problem.empty()) return {};
    // First the rows onto the disk, then the word that they are there: the file is
    // never ahead, not even after a power cut.
    if (Result<void> done = impl_->database.checkpoint(); !done) return done;
    if (Result<void> done = write_head_mark(impl_->head_file, impl_->rows.head()); !done) return done;
    impl_->head_file_seq = impl_->rows.head().seq;
    return {};
}

bool AuditLog::head_file_due() const noexcept {
    return !impl_->head_file.empty() && impl_->problem.empty() && impl_->rows.head().seq >= impl_->head_file_seq + kHeadFileEvery;
}

std::uint64_t AuditLog::records() const noexcept { return impl_->rows.head().records; }
std::uint64_t AuditLog::bytes() const noexcept { return impl_->rows.head().bytes; }
std::string AuditLog::head() const { return impl_->rows.head().hash; }

}  // namespace endpointd::store
