#pragma once
// Which record a repeat belongs to, and how often it was seen since its last row:
// the part of the audit that is in memory. Bounded; the least recently used go.
// What a transaction changes is undone when it fails. Owned by AuditLog.

#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"

namespace endpointd::store {

struct Fold {
    std::uint64_t id = 0;
    std::uint64_t count = 1;    // by now
    std::uint64_t chained = 1;  // what the last row says
    WallTime last_seen;
    SteadyTime chained_at;  // when that row was written

    bool held() const noexcept { return count != chained; }
};

class FoldIndex {
public:
    explicit FoldIndex(std::size_t capacity) : capacity_(capacity) {}

    // Valid until the next call of put, erase, or an end of the transaction.
    const Fold* find(const std::string& key);        // counts as a use
    const Fold* peek(const std::string& key) const;  // does not

    void put(const std::string& key, const Fold& fold);
    void erase(const std::string& key);

    // The key that goes next, while there are too many.
    std::optional<std::string> excess() const;
    std::vector<std::string> held_keys() const;
    // When the row that has waited longest for its count was written; none: no count is held.
    std::optional<SteadyTime> oldest_held() const;

    void keep();  // the transaction was committed
    void undo();  // it was not: everything as it was at the last keep() or undo()

private:
    struct Slot {
        std::string key;
        Fold fold;
    };
    void remember(const std::string& key);
    void set(const std::string& key, const Fold& fold);
    void remove(const std::string& key);

    std::size_t capacity_;
    std::list<Slot> order_;  // the most recently used first
    std::unordered_map<std::string, std::list<Slot>::iterator> slots_;
    std::unordered_map<std::string, std::optional<Fold>> before_;  // what the open transaction changed
    std::unordered_map<std::string, SteadyTime> held_;             // keys with a count in memory
};

}  // namespace endpointd::store
