#include "store/flood_guard.hpp"

#include "store/audit_log.hpp"

namespace endpointd::store {

bool FloodGuard::take_record(const AuditRecord& record, SteadyTime now) {
    // The operator's own changes: nobody else can cause them.
    if (!record.parent && record.decision == Decision::changed) return true;
    return take(record, &Budget::records, 1, limits::kAuditRecordsPerMinute, now);
}

bool FloodGuard::take_flood_record(const AuditRecord& record, SteadyTime now) {
    return take(record, &Budget::flood_records, 1, kFloodRecordsPerMinute, now);
}

bool FloodGuard::take_content(const AuditRecord& record, std::uint64_t bytes, SteadyTime now) {
    return take(record, &Budget::content, bytes, kAuditContentPerMinute, now);
}

bool FloodGuard::take(const AuditRecord& record, Counter counter, std::uint64_t amount, std::uint64_t most, SteadyTime now) {
    std::string key = "refused";
    if (record.decision == Decision::executed || record.decision == Decision::changed) key = "done";
    // What is accepted has methods of our own table, and results of many objects are no attack.
    if (record.decision == Decision::accepted) key = "accepted:" + record.method.value_or("");
    if (record.parent) key += ":" + *record.parent;
    if (!budgets_.contains(key) && budgets_.size() >= kFloodBudgets) {
        std::erase_if(budgets_, [&](const auto& budget) { return now - budget.second.since >= kFloodWindow; });
        if (budgets_.size() >= kFloodBudgets) key = "*";
    }
    Budget& budget = budgets_.try_emplace(key, Budget{.since = now}).first->second;
    if (now - budget.since >= kFloodWindow) budget = Budget{.since = now};
    if (budget.*counter + amount > most) return false;
    budget.*counter += amount;
    taken_.push_back({std::move(key), counter, amount});
    return true;
}

void FloodGuard::keep() { taken_.clear(); }

void FloodGuard::undo() {
    for (const Taken& taken : taken_) {
        const auto budget = budgets_.find(taken.key);
        if (budget == budgets_.end()) continue;
        std::uint64_t& count = budget->second.*taken.counter;
        count -= std::min(count, taken.amount);
    }
    taken_.clear();
}

}  // namespace endpointd::store
