#include "store/check_states.hpp"

#include "store/database.hpp"

namespace endpointd::store {

namespace {

using Texts = std::vector<std::pair<StateKey, std::string>>;

Result<void> write_texts(Database& database, Sql statement, const Texts& texts) {
    for (const auto& [key, text] : texts) {
        const auto done = database.run(statement, std::string_view(key.type), std::string_view(key.name), Blob{text});
        if (!done) return done.error();
    }
    return {};
}

void read_texts(Query rows, Texts& texts, std::string_view what, std::vector<std::string>& problems) {
    for (;;) {
        const Result<bool> row = rows.step();
        if (!row) problems.push_back(std::string(what) + " of checks cannot be read in full: " + row.error().text);
        if (!row || !*row) return;
        texts.emplace_back(StateKey{std::string(rows.text(0)), std::string(rows.text(1))}, std::string(rows.blob(2)));
    }
}

}  // namespace

Result<void> write_states(Database& database, const StateChange& change) {
    Result<Transaction> transaction = Transaction::begin(database);
    if (!transaction) return transaction.error();
    for (const StateKey& key : change.dropped)
        for (const Sql& statement :
             {Sql("DELETE FROM check_state WHERE type = ? AND name = ?"), Sql("DELETE FROM check_result WHERE type = ? AND name = ?")}) {
            const auto done = database.run(statement, std::string_view(key.type), std::string_view(key.name));
            if (!done) return done.error();
        }
    if (const auto done = write_texts(database, "INSERT OR REPLACE INTO check_state(type, name, state) VALUES(?, ?, ?)", change.states);
        !done)
        return done.error();
    if (const auto done = write_texts(database,
                                      "INSERT INTO check_result(type, name, result) VALUES(?, ?, ?)"
                                      " ON CONFLICT(type, name) DO UPDATE SET result = excluded.result",
                                      change.results);
        !done)
        return done.error();
    return transaction->commit();
}

StoredStates read_states(Database& database) {
    StoredStates stored;
    read_texts(database.query("SELECT type, name, state FROM check_state"), stored.states, "states", stored.problems);
    read_texts(database.query("SELECT type, name, result FROM check_result"), stored.results, "results", stored.problems);
    return stored;
}

}  // namespace endpointd::store
