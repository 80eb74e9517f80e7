#pragma once
// Leases as they are kept over a restart. Values, and the functions that write and read
// them in the store's database; those are called by the store's thread, or before it starts.

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "policy/lease.hpp"

namespace endpointd::store {

class Database;

// Written as a whole or not at all.
struct LeaseChange {
    std::vector<policy::Lease> put;  // new ones, and those of which less is left
    std::vector<std::uint64_t> dropped;

    bool empty() const noexcept { return put.empty() && dropped.empty(); }
};

// Everything that is kept. What could not be read is left out and named in `problems`: a
// lease that is lost denies, and the operator can grant it again.
struct StoredLeases {
    std::vector<policy::Lease> leases;  // by id
    std::uint64_t next_id = 1;          // no lease had it before
    std::vector<std::string> problems;
};

Result<void> write_leases(Database& database, const LeaseChange& change);
StoredLeases read_leases(Database& database);

}  // namespace endpointd::store
