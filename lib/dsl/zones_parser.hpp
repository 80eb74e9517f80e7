#pragma once
// Tokens to a tree: `const X = E` and `object T "name" { attribute = E ... }` for
// the types asked for (protocol, 10.3). Everything else at the top of a file is
// skipped as a whole, with a warning that names it. Pure; any thread.

#include <optional>
#include <span>
#include <string_view>

#include "dsl/source.hpp"
#include "dsl/zones_ast.hpp"

namespace endpointd::dsl {

// Arrays and parentheses within each other: the descent's own bound.
inline constexpr std::size_t kExpressionDepth = 32;

// None after an error. `types` are those whose objects are read.
std::optional<ZonesTree> parse_zones(const Source& source, std::span<const std::string_view> types, Findings& findings);

}  // namespace endpointd::dsl
