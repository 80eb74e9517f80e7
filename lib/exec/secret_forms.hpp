#pragma once
// In which forms a secret may turn up in a program's output: as it is, without the
// blanks around it, line by line, and each of these escaped for JSON, for a URL, or
// as base64 wherever it stands in a longer text (curl's "Authorization: Basic").
// Pure; any thread.

#include <cstddef>
#include <functional>
#include <string_view>

namespace endpointd::exec {

// A line of a value is looked for by itself from this length on: a key's lines are
// longer, and a shorter one is too often a word of its own.
inline constexpr std::size_t kSecretLine = 8;
// Only what is at most this long is looked for in encoded form as well: each byte
// becomes some thirty.
inline constexpr std::size_t kEncodedPiece = 1024;

// Without spaces, tabs and line ends at both ends: what a shell's `read` leaves.
std::string_view without_blanks(std::string_view text) noexcept;

// Calls `found` with each form, some of them more than once; a view is valid for the
// call. No form is shorter than 4 bytes if `value` without blanks is not. At most
// `budget` bytes of lines and values are encoded; what was is taken off.
void each_form(std::string_view value, std::size_t& budget, const std::function<void(std::string_view)>& found);

}  // namespace endpointd::exec
