#pragma once
// What an AuditLog holds, for the three files that implement it: audit_log.cpp
// (appending), audit_query.cpp (reading), audit_trim.cpp. Nobody else includes it.

#include <string>
#include <utility>

#include "store/audit_chain.hpp"
#include "store/audit_log.hpp"
#include "store/audit_rows.hpp"
#include "store/flood_guard.hpp"
#include "store/fold_index.hpp"

namespace endpointd::store {

struct AuditLog::Impl {
    Impl(Database& store, const Clock& time, std::string file, Head head)
        : database(store), clock(time), head_file(std::move(file)), rows(store, std::move(head)), folds(kFoldIndex) {}

    Database& database;
    const Clock& clock;
    std::string head_file;
    std::string problem;
    AuditRows rows;
    FoldIndex folds;
    FloodGuard flood;
    std::uint64_t head_file_seq = 0;  // the row audit.head names

    // One transaction around `work`: if it fails, nothing has happened.
    template <class Work>
    auto transact(Work work) -> decltype(work()) {
        auto result = work();
        if (result) {
            if (const Result<void> done = rows.commit(); !done) result = done.error();
        }
        if (result) {
            folds.keep();
            flood.keep();
        } else {
            rows.roll_back();
            folds.undo();
            flood.undo();
        }
        return result;
    }

    // Within transact().
    Result<std::uint64_t> take(const AuditEntry& entry);
    Result<std::uint64_t> insert(StoredRecord stored, const std::optional<std::string>& content, std::uint64_t count);
    Result<std::optional<Fold>> find_fold(const std::string& key);
    Result<std::uint64_t> raise(const std::string& key, Fold fold, WallTime seen, std::uint64_t by);
    Result<void> chain(const std::string& key, Fold fold);
    Result<void> shrink_folds();
};

}  // namespace endpointd::store
