#pragma once
// The rows of the audit and what binds them. A row is (seq, kind, payload, prev,
// hash): `seq` counts from 1 without gaps, `payload` is JSON text as lib/json writes
// it, `prev` is the hash of the row before (64 zeros for the first), and
//
//   hash = hex(SHA-256(prev "\n" seq "\n" kind "\n" payload))
//
// Kinds and their payloads (times are microseconds since 1970):
//   record  {id, time, parent, zone, method, object_type, object_name, file, line,
//            decision, reason, detail, parameter, fold, flood, content_sha256,
//            content_kept}; `id` is one more than that of the record before.
//            content_kept: digest of the bytes kept; null if none were
//   kept    the same with {count, last_seen, reviewed}: a record carried over a trim
//   repeat  {id, count, last_seen}: the record has been seen `count` times by now
//   review  {ids, time, by, note}
//   trim    {time, first_seq, first_prev, rows, contents_from}: the first row kept,
//            the hash before it, how many rows went, and the lowest id whose content
//            is still there. The latest trim row says where the chain begins.
//
// Values and pure functions, apart from the last two functions.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "json/value.hpp"
#include "store/audit_record.hpp"

namespace endpointd::store {

class Database;

inline constexpr std::string_view kRecordRow = "record";
inline constexpr std::string_view kKeptRow = "kept";
inline constexpr std::string_view kRepeatRow = "repeat";
inline constexpr std::string_view kReviewRow = "review";
inline constexpr std::string_view kTrimRow = "trim";

// What stands before the first row.
std::string genesis_hash();

std::string row_hash(std::string_view prev, std::uint64_t seq, std::string_view kind, std::string_view payload);

// Bytes a row is counted with, beyond its payload: hashes, record, index.
inline constexpr std::uint64_t kRowOverhead = 384;

// The chain's end and beginning, as the table audit_head has it.
struct Head {
    std::uint64_t rows = 0;           // from first_seq to seq
    std::uint64_t seq = 0;            // of the last row; 0: none was ever written
    std::string hash;                 // of the last row
    std::uint64_t first_seq = 1;      // of the first row kept
    std::string first_prev;           // the hash before it
    std::uint64_t last_id = 0;        // of the newest record ever
    std::uint64_t contents_from = 1;  // contents of lower ids were trimmed
    std::uint64_t records = 0;        // that are there
    std::uint64_t bytes = 0;          // of payloads and contents, overhead included
    std::uint64_t content_bytes = 0;  // of contents alone

    bool operator==(const Head&) const = default;
};

// A record as its row has it.
struct StoredRecord {
    AuditRecord record;  // hash empty
    bool fold = false;
    bool flood = false;                       // stands for several that were too many
    std::optional<std::string> content_kept;  // digest of the bytes in audit_content
};

std::string record_payload(const StoredRecord& stored);  // kind record
std::string kept_payload(const StoredRecord& stored);    // kind kept
// Errc::malformed for what is no such payload.
Result<StoredRecord> record_from_payload(std::string_view kind, std::string_view payload);

// Equal for repeats and only for them; nothing for what never folds.
std::optional<std::string> fold_key(const StoredRecord& stored);

// A repaired and bounded copy; see AuditEntry.
std::string stored_text(std::string_view text, std::size_t most);

// Reading our own payloads without trusting them: somebody may have edited them.
std::optional<std::uint64_t> payload_count(const json::Object& payload, std::string_view key);
std::optional<WallTime> payload_time(const json::Object& payload, std::string_view key);
std::optional<std::string> payload_text(const json::Object& payload, std::string_view key);
json::Value payload_of(WallTime time);

// Errc::not_found if the row is not there.
Result<Head> load_head(Database& database);
Result<void> save_head(Database& database, const Head& head);

}  // namespace endpointd::store
