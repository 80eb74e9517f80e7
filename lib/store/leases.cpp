#include "store/leases.hpp"

#include <algorithm>

#include "json/document.hpp"
#include "store/database.hpp"

namespace endpointd::store {

namespace {

std::int64_t stored(WallTime time) noexcept { return static_cast<std::int64_t>(time.time_since_epoch().count()); }

std::optional<policy::Lease> lease_of(const Query& row) {
    policy::Lease lease;
    lease.id = row.count(0);
    lease.parent = row.text(1);
    const auto capability = policy::capability_from(row.text(2));
    const auto scope = json::parse(row.text(3));
    if (lease.id == 0 || !capability || !scope || scope->object() == nullptr) return std::nullopt;
    lease.capability = *capability;
    lease.scope = *scope->object();
    lease.reason = row.text(4);
    lease.by = row.text(5);
    lease.granted = WallTime(Duration(row.integer(6)));
    lease.expires = WallTime(Duration(row.integer(7)));
    lease.left = Duration(row.integer(8));
    return lease;
}

}  // namespace

Result<void> write_leases(Database& database, const LeaseChange& change) {
    Result<Transaction> transaction = Transaction::begin(database);
    if (!transaction) return transaction.error();
    for (const policy::Lease& lease : change.put) {
        const std::string scope = json::to_text(lease.scope);
        const auto done = database.run(
            "INSERT OR REPLACE INTO lease(id, parent, capability, scope, reason, granted_by, granted, expires, remaining)"
            " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)",
            lease.id, std::string_view(lease.parent), policy::name_of(lease.capability), std::string_view(scope),
            std::string_view(lease.reason), std::string_view(lease.by), stored(lease.granted), stored(lease.expires),
            static_cast<std::int64_t>(lease.left.count()));
        if (!done) return done.error();
    }
    for (const std::uint64_t id : change.dropped)
        if (const auto done = database.run("DELETE FROM lease WHERE id = ?", id); !done) return done.error();
    return transaction->commit();
}

StoredLeases read_leases(Database& database) {
    StoredLeases kept;
    Query rows =
        database.query("SELECT id, parent, capability, scope, reason, granted_by, granted, expires, remaining FROM lease ORDER BY id");
    for (;;) {
        const Result<bool> row = rows.step();
        if (!row) kept.problems.push_back("leases cannot be read in full: " + row.error().text);
        if (!row || !*row) break;
        kept.next_id = std::max(kept.next_id, rows.count(0) + 1);
        if (std::optional<policy::Lease> lease = lease_of(rows)) kept.leases.push_back(*std::move(lease));
        else kept.problems.push_back("lease:" + std::to_string(rows.integer(0)) + " is damaged");
    }
    // What the audit says of a lease is said of one lease only.
    Query last = database.query("SELECT seq FROM sqlite_sequence WHERE name = 'lease'");
    if (const Result<bool> row = last.step(); row && *row) kept.next_id = std::max(kept.next_id, last.count(0) + 1);
    return kept;
}

}  // namespace endpointd::store
