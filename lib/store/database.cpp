#include "store/database.hpp"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <unordered_map>

#include "base/unique_fd.hpp"

namespace endpointd::store {

namespace {

// Somebody who looks at the store for a moment (a backup, `audit verify`) shall not
// make a start fail.
constexpr int kBusyMilliseconds = 500;
// Text and blobs of one value: far above everything we store.
constexpr int kValueBytes = 16 * 1024 * 1024;

// The same code for the same cause, whatever SQLite was doing.
Errc code_of(int sqlite_code) noexcept {
    switch (sqlite_code & 0xff) {
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return Errc::unavailable;
        case SQLITE_PERM:
        case SQLITE_AUTH:
        case SQLITE_READONLY:
            return Errc::not_permitted;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            return Errc::malformed;
        case SQLITE_TOOBIG:
            return Errc::too_large;
        default:
            return Errc::io;
    }
}

// SQLite refuses a symbolic link anywhere in the name (we ask it to); the state
// directory itself may be reached through one.
Result<std::string> resolved(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    const std::string directory = slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
    const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
    char* real = ::realpath(directory.c_str(), nullptr);
    if (real == nullptr) {
        if (errno == ENOENT) return fail(Errc::not_found, "open " + directory + ": there is no such directory");
        return system_error("open " + directory, errno);
    }
    std::string result = real;
    std::free(real);
    if (result != "/") result += '/';
    return result + name;
}

// The file must be there with its mode before SQLite opens it: SQLite makes one
// that everybody may read, and its log and -shm files take the database's mode.
Result<void> make_private(const std::string& path) {
    const UniqueFd made(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (made) return {};
    if (errno != EEXIST) return system_error("create " + path, errno);
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0) return system_error("open " + path, errno);
    if (!S_ISREG(status.st_mode)) return fail(Errc::not_permitted, path + " is not a regular file");
    // By name and not by descriptor: closing any descriptor of this file would drop
    // the locks that this process may hold on it.
    if ((status.st_mode & 0077) != 0 && ::chmod(path.c_str(), 0600) != 0) return system_error("chmod " + path, errno);
    return {};
}

}  // namespace

// --- Query ------------------------------------------------------------------------

Query::Query(Database& database, Sql sql, sqlite3_stmt* statement, std::optional<Error> error) noexcept
    : database_(&database), sql_(sql.text()), statement_(statement), error_(std::move(error)) {}

Query::Query(Query&& other) noexcept
    : database_(other.database_),
      sql_(other.sql_),
      statement_(std::exchange(other.statement_, nullptr)),
      error_(std::move(other.error_)),
      bound_(other.bound_) {}

Query::~Query() {
    if (statement_ != nullptr) database_->take_back(sql_, statement_);
}

Query& Query::bind(std::nullptr_t) {
    // A parameter is null until it is bound, and the cache clears all of them.
    ++bound_;
    return *this;
}

Query& Query::bind(std::int64_t value) {
    ++bound_;
    if (statement_ != nullptr) EP_ASSERT(sqlite3_bind_int64(statement_, bound_, value) == SQLITE_OK);
    return *this;
}

Query& Query::bind(std::uint64_t value) {
    EP_ASSERT(value <= static_cast<std::uint64_t>(INT64_MAX));
    return bind(static_cast<std::int64_t>(value));
}

Query& Query::bind(double value) {
    ++bound_;
    if (statement_ != nullptr) EP_ASSERT(sqlite3_bind_double(statement_, bound_, value) == SQLITE_OK);
    return *this;
}

Query& Query::bind(std::string_view text) {
    ++bound_;
    if (statement_ == nullptr || error_) return *this;
    // A null pointer would bind NULL; an empty text is a text.
    const char* data = text.data() == nullptr ? "" : text.data();
    if (sqlite3_bind_text64(statement_, bound_, data, text.size(), SQLITE_STATIC, SQLITE_UTF8) != SQLITE_OK)
        error_ = database_->last_error("bind");
    return *this;
}

Query& Query::bind(Blob blob) {
    ++bound_;
    if (statement_ == nullptr || error_) return *this;
    const char* data = blob.bytes.data() == nullptr ? "" : blob.bytes.data();
    if (sqlite3_bind_blob64(statement_, bound_, data, blob.bytes.size(), SQLITE_STATIC) != SQLITE_OK)
        error_ = database_->last_error("bind");
    return *this;
}

Result<bool> Query::step() {
    if (error_) return *error_;
    EP_ASSERT(bound_ == sqlite3_bind_parameter_count(statement_));
    const int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    error_ = database_->last_error("query");
    return *error_;
}

Result<void> Query::run() {
    for (;;) {
        const Result<bool> row = step();
        if (!row) return row.error();
        if (!*row) return {};
    }
}

bool Query::is_null(int column) const noexcept { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

std::int64_t Query::integer(int column) const noexcept { return sqlite3_column_int64(statement_, column); }

std::uint64_t Query::count(int column) const noexcept {
    const std::int64_t value = integer(column);
    return value < 0 ? 0 : static_cast<std::uint64_t>(value);
}

double Query::real(int column) const noexcept { return sqlite3_column_double(statement_, column); }

std::string_view Query::text(int column) const noexcept {
    const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
    if (data == nullptr) return {};
    return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

std::string_view Query::blob(int column) const noexcept {
    const auto* data = static_cast<const char*>(sqlite3_column_blob(statement_, column));
    if (data == nullptr) return {};
    return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

std::optional<std::string> Query::optional_text(int column) const {
    if (is_null(column)) return std::nullopt;
    return std::string(text(column));
}

// --- Database ---------------------------------------------------------------------

// By the literal's address: the same text at two places may be prepared twice,
// which costs a little memory and nothing else.
struct Database::Cache {
    std::unordered_map<const char*, sqlite3_stmt*> idle;
};

Database::Database(std::string path) : path_(std::move(path)), cache_(std::make_unique<Cache>()) {}

Database::~Database() {
    for (const auto& [sql, statement] : cache_->idle) sqlite3_finalize(statement);
    // Checkpoints and removes the log, if nothing is open any more.
    const int code = sqlite3_close(handle_);
    EP_ASSERT(code == SQLITE_OK);
}

Error Database::last_error(std::string_view what) const {
    const int code = sqlite3_extended_errcode(handle_);
    std::string text(what);
    text += ' ';
    text += path_;
    text += ": ";
    switch (code & 0xff) {
        case SQLITE_FULL:
            text += "no space left";
            break;
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            text += "another process has it open (a running endpointd?)";
            break;
        default:
            text += sqlite3_errmsg(handle_);
    }
    return {code_of(code), std::move(text)};
}

Result<void> Database::configure() {
    sqlite3_extended_result_codes(handle_, 1);
    sqlite3_busy_timeout(handle_, kBusyMilliseconds);
    // Whoever can write the file must not get more than that: no SQL of its schema
    // runs with our rights, and our own cannot damage the file's structure.
    sqlite3_db_config(handle_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(handle_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    sqlite3_db_config(handle_, SQLITE_DBCONFIG_DQS_DDL, 0, nullptr);
    sqlite3_db_config(handle_, SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
    sqlite3_limit(handle_, SQLITE_LIMIT_LENGTH, kValueBytes);
    sqlite3_limit(handle_, SQLITE_LIMIT_ATTACHED, 0);
    return execute("PRAGMA cell_size_check=ON; PRAGMA temp_store=MEMORY; PRAGMA foreign_keys=ON;");
}

Result<std::unique_ptr<Database>> Database::open(const std::string& path) {
    const Result<std::string> real = resolved(path);
    if (!real) return real.error();
    if (const Result<void> made = make_private(*real); !made) return made.error();
    std::unique_ptr<Database> database(new Database(path));
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW;
    if (sqlite3_open_v2(real->c_str(), &database->handle_, flags, nullptr) != SQLITE_OK) return database->last_error("open");
    if (const Result<void> done = database->configure(); !done) return done.error();
    // The lock is taken with the first access and kept: no shared memory, no second
    // daemon. auto_vacuum counts only before the first table is there.
    if (const Result<void> done = database->execute("PRAGMA locking_mode=EXCLUSIVE; PRAGMA auto_vacuum=INCREMENTAL;"
                                                    "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
                                                    "PRAGMA journal_size_limit=16777216; BEGIN EXCLUSIVE; COMMIT;");
        !done)
        return done.error();
    // SQLite opens read-only what it may not write, without a word.
    if (sqlite3_db_readonly(database->handle_, "main") != 0) return fail(Errc::not_permitted, "open " + path + ": it may not be written");
    return database;
}

Result<std::unique_ptr<Database>> Database::open_read_only(const std::string& path) {
    const Result<std::string> real = resolved(path);
    if (!real) return real.error();
    struct stat status {};
    if (::lstat(real->c_str(), &status) != 0) {
        if (errno == ENOENT) return fail(Errc::not_found, "open " + path + ": there is no store");
        return system_error("open " + path, errno);
    }
    std::unique_ptr<Database> database(new Database(path));
    const int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW;
    if (sqlite3_open_v2(real->c_str(), &database->handle_, flags, nullptr) != SQLITE_OK) return database->last_error("open");
    if (const Result<void> done = database->configure(); !done) return done.error();
    // The first access: a daemon's lock shows here.
    if (const Result<void> done = database->execute("PRAGMA query_only=ON; SELECT count(*) FROM sqlite_schema;"); !done)
        return done.error();
    return database;
}

Result<std::unique_ptr<Database>> Database::open_in_memory() {
    std::unique_ptr<Database> database(new Database(":memory:"));
    if (sqlite3_open_v2(":memory:", &database->handle_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr) !=
        SQLITE_OK)
        return database->last_error("open");
    if (const Result<void> done = database->configure(); !done) return done.error();
    return database;
}

Query Database::query(Sql sql) {
    // Out of the cache while in use, so that a query within a query gets its own.
    if (const auto cached = cache_->idle.find(sql.text()); cached != cache_->idle.end()) {
        sqlite3_stmt* statement = cached->second;
        cache_->idle.erase(cached);
        return {*this, sql, statement, std::nullopt};
    }
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v3(handle_, sql.text(), -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr) != SQLITE_OK)
        return {*this, sql, nullptr, last_error("query")};
    return {*this, sql, statement, std::nullopt};
}

void Database::take_back(const char* sql, sqlite3_stmt* statement) noexcept {
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    if (!cache_->idle.emplace(sql, statement).second) sqlite3_finalize(statement);
}

Result<void> Database::execute(Sql script) {
    if (sqlite3_exec(handle_, script.text(), nullptr, nullptr, nullptr) != SQLITE_OK) return last_error("open");
    return {};
}

Result<void> Database::limit_size(std::uint64_t bytes) {
    Query page = query("PRAGMA page_size");
    const Result<bool> row = page.step();
    if (!row) return row.error();
    const std::uint64_t pages = std::max<std::uint64_t>(1, bytes / std::max<std::uint64_t>(1, page.count(0)));
    // A pragma takes no bound value; the number is ours.
    const std::string text = "PRAGMA max_page_count=" + std::to_string(pages);
    if (sqlite3_exec(handle_, text.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) return last_error("open");
    return {};
}

std::uint64_t Database::size_in_use() {
    Query pages = query(
        "SELECT (SELECT page_count FROM pragma_page_count) - (SELECT freelist_count FROM pragma_freelist_count),"
        " (SELECT page_size FROM pragma_page_size)");
    const Result<bool> row = pages.step();
    return row && *row ? pages.count(0) * pages.count(1) : 0;
}

Result<void> Database::checkpoint() {
    const int code = sqlite3_wal_checkpoint_v2(handle_, nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
    if (code != SQLITE_OK) return last_error("checkpoint");
    return {};
}

bool Database::in_transaction() const noexcept { return sqlite3_get_autocommit(handle_) == 0; }

// --- Transaction ------------------------------------------------------------------

Result<Transaction> Transaction::begin(Database& database) {
    if (const Result<void> begun = database.run("BEGIN IMMEDIATE"); !begun) return begun.error();
    return Transaction(database);
}

Transaction::~Transaction() {
    // A full disk may have rolled back already.
    if (database_ != nullptr && database_->in_transaction()) static_cast<void>(database_->run("ROLLBACK"));
}

Result<void> Transaction::commit() {
    if (const Result<void> done = database_->run("COMMIT"); !done) return done.error();
    database_ = nullptr;
    return {};
}

}  // namespace endpointd::store
