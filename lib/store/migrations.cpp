// The tables, as numbered steps that are never edited once released: a change is
// a new step. The number of the last step done stands in user_version.

#include <array>

#include "store/database.hpp"

namespace endpointd::store {

namespace {

struct Step {
    Sql tables;
    Sql version;  // pragmas take no bound value
};

// audit_row is the truth and is only appended (and trimmed at its beginning);
// audit_record is what its rows add up to, for looking things up, and `audit
// verify` compares the two; audit_content is bound to its record by a digest.
constexpr std::array kSteps{
    Step{"CREATE TABLE audit_row("
         "  seq INTEGER PRIMARY KEY,"
         "  kind TEXT NOT NULL,"
         "  payload TEXT NOT NULL,"
         "  prev TEXT NOT NULL,"
         "  hash TEXT NOT NULL"
         ") STRICT;"
         "CREATE TABLE audit_head("
         "  one INTEGER PRIMARY KEY CHECK(one = 1),"
         "  rows INTEGER NOT NULL,"
         "  seq INTEGER NOT NULL,"
         "  hash TEXT NOT NULL,"
         "  first_seq INTEGER NOT NULL,"
         "  first_prev TEXT NOT NULL,"
         "  last_id INTEGER NOT NULL,"
         "  contents_from INTEGER NOT NULL,"
         "  records INTEGER NOT NULL,"
         "  bytes INTEGER NOT NULL,"
         "  content_bytes INTEGER NOT NULL"
         ") STRICT;"
         "CREATE TABLE audit_record("
         "  id INTEGER PRIMARY KEY,"
         "  seq INTEGER NOT NULL,"
         "  time INTEGER NOT NULL,"
         "  last_seen INTEGER NOT NULL,"
         "  count INTEGER NOT NULL,"
         "  parent TEXT,"
         "  decision TEXT NOT NULL,"
         "  reason TEXT NOT NULL,"
         "  object_type TEXT,"
         "  object_name TEXT,"
         "  fold_key TEXT,"
         "  review_time INTEGER,"
         "  review_by TEXT,"
         "  review_note TEXT"
         ") STRICT;"
         "CREATE INDEX audit_record_fold ON audit_record(fold_key) WHERE fold_key IS NOT NULL;"
         "CREATE TABLE audit_content("
         "  id INTEGER PRIMARY KEY,"
         "  content BLOB NOT NULL"
         ") STRICT;",
         "PRAGMA user_version=1"},
    // What parents want of this node (wanted.hpp). A pushed file is in parts, all of which
    // hold its digest; `position` is the order in which files and objects are evaluated.
    Step{"CREATE TABLE pushed_zone("
         "  zone TEXT PRIMARY KEY,"
         "  parent TEXT NOT NULL,"
         "  timestamp REAL NOT NULL"
         ") STRICT;"
         "CREATE TABLE pushed_file("
         "  position INTEGER NOT NULL,"
         "  part INTEGER NOT NULL,"
         "  zone TEXT NOT NULL,"
         "  path TEXT NOT NULL,"
         "  parent TEXT NOT NULL,"
         "  sha256 TEXT NOT NULL,"
         "  content BLOB NOT NULL,"
         "  PRIMARY KEY(position, part)"
         ") STRICT;"
         "CREATE TABLE runtime_object("
         "  position INTEGER PRIMARY KEY AUTOINCREMENT,"
         "  type TEXT NOT NULL,"
         "  name TEXT NOT NULL,"
         "  zone TEXT NOT NULL,"
         "  parent TEXT NOT NULL,"
         "  version REAL NOT NULL,"
         "  config BLOB NOT NULL,"
         "  UNIQUE(type, name)"
         ") STRICT;"
         "CREATE TABLE modification("
         "  type TEXT NOT NULL,"
         "  name TEXT NOT NULL,"
         "  parent TEXT NOT NULL,"
         "  version REAL NOT NULL,"
         "  attributes BLOB NOT NULL,"
         "  PRIMARY KEY(type, name)"
         ") STRICT;"
         "CREATE TABLE tombstone("
         "  type TEXT NOT NULL,"
         "  name TEXT NOT NULL,"
         "  version REAL NOT NULL,"
         "  deleted INTEGER NOT NULL,"
         "  PRIMARY KEY(type, name)"
         ") STRICT;",
         "PRAGMA user_version=2"},
    // Leases (leases.hpp). An id is never used twice; times and what remains in microseconds.
    Step{"CREATE TABLE lease("
         "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
         "  parent TEXT NOT NULL,"
         "  capability TEXT NOT NULL,"
         "  scope TEXT NOT NULL,"
         "  reason TEXT NOT NULL,"
         "  granted_by TEXT NOT NULL,"
         "  granted INTEGER NOT NULL,"
         "  expires INTEGER NOT NULL,"
         "  remaining INTEGER NOT NULL"
         ") STRICT;",
         "PRAGMA user_version=3"},
    // What became of hosts, services and downtimes (check_states.hpp).
    Step{"CREATE TABLE check_state("
         "  type TEXT NOT NULL,"
         "  name TEXT NOT NULL,"
         "  state BLOB NOT NULL,"
         "  PRIMARY KEY(type, name)"
         ") STRICT, WITHOUT ROWID;",
         "PRAGMA user_version=4"},
    // What was refused and is on record (wanted.hpp).
    Step{"CREATE TABLE told_rejection("
         "  told_group TEXT NOT NULL,"
         "  digest TEXT NOT NULL,"
         "  record INTEGER NOT NULL,"
         "  PRIMARY KEY(told_group, digest)"
         ") STRICT, WITHOUT ROWID;",
         "PRAGMA user_version=5"},
    // outbox: what was sent or is to be sent, in the order of its making; outbox_position: up to where
    // a target has it; outbox_last outlives the messages, so that no time stamp is given twice.
    Step{"CREATE TABLE outbox("
         "  id INTEGER PRIMARY KEY,"
         "  ts INTEGER NOT NULL,"
         "  created INTEGER NOT NULL,"
         "  zone TEXT NOT NULL,"
         "  origin TEXT NOT NULL,"
         "  host TEXT NOT NULL,"
         "  service TEXT,"
         "  method TEXT NOT NULL,"
         "  payload BLOB NOT NULL"
         ") STRICT;"
         "CREATE TABLE outbox_last("
         "  one INTEGER PRIMARY KEY CHECK(one = 1),"
         "  id INTEGER NOT NULL,"
         "  ts INTEGER NOT NULL"
         ") STRICT;"
         "CREATE TABLE outbox_position("
         "  target TEXT PRIMARY KEY,"
         "  id INTEGER NOT NULL,"
         "  ts INTEGER NOT NULL"
         ") STRICT;"
         "CREATE TABLE peer_position("
         "  endpoint TEXT PRIMARY KEY,"
         "  position REAL NOT NULL"
         ") STRICT;",
         "PRAGMA user_version=6"},
    // The text of the last result of hosts and services (check_states.hpp). With a row id: some KiB in a row are much for a tree of keys.
    Step{"CREATE TABLE check_result("
         "  type TEXT NOT NULL,"
         "  name TEXT NOT NULL,"
         "  result BLOB NOT NULL,"
         "  PRIMARY KEY(type, name)"
         ") STRICT;",
         "PRAGMA user_version=7"},
    // A pause that was there already counts from the time at which it was asked for.
    Step{"ALTER TABLE modification ADD COLUMN paused_since REAL NOT NULL DEFAULT 0;"
         "UPDATE modification SET paused_since = version;",
         "PRAGMA user_version=8"},
};

Result<std::uint64_t> version_of(Database& database) {
    Query version = database.query("PRAGMA user_version");
    const Result<bool> row = version.step();
    if (!row) return row.error();
    return version.count(0);
}

Error newer(std::uint64_t version) {
    return fail(Errc::invalid, "the store is of version " + std::to_string(version) + ", this program knows up to " +
                                   std::to_string(kSteps.size()) + ": it was written by a newer endpointd");
}

}  // namespace

Result<void> migrate(Database& database) {
    Result<std::uint64_t> version = version_of(database);
    if (!version) return version.error();
    if (*version > kSteps.size()) return newer(*version);
    for (std::size_t i = *version; i < kSteps.size(); ++i) {
        Result<Transaction> transaction = Transaction::begin(database);
        if (!transaction) return transaction.error();
        if (Result<void> done = database.execute(kSteps[i].tables); !done) return done.error();
        if (Result<void> done = database.execute(kSteps[i].version); !done) return done.error();
        if (Result<void> done = transaction->commit(); !done) return done.error();
    }
    return {};
}

Result<void> check_version(Database& database) {
    const Result<std::uint64_t> version = version_of(database);
    if (!version) return version.error();
    if (*version > kSteps.size()) return newer(*version);
    if (*version < kSteps.size())
        return fail(Errc::invalid, "the store is of an older version: start endpointd once, it brings it up to date");
    return {};
}

}  // namespace endpointd::store
