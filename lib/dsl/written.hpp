#pragma once
// Where a body sets an attribute: for what is found wrong with an object only once all
// of it is there, so that an error names a line of its own. Pure; any thread.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "dsl/ast.hpp"

namespace endpointd::dsl {

// The last assignment in `body` that is about `attribute` ("check_interval"), or about a part of it ("vars.x"): `vars.x = 1`
// before `vars = { }`. Bodies of definitions within it are not looked at. None: it is set elsewhere, or in a way that is not seen.
std::optional<Position> written_in(const Node& body, std::string_view attribute);

// The same in a single `object` or `apply` statement, as Object::text has it. Lines count from 1, the first one.
std::optional<std::uint32_t> line_within(const std::string& statement, std::string_view attribute);

}  // namespace endpointd::dsl
