#pragma once
// The audit's tables as the log writes them within one transaction: appends rows,
// keeps the table of records and the head in step. Knows nothing of folding. The
// transaction begins with the first write, so that what only counts in memory
// costs no disk. Owned by AuditLog.

#include <optional>
#include <string>
#include <string_view>

#include "store/audit_chain.hpp"
#include "store/database.hpp"

namespace endpointd::store {

class AuditRows {
public:
    AuditRows(Database& database, Head head) : database_(database), head_(std::move(head)), committed_(head_) {}

    Database& database() noexcept { return database_; }
    const Head& head() const noexcept { return head_; }

    // All of these need commit() or roll_back() behind them.
    Result<void> add_record(StoredRecord& stored, std::optional<std::string_view> content);  // sets the id
    Result<void> add_kept(const StoredRecord& stored);
    Result<void> add_repeat(std::uint64_t id, std::uint64_t count, WallTime last_seen);
    Result<void> add_review(const json::Array& ids, const AuditReview& review);
    Result<void> set_review(std::uint64_t id, const AuditReview& review);
    // Removes every row before `first_seq` and says so in the chain.
    Result<void> add_trim(WallTime time, std::uint64_t first_seq, const std::string& first_prev, std::uint64_t removed_payload_bytes);
    Result<void> forget_record(std::uint64_t id);
    Result<void> forget_content(std::uint64_t id);  // nothing happens if it has none
    void contents_from(std::uint64_t id) noexcept { head_.contents_from = id; }

    Result<void> commit();
    void roll_back();

private:
    Result<void> begin();
    Result<void> add_row(std::string_view kind, const std::string& payload);
    Result<void> add_to_table(const StoredRecord& stored);

    Database& database_;
    Head head_;
    Head committed_;
    std::optional<Transaction> transaction_;
};

}  // namespace endpointd::store
