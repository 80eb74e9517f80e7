#pragma once
// How many new records, and bytes of content, each parent has caused in the
// current minute. Past the bound its records fold into one per kind, so that a
// taken-over parent can neither fill the disk nor push the audit's past out.
// What it executes or changes has a budget of its own, and so has what is accepted by
// each method: a flood of refusals never blurs what was really done, results that a parent
// submits for many objects blur neither. Owned by AuditLog.

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "store/audit_record.hpp"

namespace endpointd::store {

// Budgets kept apart. Parents are authenticated, so there are four at most for each endpoint
// configured; more than this share one.
inline constexpr std::size_t kFloodBudgets = 1024;
inline constexpr std::chrono::seconds kFloodWindow{60};

class FloodGuard {
public:
    // True: there is room for it, and it was taken. A record of its own; one that
    // stands for those that were too many; bytes of content.
    bool take_record(const AuditRecord& record, SteadyTime now);
    bool take_flood_record(const AuditRecord& record, SteadyTime now);
    bool take_content(const AuditRecord& record, std::uint64_t bytes, SteadyTime now);

    void keep();  // the transaction was committed
    void undo();  // it was not: what it took is given back

private:
    struct Budget {
        SteadyTime since;
        std::uint64_t records = 0;
        std::uint64_t flood_records = 0;
        std::uint64_t content = 0;
    };
    using Counter = std::uint64_t Budget::*;
    struct Taken {
        std::string key;
        Counter counter;
        std::uint64_t amount;
    };

    bool take(const AuditRecord& record, Counter counter, std::uint64_t amount, std::uint64_t most, SteadyTime now);

    std::unordered_map<std::string, Budget> budgets_;
    std::vector<Taken> taken_;
};

}  // namespace endpointd::store
