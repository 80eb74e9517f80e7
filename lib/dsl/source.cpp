#include "dsl/source.hpp"

#include <algorithm>

namespace endpointd::dsl {

namespace {

// Byte for byte as wide as the text, so that the caret stands where it should.
std::string printable(std::string_view text) {
    std::string shown(text);
    for (char& c : shown)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
        else if (static_cast<unsigned char>(c) >= 0x80) c = '?';
    return shown;
}

}  // namespace

Finding Source::finding(Position at, std::string_view message, std::string_view hint) const {
    std::string_view rest = text();
    for (std::uint32_t line = 1; line < at.line; ++line) {
        const std::size_t end = rest.find('\n');
        rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    }
    const std::string_view line = rest.substr(0, rest.find_first_of("\r\n"));
    const std::size_t column = std::min<std::size_t>(at.column - 1, line.size());
    const std::size_t from = column > kExcerpt / 2 ? column - kExcerpt / 2 : 0;

    std::string shown(message);
    shown += "\n  " + printable(line.substr(from, kExcerpt)) + "\n  " + std::string(column - from, ' ') + '^';
    if (!hint.empty()) shown += ' ' + std::string(hint);
    return {path(), at.line, at.column, std::nullopt, std::move(shown)};
}

}  // namespace endpointd::dsl
