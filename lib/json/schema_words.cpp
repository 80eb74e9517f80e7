#include "json/schema_words.hpp"

#include <algorithm>

#include "base/units.hpp"

namespace endpointd::json {

namespace {

// Keys longer than this are not compared: nobody mistypes them, and the comparison is quadratic.
constexpr std::size_t kComparedKey = 64;
constexpr std::size_t kNear = 2;

std::string quoted(std::string_view key) { return "\"" + escaped(key, 64) + "\""; }

std::string counted(double number, std::string_view noun) {
    return to_text(number) + (noun.empty() ? "" : " ") + std::string(noun) + (noun.empty() || number == 1 ? "" : "s");
}

}  // namespace

std::string alternatives(const std::vector<std::string>& names) {
    std::string text;
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (i > 0) text += i + 1 == names.size() ? " or " : ", ";
        text += names[i];
    }
    return text;
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], before[j - 2] + 1);
        }
        std::swap(before, last);
        std::swap(last, row);
    }
    return last[b.size()];
}

std::string unknown_key(std::string_view key, const std::vector<std::string>& known) {
    const std::string* nearest = nullptr;
    std::size_t distance = kNear + 1;
    for (const std::string& candidate : known) {
        if (key.size() > kComparedKey) break;
        const std::size_t edits = edit_distance(key, candidate);
        // Two changes in a word of three letters make another word, not a slip.
        if (edits >= distance || edits * 2 > candidate.size()) continue;
        distance = edits;
        nearest = &candidate;
    }
    std::string text = "unknown key " + quoted(key);
    if (nearest) return text + "; did you mean " + quoted(*nearest) + "?";
    if (known.empty()) return text + "; none is expected here";
    text += "; known are: ";
    for (std::size_t i = 0; i < known.size(); ++i) text += (i > 0 ? ", " : "") + quoted(known[i]);
    return text;
}

std::string expected_one_of(const Array& values) {
    std::string text = values.size() == 1 ? "expected " : "expected one of ";
    for (std::size_t i = 0; i < values.size(); ++i) text += (i > 0 ? ", " : "") + to_text(values[i]);
    return text;
}

std::string at_least(double number, std::string_view noun) { return "at least " + counted(number, noun); }
std::string at_most(double number, std::string_view noun) { return "at most " + counted(number, noun); }

std::size_t character_count(std::string_view text) noexcept {
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

}  // namespace endpointd::json
