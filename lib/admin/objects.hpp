#pragma once
// The answer of /v1/objects: the objects of one plan as JSON, piece by piece, so that a
// hundred thousand of them neither hold up the io_context's thread nor stand in memory
// as one text. Made of the plan that was in force when it was asked for, whatever comes
// meanwhile. On the io_context's thread; belongs to one connection.

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "admin/http.hpp"

namespace endpointd::policy {
struct Plan;
}

namespace endpointd::admin {

// Bytes after which a piece is sent; it ends with a whole object, so one large object may exceed it.
inline constexpr std::size_t kObjectsPiece = 64 * 1024;

// Exact names; none: all.
struct ObjectSelection {
    std::optional<std::string> type;
    std::optional<std::string> name;
    bool text = false;  // with "text", the statement as written
};

// {"objects":[...]}, valid JSON in which each object is one line. An answer of a single
// piece is a plain response, a longer one a stream. `plan` is kept until it is sent. `state_of` (empty: nothing is)
// says what becomes of the checks of a host or service, `results` (empty: not told) whether its results may be
// seen; both are asked piece by piece, until all is sent.
Answer make_objects(std::shared_ptr<const policy::Plan> plan, ObjectSelection selection,
                    std::function<json::Value(const std::string& name)> state_of = {},
                    std::function<bool(const std::string& name)> results = {});

}  // namespace endpointd::admin
