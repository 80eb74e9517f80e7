#include "store/wanted.hpp"

#include <algorithm>
#include <set>

#include "files/digest.hpp"
#include "json/document.hpp"
#include "store/database.hpp"

namespace endpointd::store {

namespace {

// Bytes of one row's content: a file may be larger than one value of SQLite's can be.
constexpr std::size_t kPartBytes = 4 * 1024 * 1024;

Result<void> write_file(Database& database, const policy::PushedFile& file, std::uint64_t position) {
    const std::string_view content = file.content;
    const std::string digest = files::sha256_hex(content);
    std::uint64_t part = 0;
    for (std::size_t from = 0; part == 0 || from < content.size(); from += kPartBytes, ++part) {
        const auto done =
            database.run("INSERT INTO pushed_file(position, part, zone, path, parent, sha256, content) VALUES(?, ?, ?, ?, ?, ?, ?)",
                         position, part, std::string_view(file.zone), std::string_view(file.path), std::string_view(file.parent),
                         std::string_view(digest), Blob{content.substr(from, kPartBytes)});
        if (!done) return done.error();
    }
    return {};
}

Result<void> write_pushed(Database& database, const WantedChange::Pushed& pushed) {
    if (const auto done = database.execute("DELETE FROM pushed_zone; DELETE FROM pushed_file;"); !done) return done.error();
    for (const PushedZone& zone : pushed.zones) {
        const auto done = database.run("INSERT INTO pushed_zone(zone, parent, timestamp) VALUES(?, ?, ?)", std::string_view(zone.zone),
                                       std::string_view(zone.parent), zone.timestamp);
        if (!done) return done.error();
    }
    std::uint64_t position = 0;
    for (const policy::PushedFile& file : *pushed.files)
        if (const auto done = write_file(database, file, position++); !done) return done.error();
    return {};
}

Result<void> write_objects(Database& database, const WantedChange& change) {
    for (const auto& [type, name] : change.dropped_objects) {
        const auto done =
            database.run("DELETE FROM runtime_object WHERE type = ? AND name = ?", std::string_view(type), std::string_view(name));
        if (!done) return done.error();
    }
    for (const policy::RuntimeObject& object : change.objects) {
        // An object keeps its place in the order.
        const auto done = database.run(
            "INSERT INTO runtime_object(type, name, zone, parent, version, config) VALUES(?, ?, ?, ?, ?, ?)"
            " ON CONFLICT(type, name) DO UPDATE SET zone = excluded.zone, parent = excluded.parent, version = excluded.version,"
            " config = excluded.config",
            std::string_view(object.type), std::string_view(object.name), std::string_view(object.zone), std::string_view(object.parent),
            object.version, Blob{object.config});
        if (!done) return done.error();
    }
    return {};
}

Result<void> write_modifications(Database& database, const WantedChange& change) {
    for (const auto& [type, name] : change.dropped_modifications) {
        const auto done =
            database.run("DELETE FROM modification WHERE type = ? AND name = ?", std::string_view(type), std::string_view(name));
        if (!done) return done.error();
    }
    for (const policy::Modification& modification : change.modifications) {
        const std::string attributes = json::to_text(modification.attributes);
        const auto done = database.run(
            "INSERT OR REPLACE INTO modification(type, name, parent, version, attributes, paused_since) VALUES(?, ?, ?, ?, ?, ?)",
            std::string_view(modification.type), std::string_view(modification.name), std::string_view(modification.parent),
            modification.version, Blob{attributes}, modification.paused_since);
        if (!done) return done.error();
    }
    return {};
}

Result<void> write_tombstones(Database& database, const WantedChange& change) {
    for (const auto& [type, name] : change.dropped_tombstones) {
        const auto done = database.run("DELETE FROM tombstone WHERE type = ? AND name = ?", std::string_view(type), std::string_view(name));
        if (!done) return done.error();
    }
    for (const Tombstone& tombstone : change.tombstones) {
        const auto done = database.run("INSERT OR REPLACE INTO tombstone(type, name, version, deleted) VALUES(?, ?, ?, ?)",
                                       std::string_view(tombstone.type), std::string_view(tombstone.name), tombstone.version,
                                       static_cast<std::int64_t>(tombstone.deleted.time_since_epoch().count()));
        if (!done) return done.error();
    }
    return {};
}

Result<void> write_told(Database& database, const WantedChange& change) {
    const auto text = [](const ToldRejection::Digest& digest) { return std::string_view(digest.data(), digest.size()); };
    for (const auto& [group, digest] : change.dropped_told) {
        const auto done =
            database.run("DELETE FROM told_rejection WHERE told_group = ? AND digest = ?", std::string_view(group), text(digest));
        if (!done) return done.error();
    }
    for (const ToldRejection& told : change.told) {
        const auto done = database.run("INSERT OR REPLACE INTO told_rejection(told_group, digest, record) VALUES(?, ?, ?)",
                                       std::string_view(told.group), text(told.digest), told.record);
        if (!done) return done.error();
    }
    return {};
}

std::string text_of(const Query& row, int column) { return std::string(row.text(column)); }

// Calls `take` with each row of `sql`; an error of the database ends it and is named.
template <class Take>
void each_row(Database& database, Sql sql, std::string_view what, std::vector<std::string>& problems, Take take) {
    Query rows = database.query(sql);
    for (;;) {
        const Result<bool> row = rows.step();
        if (!row) {
            problems.push_back(std::string(what) + " cannot be read in full: " + row.error().text);
            return;
        }
        if (!*row) return;
        take(rows);
    }
}

// A file whose content is not what was written is not there, and its zone has no
// timestamp any more: whatever a parent sends of it next is newer.
void read_files(Database& database, StoredWanted& wanted) {
    std::set<std::string> damaged;
    std::string digest;
    bool open = false;
    const auto close = [&] {
        if (!open || files::sha256_hex(wanted.files.back().content) == digest) return;
        wanted.problems.push_back("pushed file " + wanted.files.back().zone + wanted.files.back().path + " is damaged");
        damaged.insert(wanted.files.back().zone);
        wanted.files.pop_back();
    };
    const std::size_t problems = wanted.problems.size();
    each_row(database, "SELECT part, zone, path, parent, sha256, content FROM pushed_file ORDER BY position, part", "pushed files",
             wanted.problems, [&](const Query& row) {
                 if (row.count(0) == 0) {
                     close();
                     wanted.files.push_back({text_of(row, 3), text_of(row, 1), text_of(row, 2), {}});
                     digest = row.text(4);
                     open = true;
                 }
                 // A first part that is lost shows in the digest of whichever file this is added to.
                 if (open) wanted.files.back().content += row.blob(5);
             });
    close();
    const bool incomplete = wanted.problems.size() - damaged.size() != problems;
    for (PushedZone& zone : wanted.zones)
        if (incomplete || damaged.contains(zone.zone)) zone.timestamp = 0;
}

}  // namespace

bool WantedChange::empty() const noexcept {
    return !everything && !pushed && objects.empty() && dropped_objects.empty() && modifications.empty() && dropped_modifications.empty() &&
           tombstones.empty() && dropped_tombstones.empty() && told.empty() && dropped_told.empty();
}

Result<void> write_wanted(Database& database, const WantedChange& change) {
    Result<Transaction> transaction = Transaction::begin(database);
    if (!transaction) return transaction.error();
    if (change.everything) {
        const auto done = database.execute(
            "DELETE FROM pushed_zone; DELETE FROM pushed_file; DELETE FROM runtime_object; DELETE FROM modification;"
            " DELETE FROM tombstone; DELETE FROM told_rejection;");
        if (!done) return done.error();
    }
    if (change.pushed)
        if (const auto done = write_pushed(database, *change.pushed); !done) return done.error();
    if (const auto done = write_objects(database, change); !done) return done.error();
    if (const auto done = write_modifications(database, change); !done) return done.error();
    if (const auto done = write_tombstones(database, change); !done) return done.error();
    if (const auto done = write_told(database, change); !done) return done.error();
    return transaction->commit();
}

StoredWanted read_wanted(Database& database) {
    StoredWanted wanted;
    each_row(database, "SELECT zone, parent, timestamp FROM pushed_zone ORDER BY zone", "pushed zones", wanted.problems,
             [&](const Query& row) {
                 wanted.zones.push_back({text_of(row, 0), text_of(row, 1), row.real(2)});
             });
    read_files(database, wanted);
    each_row(database, "SELECT type, name, zone, parent, version, config FROM runtime_object ORDER BY position", "runtime objects",
             wanted.problems, [&](const Query& row) {
                 wanted.objects.push_back(
                     {text_of(row, 3), text_of(row, 0), text_of(row, 1), text_of(row, 2), row.real(4), std::string(row.blob(5))});
             });
    each_row(database, "SELECT type, name, parent, version, attributes, paused_since FROM modification ORDER BY type, name",
             "modified attributes", wanted.problems, [&](const Query& row) {
                 policy::Modification modification{text_of(row, 2), text_of(row, 0), text_of(row, 1), row.real(3), {}, row.real(5)};
                 const auto attributes = json::parse(row.blob(4));
                 if (!attributes || attributes->object() == nullptr) {
                     wanted.problems.push_back("modified attributes of " + modification.type + " '" + modification.name + "' are damaged");
                     return;
                 }
                 modification.attributes = *attributes->object();
                 wanted.modifications.push_back(std::move(modification));
             });
    each_row(database, "SELECT type, name, version, deleted FROM tombstone ORDER BY deleted", "deleted objects", wanted.problems,
             [&](const Query& row) {
                 wanted.tombstones.push_back({text_of(row, 0), text_of(row, 1), row.real(2), WallTime(Duration(row.integer(3)))});
             });
    each_row(database, "SELECT told_group, digest, record FROM told_rejection", "what was refused", wanted.problems, [&](const Query& row) {
        ToldRejection told{text_of(row, 0), {}, row.count(2)};
        // What is damaged is recorded once more.
        if (row.text(1).size() != told.digest.size()) return;
        std::ranges::copy(row.text(1), told.digest.begin());
        wanted.told.push_back(std::move(told));
    });
    return wanted;
}

}  // namespace endpointd::store
