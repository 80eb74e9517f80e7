#pragma once
// What parents want of this node, as it is kept over a restart: pushed files by zone,
// objects created at run time, modified attributes, which objects were deleted, and what was refused.
// Values, and the functions that write and read them in the store's database; those
// are called by the store's thread, or before it starts.

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "policy/plan.hpp"

namespace endpointd::store {

class Database;

// A zone as it was last taken.
struct PushedZone {
    std::string zone;
    std::string parent;    // the endpoint that pushed it
    double timestamp = 0;  // of its /.timestamp (protocol, 4.2)

    bool operator==(const PushedZone&) const = default;
};

// That an object was deleted: a peer that has not heard of it must not make it again.
struct Tombstone {
    std::string type, name;
    double version = 0;
    WallTime deleted;

    bool operator==(const Tombstone&) const = default;
};

// A refusal that is on record: it is not recorded again because a parent says the same again.
struct ToldRejection {
    using Digest = std::array<char, 32>;  // hexadecimal digits: 128 bits, so that no refusal can be made to look like another

    std::string group;  // refusals that are replaced together
    Digest digest{};
    std::uint64_t record = 0;  // its number in the audit; 0: not known

    bool operator==(const ToldRejection&) const = default;
};

using ObjectKey = std::pair<std::string, std::string>;  // type, full name

// What one step changes, written as a whole or not at all. `pushed`: all zones and files
// from now on; what is named elsewhere is replaced, or dropped, one by one.
struct WantedChange {
    struct Pushed {
        std::vector<PushedZone> zones;
        policy::Wanted::List<policy::PushedFile> files;
    };
    bool everything = false;  // drop whatever is there first
    std::optional<Pushed> pushed;
    std::vector<policy::RuntimeObject> objects;
    std::vector<ObjectKey> dropped_objects;
    std::vector<policy::Modification> modifications;
    std::vector<ObjectKey> dropped_modifications;
    std::vector<Tombstone> tombstones;
    std::vector<ObjectKey> dropped_tombstones;
    std::vector<ToldRejection> told;
    std::vector<std::pair<std::string, ToldRejection::Digest>> dropped_told;  // group, digest

    bool empty() const noexcept;
};

// Everything that is kept. What could not be read is left out and named in `problems`:
// a damaged part costs what stood in it until a parent sends it again, not the start.
struct StoredWanted {
    std::vector<PushedZone> zones;
    std::vector<policy::PushedFile> files;       // in the order they were written in
    std::vector<policy::RuntimeObject> objects;  // in the order they came
    std::vector<policy::Modification> modifications;
    std::vector<Tombstone> tombstones;
    std::vector<ToldRejection> told;
    std::vector<std::string> problems;
};

Result<void> write_wanted(Database& database, const WantedChange& change);
StoredWanted read_wanted(Database& database);

}  // namespace endpointd::store
