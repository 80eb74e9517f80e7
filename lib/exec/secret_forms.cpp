#include "exec/secret_forms.hpp"

#include <array>

#include "exec/secret_text.hpp"
#include "json/value.hpp"

namespace endpointd::exec {
namespace {

using Found = std::function<void(std::string_view)>;

constexpr std::string_view kLettersAndDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

// With what is not ASCII as it is, or as \uXXXX.
SecretText json_escaped(std::string_view text, bool ascii) {
    SecretText out;
    while (!text.empty()) {
        std::size_t size = 1;
        while (size < text.size() && size < 4 && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) ++size;
        const std::string_view character = text.substr(0, size);
        text.remove_prefix(size);
        if (!ascii && (static_cast<unsigned char>(character[0]) & 0x80) != 0) {
            out.append(character);
            continue;
        }
        // One character at a time: a string of its own that is short enough to stay off the heap.
        std::string quoted = json::to_text(json::Value(std::string(character)));
        out.append(std::string_view(quoted).substr(1, quoted.size() - 2));
        wipe(quoted);
    }
    return out;
}

struct UrlStyle {
    std::string_view kept;
    std::string_view digits;
    bool plus;  // for a space
};

// RFC 3986 in both cases, a path, and a form's field: what libraries do.
constexpr std::array<UrlStyle, 4> kUrlStyles{{
    {"-._~", "0123456789ABCDEF", false},
    {"-._~", "0123456789abcdef", false},
    {"-._~/", "0123456789ABCDEF", false},
    {"-._*", "0123456789ABCDEF", true},
}};

SecretText url_escaped(std::string_view text, const UrlStyle& style) {
    SecretText out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (kLettersAndDigits.find(c) != std::string_view::npos || style.kept.find(c) != std::string_view::npos) {
            out.append({&c, 1});
        } else if (c == ' ' && style.plus) {
            out.append("+");
        } else {
            const std::array<char, 3> escape{'%', style.digits[byte >> 4], style.digits[byte & 15]};
            out.append({escape.data(), escape.size()});
        }
    }
    return out;
}

// The characters that `text` alone decides when `before` bytes of something else
// (at most 2) are encoded with it; with `whole` its last one too, without padding.
SecretText base64(std::string_view text, std::size_t before, std::string_view last_two, bool whole) {
    SecretText out;
    const std::size_t bits = 8 * (before + text.size());
    const std::size_t end = whole ? (bits + 5) / 6 : bits / 6;
    for (std::size_t i = (8 * before + 5) / 6; i < end; ++i) {
        unsigned value = 0;
        for (std::size_t bit = 6 * i; bit < 6 * i + 6; ++bit) {
            value <<= 1;
            if (bit < bits) value |= static_cast<unsigned char>(text[bit / 8 - before]) >> (7 - bit % 8) & 1U;
        }
        const char c = value < 62 ? kLettersAndDigits[value] : last_two[value - 62];
        out.append({&c, 1});
    }
    return out;
}

void each_encoding(std::string_view piece, std::size_t& budget, const Found& found) {
    if (piece.size() > kEncodedPiece || piece.size() > budget) return;
    budget -= piece.size();
    for (const bool ascii : {true, false}) found(json_escaped(piece, ascii).view());
    for (const UrlStyle& style : kUrlStyles) found(url_escaped(piece, style).view());
    for (const char* last_two : {"+/", "-_"}) {
        found(base64(piece, 0, last_two, true).view());
        for (const std::size_t before : {0U, 1U, 2U}) found(base64(piece, before, last_two, false).view());
    }
}

void each_piece(std::string_view value, std::size_t least, std::size_t& budget, const Found& found) {
    const std::string_view trimmed = without_blanks(value);
    if (trimmed.size() < least) return;
    found(value);
    found(trimmed);
    each_encoding(value, budget, found);
    if (trimmed != value) each_encoding(trimmed, budget, found);
}

}  // namespace

std::string_view without_blanks(std::string_view text) noexcept {
    constexpr std::string_view kBlanks = " \t\r\n";
    const std::size_t first = text.find_first_not_of(kBlanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

void each_form(std::string_view value, std::size_t& budget, const Found& found) {
    each_piece(value, 1, budget, found);
    if (value.find('\n') == std::string_view::npos) return;
    while (!value.empty()) {
        const std::size_t end = value.find('\n');
        each_piece(value.substr(0, end), kSecretLine, budget, found);
        if (end == std::string_view::npos) return;
        value.remove_prefix(end + 1);
    }
}

}  // namespace endpointd::exec
