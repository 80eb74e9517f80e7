#pragma once
// The forms in which operators write quantities: durations as Icinga does,
// sizes with binary units, name patterns as globs, and numbers as Icinga prints
// them. Pure; any thread.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace endpointd {

// "30s", "5m", "2h", "7d", "100ms", "1.5h" or plain seconds "90". Never negative.
Result<Duration> parse_duration(std::string_view text);

// "64KiB", "512MiB", "1GiB" or plain bytes "4096".
Result<std::uint64_t> parse_size(std::string_view text);

// Glob with `*` and `?`, case-sensitive, against the whole name. Linear in both:
// a parent chooses the name, so no pattern may make it slow.
bool glob_match(std::string_view pattern, std::string_view name) noexcept;

// A number as Icinga turns it into text: integral without fraction, others with
// six decimals (protocol, 6.5).
std::string number_text(double value);

// True if `text` is well-formed UTF-8 (no overlong forms, no surrogates).
bool is_utf8(std::string_view text) noexcept;

// Invalid UTF-8 replaced by U+FFFD, as the protocol's encoder does (1.8).
std::string repaired_utf8(std::string_view text);

// Printable form of foreign bytes for logs and messages: control characters and
// bytes that are not UTF-8 as \xHH, at most `most` bytes, then "...".
std::string escaped(std::string_view text, std::size_t most = 256);

}  // namespace endpointd
