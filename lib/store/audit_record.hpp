#pragma once
// What the audit holds: an AuditEntry is what a caller reports, an AuditRecord
// what the audit made of it (repeats are one record with a count). Plain values,
// copied freely, read from any thread.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/result.hpp"
#include "json/value.hpp"
#include "policy/verdict.hpp"

namespace endpointd::store {

// Bytes of a record's detail: one of our own sentences around a foreign name.
inline constexpr std::size_t kAuditDetail = 1024;

enum class Decision : std::uint8_t {
    rejected,  // a pushed file or object was not taken
    accepted,  // pushed configuration was taken, or a result that a parent submits
    denied,    // a request was refused
    executed,  // an action, event or notification command was run
    changed,   // a parent or operator changed something, or a request was changed before it ran
};

// The reasons are the policy's: what is refused is recorded with the code it was refused with.
using policy::name_of;
using policy::Reason;

// The stable names, as operators and scripts see them: "capability-denied".
std::string_view name_of(Decision decision) noexcept;
std::optional<Decision> decision_named(std::string_view name) noexcept;

// Foreign text may be of any length and need not be UTF-8: what is stored is
// repaired, and cut to limits::kAuditName (detail: kAuditDetail) with a digest of
// the whole at its end, so that two long names never become one.
struct AuditEntry {
    std::optional<std::string> parent;  // the authenticated endpoint; none: a stranger, or the operator
    std::optional<std::string> zone;
    std::optional<std::string> method;  // "event::ExecuteCommand"
    std::optional<std::string> object_type;
    std::optional<std::string> object_name;
    std::optional<std::string> file;  // "<zone>/<path as sent>"
    std::optional<std::uint32_t> line;
    Decision decision = Decision::denied;
    Reason reason = Reason::capability_denied;
    std::string detail;
    std::optional<std::string> parameter;       // tells repeats apart where there is one
    std::optional<std::string> content;         // what was sent; limits::kAuditContent bytes of it are kept, its digest is of all
    std::optional<std::string> content_sha256;  // where the caller has already cut `content`: of all of it
    bool fold = false;                          // `executed` and `changed` do not fold; true: this one does (a macro dropped)
    std::uint64_t count = 1;                    // of what folds: as often as its maker saw it since the last one
    std::optional<WallTime> time;               // none: when the audit gets it
};

struct AuditReview {
    WallTime time;
    std::string by;
    std::string note;

    bool operator==(const AuditReview&) const = default;
};

struct AuditRecord {
    std::uint64_t id = 0;  // from 1, without gaps, never used twice
    WallTime time;         // of the first
    WallTime last_seen;    // of the last repeat
    std::uint64_t count = 1;
    std::optional<std::string> parent;
    std::optional<std::string> zone;
    std::optional<std::string> method;
    std::optional<std::string> object_type;
    std::optional<std::string> object_name;
    std::optional<std::string> file;
    std::optional<std::uint32_t> line;
    Decision decision = Decision::denied;
    Reason reason = Reason::capability_denied;
    std::string detail;
    std::optional<std::string> parameter;       // not part of RECORD
    std::optional<std::string> content_sha256;  // hex
    std::optional<AuditReview> reviewed;
    std::string hash;  // of its row in the chain, hex
};

// `audit show`: a record with what was pushed, repaired to UTF-8; null where
// nothing was sent or it was trimmed. `content_cut`: only its beginning was kept.
struct AuditDetail {
    AuditRecord record;
    std::optional<std::string> content;
    bool content_cut = false;
};

// `audit list`. Globs are base/units' ones. `since` and `until` take every record
// of which at least one occurrence may lie between them.
struct AuditFilter {
    std::optional<WallTime> since;
    std::optional<WallTime> until;
    std::optional<std::string> parent;
    std::optional<Decision> decision;
    std::optional<Reason> reason;
    std::optional<std::string> object_type;  // glob
    std::optional<std::string> object_name;  // glob
    bool unreviewed = false;
    std::size_t limit = 100;              // at most kAuditListLimit
    std::optional<std::uint64_t> before;  // only ids below this one
};

// Records of one answer: some 1 KiB each, so the answer stays in memory's bounds.
inline constexpr std::size_t kAuditListLimit = 10'000;

struct AuditPage {
    std::vector<AuditRecord> records;   // newest (highest id) first
    std::optional<std::uint64_t> next;  // what `before` takes for the rest; null: there is no more
};

struct AuditVerdict {
    struct Broken {
        std::uint64_t id = 0;  // the first broken record
        std::string why;
    };
    std::uint64_t records = 0;  // in the chain as far as it was read
    std::string head;           // hash of the last row, hex; zeros while the audit is empty
    std::optional<Broken> broken;

    bool ok() const noexcept { return !broken; }
};

// The JSON shapes of `endpointctl audit`; times are RFC 3339.
json::Object record_json(const AuditRecord& record);
json::Object detail_json(const AuditDetail& detail);
json::Object page_json(const AuditPage& page);
json::Object verdict_json(const AuditVerdict& verdict);

}  // namespace endpointd::store
