#pragma once
// One file of the configuration language to its tree: the whole grammar (protocol,
// 10.1 to 10.3). Nothing is evaluated and no include is followed. Linear in the
// text; pure; any thread.

#include <cstddef>
#include <optional>

#include "dsl/ast.hpp"
#include "dsl/source.hpp"

namespace endpointd::dsl {

// Expressions and blocks within each other: the descent's own bound, far above
// what people write and far below a thread's stack.
inline constexpr std::size_t kSyntaxDepth = 100;
// Nodes of one file: each takes some 150 bytes, and "[1,1,1,...]" makes one of two.
inline constexpr std::size_t kSyntaxNodes = 2'000'000;

// A `block` of the file's statements. None after an error, which was reported with
// its place, the line and what was expected.
std::optional<Node> parse(const Source& source, Findings& findings);
// The same for one of several files: takes its nodes from `nodes_left`, which is 0 where they did not suffice.
std::optional<Node> parse(const Source& source, Findings& findings, std::size_t& nodes_left);

}  // namespace endpointd::dsl
