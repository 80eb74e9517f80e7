#pragma once
// One SQLite database, opened so that nobody else can have it at the same time:
// write-ahead log, synchronous=NORMAL (a commit outlives any process, a power cut
// may take the last moments but not the database), temporary tables in memory, no
// SQL but our own. One thread at a time; everything it hands out goes before it.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace endpointd::store {

// SQL that stands in our source: only a literal becomes one, so no foreign text
// ever is SQL. Values are bound.
class Sql {
public:
    consteval Sql(const char* literal) : text_(literal) {}
    const char* text() const noexcept { return text_; }

private:
    const char* text_;
};

// Bytes that are no text.
struct Blob {
    std::string_view bytes;
};

class Database;

// A statement in use: bind, step through the rows, read the columns. Goes back to
// its database's cache when it goes. Errors of preparing and binding show in step().
class Query {
public:
    Query(Query&& other) noexcept;
    Query(const Query&) = delete;
    Query& operator=(Query&&) = delete;
    ~Query();

    // Binds the next parameter. Text and bytes must outlive the query's last step.
    Query& bind(std::nullptr_t);
    Query& bind(std::int64_t value);
    Query& bind(std::uint64_t value);
    Query& bind(double value);  // NaN is stored as NULL
    Query& bind(std::string_view text);
    Query& bind(Blob blob);
    template <class T>
    Query& bind(const std::optional<T>& value) {
        return value ? bind(*value) : bind(nullptr);
    }
    Query& bind(const std::optional<std::string>& value) { return value ? bind(std::string_view(*value)) : bind(nullptr); }

    // True: there is a row. After false or an error the query is done.
    Result<bool> step();
    // Steps to the end of a query whose rows do not matter.
    Result<void> run();

    // Columns of the current row, from 0. Views die with the next step.
    bool is_null(int column) const noexcept;
    std::int64_t integer(int column) const noexcept;
    std::uint64_t count(int column) const noexcept;  // an integer that is never negative; 0 if it is
    double real(int column) const noexcept;
    std::string_view text(int column) const noexcept;
    std::string_view blob(int column) const noexcept;
    std::optional<std::string> optional_text(int column) const;

private:
    friend class Database;
    Query(Database& database, Sql sql, sqlite3_stmt* statement, std::optional<Error> error) noexcept;

    Database* database_;
    const char* sql_;
    sqlite3_stmt* statement_;
    std::optional<Error> error_;
    int bound_ = 0;
};

class Database {
public:
    // Opens or makes `path` with mode 0600, and keeps everybody else out until it is
    // closed. Errc::unavailable: another process has it.
    static Result<std::unique_ptr<Database>> open(const std::string& path);
    // For looking only; changes nothing, though SQLite may need its -shm file beside
    // a log left by a crash. Errc::not_found, Errc::unavailable as above.
    static Result<std::unique_ptr<Database>> open_read_only(const std::string& path);
    static Result<std::unique_ptr<Database>> open_in_memory();
    ~Database();
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    Query query(Sql sql);
    // query(sql).bind(...).run()
    template <class... Values>
    Result<void> run(Sql sql, const Values&... values) {
        Query statement = query(sql);
        (statement.bind(values), ...);
        return statement.run();
    }
    // Several statements without values, for migrations and settings.
    Result<void> execute(Sql script);

    // Never grows beyond `bytes`; a write that would is Errc::io, as on a full disk.
    Result<void> limit_size(std::uint64_t bytes);
    std::uint64_t size_in_use();  // bytes, without pages that are free

    // Moves the log's content into the database file and syncs both.
    Result<void> checkpoint();

    bool in_transaction() const noexcept;

private:
    friend class Query;
    explicit Database(std::string path);
    Result<void> configure();
    Error last_error(std::string_view what) const;
    void take_back(const char* sql, sqlite3_stmt* statement) noexcept;

    struct Cache;
    std::string path_;
    sqlite3* handle_ = nullptr;
    std::unique_ptr<Cache> cache_;
};

// All or nothing: rolled back unless commit() succeeded.
class Transaction {
public:
    static Result<Transaction> begin(Database& database);
    Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
    Transaction& operator=(Transaction&&) = delete;
    ~Transaction();

    Result<void> commit();

private:
    explicit Transaction(Database& database) noexcept : database_(&database) {}
    Database* database_;
};

// Brings the tables to this version, one numbered step after the other. A database
// of a newer version is refused: it would be damaged, not read.
Result<void> migrate(Database& database);
// Errc::invalid unless the tables are of this version. For read-only databases.
Result<void> check_version(Database& database);

}  // namespace endpointd::store
