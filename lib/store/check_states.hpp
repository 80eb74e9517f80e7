#pragma once
// What became of hosts, services and downtimes, as it is kept over a restart: a text for
// each, whose meaning is the scheduler's, and beside it the text of the last result. Values, and the functions that write and read
// them in the store's database; those are called by the store's thread, or before it starts.

#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace endpointd::store {

class Database;

// By "Host", "Service" or "Downtime" and the full name.
struct StateKey {
    std::string type, name;
    auto operator<=>(const StateKey&) const = default;
};

// What one step changes, written as a whole or not at all.
struct StateChange {
    std::vector<std::pair<StateKey, std::string>> states;
    std::vector<StateKey> dropped;  // with their results; first, so that what comes back in the same step is there
    // Apart from the states, which change at each start of a check as well.
    std::vector<std::pair<StateKey, std::string>> results;

    bool empty() const noexcept { return states.empty() && dropped.empty() && results.empty(); }
};

struct StoredStates {
    std::vector<std::pair<StateKey, std::string>> states;
    std::vector<std::pair<StateKey, std::string>> results;
    std::vector<std::string> problems;  // what could not be read
};

Result<void> write_states(Database& database, const StateChange& change);
StoredStates read_states(Database& database);

}  // namespace endpointd::store
