#pragma once
// audit.head: the audit's head in a second place, outside the database, so that an
// older copy of the database or a cut-off end shows. One line of JSON,
// {"hash":H,"rows":N,"seq":S}, written after a checkpoint and therefore never
// ahead of what the disk has; it may lag behind. Stateless; blocks on the disk.

#include <optional>
#include <string>

#include "base/result.hpp"
#include "store/audit_chain.hpp"

namespace endpointd::store {

struct HeadMark {
    std::uint64_t rows = 0;
    std::uint64_t seq = 0;
    std::string hash;
};

// Replaces the file in one step, synced.
Result<void> write_head_mark(const std::string& path, const Head& head);

// Errc::not_found: there is none; Errc::malformed: it is no such line.
Result<HeadMark> read_head_mark(const std::string& path);

// What is wrong between the mark and the audit; nothing if they agree. An error if
// the database could not be read.
Result<std::optional<std::string>> compare_head_mark(Database& database, const Head& head, const HeadMark& mark);

}  // namespace endpointd::store
