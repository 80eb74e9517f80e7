#pragma once
// The audit: an append-only chain of rows in the store's database. Each row's hash
// covers the row before it; repeats, reviews and trims are rows as well. The head
// (rows, hash, first row kept) stands in a table of its own, changed in the same
// transaction, and in the file `audit.head`, which may lag behind but never differ.
// audit_chain.hpp describes the rows. Owned by the store's thread, and
// only it may call; StoreThread is what the rest of the daemon uses.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "store/audit_record.hpp"

namespace endpointd::store {

class Database;

// Folding keys kept in memory; older ones are found in the database again.
inline constexpr std::size_t kFoldIndex = 4096;
// A repeat is counted in memory at most this long before it becomes a row.
inline constexpr std::chrono::seconds kRepeatHeld{60};
// Flood records one parent may cause in a minute: their methods are foreign names
// too. Then they fold into one per decision and reason, which are closed sets.
inline constexpr std::size_t kFloodRecordsPerMinute = 32;
// Bytes of content kept for one parent in a minute; of more only the digest is, so
// that nobody pushes the audit's past out through its size.
inline constexpr std::size_t kAuditContentPerMinute = 1024 * 1024;
// Rows after which audit.head is written anew: each costs a checkpoint's sync.
inline constexpr std::uint64_t kHeadFileEvery = 1000;
// Records a review may name.
inline constexpr std::size_t kReviewIds = 1000;

class AuditLog {
public:
    // `database` is migrated and outlives the log, as does `clock`. `head_file` is
    // the path of audit.head; empty: none (a database in memory). If the file names a
    // row the database does not have, it is evidence: it is left alone until somebody
    // removes it, and head_problem() says what is wrong.
    static Result<std::unique_ptr<AuditLog>> open(Database& database, const Clock& clock, std::string head_file);
    ~AuditLog();

    const std::string& head_problem() const noexcept;  // empty: none

    // Takes all entries in one transaction, or none: then an error, and nothing has
    // changed in memory either. The ids stand in the order of the entries.
    Result<std::vector<std::uint64_t>> append(std::span<const AuditEntry> entries);
    Result<std::uint64_t> append(const AuditEntry& entry);

    // Turns counts held in memory into rows: those that are due, or all.
    Result<void> flush_due();
    Result<void> flush_all();
    // When flush_due() has something to do; none: nothing is held.
    std::optional<SteadyTime> flush_due_at() const noexcept;

    Result<std::uint64_t> review(const std::vector<std::uint64_t>& ids, std::string_view by, std::string_view note);

    // Removes the oldest rows: those older than `max_age`, and what is above
    // `max_size` bytes (contents first, then records). A record that was seen again
    // later than the first row kept is carried over with its count and id. One call
    // removes a bounded number of rows; true: there is more to do.
    Result<bool> trim(Duration max_age, std::uint64_t max_size);
    bool wants_trim(std::uint64_t max_size) const noexcept;

    // Checkpoints the database and writes audit.head.
    Result<void> write_head_file();
    bool head_file_due() const noexcept;

    Result<AuditPage> list(const AuditFilter& filter);
    Result<AuditRecord> find(std::uint64_t id);  // Errc::not_found
    Result<AuditDetail> show(std::uint64_t id);  // Errc::not_found
    Result<std::vector<AuditRecord>> export_page(std::uint64_t after, std::size_t limit, std::optional<WallTime> since);

    std::uint64_t records() const noexcept;
    std::uint64_t bytes() const noexcept;  // payloads and contents kept
    std::string head() const;              // hash of the last row

private:
    struct Impl;
    explicit AuditLog(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace endpointd::store
