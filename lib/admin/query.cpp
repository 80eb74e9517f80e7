#include "admin/query.hpp"

#include <algorithm>

#include "base/units.hpp"

namespace endpointd::admin {
namespace {

int hex_digit(char c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

bool unreserved(char c) noexcept {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.' || c == '_' || c == '~';
}

}  // namespace

Result<std::string> percent_decoded(std::string_view text, bool plus_is_space) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '+' && plus_is_space) {
            out += ' ';
        } else if (text[i] != '%') {
            out += text[i];
        } else {
            const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
            const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
            if (high < 0 || low < 0) return fail(Errc::malformed, "a % in the request's target is not followed by two hexadecimal digits");
            out += static_cast<char>(high * 16 + low);
            i += 2;
        }
    }
    if (out.find('\0') != std::string::npos) return fail(Errc::malformed, "the request's target holds a NUL");
    if (!is_utf8(out)) return fail(Errc::malformed, "the request's target is not UTF-8");
    return out;
}

std::string percent_encoded(std::string_view text) {
    static constexpr char kDigits[] = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        if (unreserved(c)) {
            out += c;
        } else {
            const auto byte = static_cast<unsigned char>(c);
            out += '%';
            out += kDigits[byte >> 4];
            out += kDigits[byte & 15];
        }
    }
    return out;
}

Result<Target> parse_target(std::string_view target) {
    if (target.empty() || target.front() != '/') return fail(Errc::malformed, "the request's target does not begin with /");
    Target parsed;
    const std::size_t mark = target.find('?');
    parsed.path = std::string(target.substr(0, mark));
    if (mark == std::string_view::npos) return parsed;

    std::string_view rest = target.substr(mark + 1);
    while (!rest.empty()) {
        const std::string_view pair = rest.substr(0, rest.find('&'));
        rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
        if (pair.empty()) continue;
        const std::size_t equals = pair.find('=');
        Result<std::string> name = percent_decoded(pair.substr(0, equals), true);
        if (!name) return name.error();
        Result<std::string> value = percent_decoded(equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1), true);
        if (!value) return value.error();
        if (parsed.query.size() == kQueryParameters)
            return fail(Errc::malformed, "the request has more than " + std::to_string(kQueryParameters) + " parameters");
        parsed.query.emplace_back(std::move(*name), std::move(*value));
    }
    return parsed;
}

Result<std::optional<std::string>> unique_value(const Query& query, std::string_view name) {
    std::optional<std::string> found;
    for (const auto& [key, value] : query) {
        if (key != name) continue;
        if (found) return fail(Errc::invalid, "parameter '" + std::string(name) + "' is given twice");
        found = value;
    }
    return found;
}

Result<void> only_known(const Query& query, std::initializer_list<std::string_view> known) {
    for (const auto& [key, value] : query) {
        if (std::find(known.begin(), known.end(), key) != known.end()) continue;
        std::string list;
        for (const std::string_view name : known) list += (list.empty() ? "" : ", ") + std::string(name);
        return fail(Errc::invalid, "unknown parameter '" + escaped(key, 64) + "'; known here: " + (list.empty() ? "none" : list));
    }
    return {};
}

}  // namespace endpointd::admin
