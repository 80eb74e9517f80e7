#pragma once
// The phrases of a schema's findings. For lib/json; pure; any thread.

#include <string>
#include <string_view>
#include <vector>

#include "json/value.hpp"

namespace endpointd::json {

// "a", "a or b", "a, b or c".
std::string alternatives(const std::vector<std::string>& names);

// "unknown key "lisen"; did you mean "listen"?" or, with nothing near, the list of what is known.
std::string unknown_key(std::string_view key, const std::vector<std::string>& known);

// "expected one of "a", "b"", or "expected "a"" where there is no choice.
std::string expected_one_of(const Array& values);

// "at least 1 character", "at least 3 elements".
std::string at_least(double number, std::string_view noun);
std::string at_most(double number, std::string_view noun);

// Insertions, deletions, changes and swaps of neighbours that turn one into the other.
std::size_t edit_distance(std::string_view a, std::string_view b);

// Characters of UTF-8 text.
std::size_t character_count(std::string_view text) noexcept;

}  // namespace endpointd::json
