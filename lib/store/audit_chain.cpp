#include "store/audit_chain.hpp"

#include <cmath>

#include "base/units.hpp"
#include "files/digest.hpp"
#include "json/document.hpp"
#include "store/database.hpp"

namespace endpointd::store {

namespace {

// Hex digits of the digest that marks a text as cut.
constexpr std::size_t kCutDigest = 16;
constexpr std::size_t kFoldKeyDigits = 32;
// The largest integer that a JSON number holds exactly.
constexpr double kExactInteger = 9007199254740992.0;

json::Object common_payload(const StoredRecord& stored) {
    const AuditRecord& record = stored.record;
    return {
        {"id", record.id},
        {"time", payload_of(record.time)},
        {"parent", record.parent},
        {"zone", record.zone},
        {"method", record.method},
        {"object_type", record.object_type},
        {"object_name", record.object_name},
        {"file", record.file},
        {"line", record.line},
        {"decision", name_of(record.decision)},
        {"reason", name_of(record.reason)},
        {"detail", record.detail},
        {"parameter", record.parameter},
        {"fold", stored.fold},
        {"flood", stored.flood},
        {"content_sha256", record.content_sha256},
        {"content_kept", stored.content_kept},
    };
}

bool flag(const json::Object& payload, std::string_view key) {
    const json::Value* value = payload.find(key);
    return value != nullptr && value->boolean() != nullptr && *value->boolean();
}

// Length first, so that no two lists of fields are the same bytes.
void add_field(files::Sha256& digest, const std::optional<std::string>& field) {
    if (!field) {
        digest.update("-;");
        return;
    }
    digest.update(std::to_string(field->size()) + ":");
    digest.update(*field);
    digest.update(";");
}

}  // namespace

std::string genesis_hash() { return std::string(64, '0'); }

std::string row_hash(std::string_view prev, std::uint64_t seq, std::string_view kind, std::string_view payload) {
    files::Sha256 digest;
    digest.update(prev);
    digest.update("\n" + std::to_string(seq) + "\n");
    digest.update(kind);
    digest.update("\n");
    digest.update(payload);
    return digest.hex();
}

json::Value payload_of(WallTime time) { return json::Value(static_cast<long long>(time.time_since_epoch().count())); }

std::optional<std::uint64_t> payload_count(const json::Object& payload, std::string_view key) {
    const json::Value* value = payload.find(key);
    if (value == nullptr || value->number() == nullptr) return std::nullopt;
    const double number = *value->number();
    if (!(number >= 0) || number > kExactInteger || std::trunc(number) != number) return std::nullopt;
    return static_cast<std::uint64_t>(number);
}

std::optional<WallTime> payload_time(const json::Object& payload, std::string_view key) {
    const std::optional<std::uint64_t> count = payload_count(payload, key);
    if (!count) return std::nullopt;
    return WallTime(Duration(static_cast<Duration::rep>(*count)));
}

std::optional<std::string> payload_text(const json::Object& payload, std::string_view key) {
    const json::Value* value = payload.find(key);
    if (value == nullptr || value->string() == nullptr) return std::nullopt;
    return *value->string();
}

std::string record_payload(const StoredRecord& stored) { return json::to_text(common_payload(stored)); }

std::string kept_payload(const StoredRecord& stored) {
    json::Object payload = common_payload(stored);
    payload.set("count", stored.record.count);
    payload.set("last_seen", payload_of(stored.record.last_seen));
    json::Value reviewed;
    if (const auto& review = stored.record.reviewed)
        reviewed = json::Object{{"time", payload_of(review->time)}, {"by", review->by}, {"note", review->note}};
    payload.set("reviewed", std::move(reviewed));
    return json::to_text(payload);
}

Result<StoredRecord> record_from_payload(std::string_view kind, std::string_view text) {
    const Result<json::Value> value = json::parse(text);
    if (!value || value->object() == nullptr) return fail(Errc::malformed, "its payload is no JSON object");
    const json::Object& payload = *value->object();

    const std::optional<std::uint64_t> id = payload_count(payload, "id");
    const std::optional<WallTime> time = payload_time(payload, "time");
    const std::optional<std::string> detail = payload_text(payload, "detail");
    const std::optional<Decision> decision = decision_named(payload_text(payload, "decision").value_or(""));
    const std::optional<Reason> reason = policy::reason_from(payload_text(payload, "reason").value_or(""));
    if (!id || !time || !detail || !decision || !reason) return fail(Errc::malformed, "its payload is no record");

    StoredRecord stored;
    AuditRecord& record = stored.record;
    record.id = *id;
    record.time = record.last_seen = *time;
    record.parent = payload_text(payload, "parent");
    record.zone = payload_text(payload, "zone");
    record.method = payload_text(payload, "method");
    record.object_type = payload_text(payload, "object_type");
    record.object_name = payload_text(payload, "object_name");
    record.file = payload_text(payload, "file");
    if (const auto line = payload_count(payload, "line")) record.line = static_cast<std::uint32_t>(*line & UINT32_MAX);
    record.decision = *decision;
    record.reason = *reason;
    record.detail = *detail;
    record.parameter = payload_text(payload, "parameter");
    record.content_sha256 = payload_text(payload, "content_sha256");
    stored.content_kept = payload_text(payload, "content_kept");
    stored.fold = flag(payload, "fold");
    stored.flood = flag(payload, "flood");
    if (kind != kKeptRow) return stored;

    const std::optional<std::uint64_t> count = payload_count(payload, "count");
    const std::optional<WallTime> last_seen = payload_time(payload, "last_seen");
    if (!count || !last_seen) return fail(Errc::malformed, "its payload is no record");
    record.count = *count;
    record.last_seen = *last_seen;
    if (const json::Value* reviewed = payload.find("reviewed"); reviewed != nullptr && reviewed->object() != nullptr) {
        const json::Object& review = *reviewed->object();
        record.reviewed = AuditReview{payload_time(review, "time").value_or(WallTime{}), payload_text(review, "by").value_or(""),
                                      payload_text(review, "note").value_or("")};
    }
    return stored;
}

std::optional<std::string> fold_key(const StoredRecord& stored) {
    if (!stored.fold) return std::nullopt;
    const AuditRecord& record = stored.record;
    files::Sha256 digest;
    digest.update(stored.flood ? "flood;" : "one;");
    for (const auto* field : {&record.parent, &record.method, &record.object_type, &record.object_name, &record.file, &record.parameter})
        add_field(digest, *field);
    digest.update(record.line ? std::to_string(*record.line) : "-");
    digest.update(";");
    digest.update(name_of(record.decision));
    digest.update(";");
    digest.update(name_of(record.reason));
    return digest.hex().substr(0, kFoldKeyDigits);
}

std::string stored_text(std::string_view text, std::size_t most) {
    if (text.size() <= most) {
        std::string whole = repaired_utf8(text);
        if (whole.size() <= most) return whole;
    }
    const std::size_t room = most - kCutDigest - 4;
    std::size_t end = std::min(room, text.size());
    // Not in the middle of a character: at most three continuation bytes go.
    for (int i = 0; i < 3 && end > 0 && end < text.size() && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80; ++i) --end;
    std::string cut = repaired_utf8(text.substr(0, end));
    // U+FFFD is three bytes for one: repair what fits.
    while (cut.size() > room && end > 0) cut = repaired_utf8(text.substr(0, end /= 3));
    return cut + "...#" + files::sha256_hex(text).substr(0, kCutDigest);
}

Result<Head> load_head(Database& database) {
    Query query = database.query(
        "SELECT rows, seq, hash, first_seq, first_prev, last_id, contents_from, records, bytes, content_bytes"
        " FROM audit_head WHERE one = 1");
    const Result<bool> row = query.step();
    if (!row) return row.error();
    if (!*row) return fail(Errc::not_found, "the head of the audit is missing");
    Head head;
    head.rows = query.count(0);
    head.seq = query.count(1);
    head.hash = query.text(2);
    head.first_seq = query.count(3);
    head.first_prev = query.text(4);
    head.last_id = query.count(5);
    head.contents_from = query.count(6);
    head.records = query.count(7);
    head.bytes = query.count(8);
    head.content_bytes = query.count(9);
    return head;
}

Result<void> save_head(Database& database, const Head& head) {
    return database.run(
        "INSERT OR REPLACE INTO audit_head(one, rows, seq, hash, first_seq, first_prev, last_id, contents_from, records, bytes,"
        " content_bytes) VALUES(1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        head.rows, head.seq, std::string_view(head.hash), head.first_seq, std::string_view(head.first_prev), head.last_id,
        head.contents_from, head.records, head.bytes, head.content_bytes);
}

}  // namespace endpointd::store
