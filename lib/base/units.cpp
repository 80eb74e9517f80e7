#include "base/units.hpp"

#include <charconv>
#include <cmath>
#include <cstdio>

namespace endpointd {

namespace {

// Reads an unsigned decimal with an optional fraction; the rest is the unit.
bool split_quantity(std::string_view text, double& number, std::string_view& unit) {
    std::size_t end = 0;
    bool digits = false, point = false;
    for (; end < text.size(); ++end) {
        const char c = text[end];
        if (c >= '0' && c <= '9') digits = true;
        else if (c == '.' && digits && !point) point = true;
        else break;
    }
    if (!digits || end > 20 || text[end - 1] == '.') return false;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + end, number);
    unit = text.substr(end);
    return error == std::errc{} && stop == text.data() + end;
}

// Length of the well-formed UTF-8 sequence at the front of `text`; 0 if there is none.
std::size_t utf8_length(std::string_view text) noexcept {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char first = byte(0);
    if (first < 0x80) return 1;
    std::size_t length = 0;
    unsigned low = 0x80, high = 0xbf;
    if (first >= 0xc2 && first <= 0xdf) length = 2;
    else if (first >= 0xe0 && first <= 0xef) length = 3;
    else if (first >= 0xf0 && first <= 0xf4) length = 4;
    if (length == 0 || text.size() < length) return 0;
    if (first == 0xe0) low = 0xa0;
    if (first == 0xed) high = 0x9f;
    if (first == 0xf0) low = 0x90;
    if (first == 0xf4) high = 0x8f;
    if (byte(1) < low || byte(1) > high) return 0;
    for (std::size_t i = 2; i < length; ++i)
        if (byte(i) < 0x80 || byte(i) > 0xbf) return 0;
    return length;
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
    double number = 0;
    std::string_view unit;
    double factor = 0;
    if (split_quantity(text, number, unit)) {
        if (unit.empty() || unit == "s") factor = 1;
        else if (unit == "ms") factor = 0.001;
        else if (unit == "m") factor = 60;
        else if (unit == "h") factor = 3600;
        else if (unit == "d") factor = 86400;
    }
    // A century is beyond every use and far from overflow.
    if (factor == 0 || number * factor > 3.2e9)
        return fail(Errc::invalid, "'" + escaped(text, 64) + "' is not a duration; expected a number with ms, s, m, h or d, like \"30s\"");
    return Duration(static_cast<Duration::rep>(std::llround(number * factor * 1e6)));
}

Result<std::uint64_t> parse_size(std::string_view text) {
    double number = 0;
    std::string_view unit;
    double factor = 0;
    if (split_quantity(text, number, unit)) {
        if (unit.empty() || unit == "B") factor = 1;
        else if (unit == "KiB") factor = 1024.0;
        else if (unit == "MiB") factor = 1024.0 * 1024;
        else if (unit == "GiB") factor = 1024.0 * 1024 * 1024;
        else if (unit == "TiB") factor = 1024.0 * 1024 * 1024 * 1024;
    }
    if (factor == 0 || number * factor > 9e15)
        return fail(Errc::invalid, "'" + escaped(text, 64) + "' is not a size; expected a number with KiB, MiB or GiB, like \"64KiB\"");
    return static_cast<std::uint64_t>(number * factor);
}

bool glob_match(std::string_view pattern, std::string_view name) noexcept {
    // One star is remembered at a time: a later one makes an earlier one's choice final.
    std::size_t p = 0, n = 0, star = std::string_view::npos, resume = 0;
    while (n < name.size()) {
        if (p < pattern.size() && (pattern[p] == '?' || (pattern[p] == name[n] && pattern[p] != '*'))) {
            ++p;
            ++n;
        } else if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            resume = n;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            n = ++resume;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*') ++p;
    return p == pattern.size();
}

std::string number_text(double value) {
    char text[352];  // DBL_MAX has 309 digits before the point
    const bool integral = std::isfinite(value) && std::trunc(value) == value;
    std::snprintf(text, sizeof text, integral ? "%.0f" : "%.6f", value == 0 ? 0.0 : value);
    return text;
}

bool is_utf8(std::string_view text) noexcept {
    while (!text.empty()) {
        const std::size_t length = utf8_length(text);
        if (length == 0) return false;
        text.remove_prefix(length);
    }
    return true;
}

std::string repaired_utf8(std::string_view text) {
    std::string repaired;
    repaired.reserve(text.size());
    while (!text.empty()) {
        const std::size_t length = utf8_length(text);
        if (length == 0) repaired += "\xef\xbf\xbd";
        else repaired += text.substr(0, length);
        text.remove_prefix(length == 0 ? 1 : length);
    }
    return repaired;
}

std::string escaped(std::string_view text, std::size_t most) {
    std::string out;
    const bool cut = text.size() > most;
    if (cut) text = text.substr(0, most);
    while (!text.empty()) {
        const std::size_t length = utf8_length(text);
        const auto byte = static_cast<unsigned char>(text[0]);
        // U+0080..U+009F are control characters as well: terminals obey some of them.
        const bool control = byte < 0x20 || byte == 0x7f || (length == 2 && byte == 0xc2 && static_cast<unsigned char>(text[1]) < 0xa0);
        if (length == 0 || control) {
            char hex[8];
            const std::size_t bytes = length == 0 ? 1 : length;
            for (std::size_t i = 0; i < bytes; ++i) {
                std::snprintf(hex, sizeof hex, "\\x%02x", static_cast<unsigned>(static_cast<unsigned char>(text[i])));
                out += hex;
            }
            text.remove_prefix(bytes);
        } else {
            out += text.substr(0, length);
            text.remove_prefix(length);
        }
    }
    if (cut) out += "...";
    return out;
}

}  // namespace endpointd
