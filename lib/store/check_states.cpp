#include "store/check_states.hpp"

#include "store/database.hpp"

namespace endpointd::store {

Result<void> write_states(Database& database, const StateChange& change) {
    Result<Transaction> transaction = Transaction::begin(database);
    if (!transaction) return transaction.error();
    for (const StateKey& key : change.dropped) {
        const auto done =
            database.run("DELETE FROM check_state WHERE type = ? AND name = ?", std::string_view(key.type), std::string_view(key.name));
        if (!done) return done.error();
    }
    for (const auto& [key, state] : change.states) {
        const auto done = database.run("INSERT OR REPLACE INTO check_state(type, name, state) VALUES(?, ?, ?)", std::string_view(key.type),
                                       std::string_view(key.name), Blob{state});
        if (!done) return done.error();
    }
    return transaction->commit();
}

StoredStates read_states(Database& database) {
    StoredStates stored;
    Query rows = database.query("SELECT type, name, state FROM check_state");
    for (;;) {
        const Result<bool> row = rows.step();
        if (!row) {
            stored.problems.push_back("states of checks cannot be read in full: " + row.error().text);
            return stored;
        }
        if (!*row) return stored;
        stored.states.emplace_back(StateKey{std::string(rows.text(0)), std::string(rows.text(1))}, std::string(rows.blob(2)));
    }
}

}  // namespace endpointd::store
