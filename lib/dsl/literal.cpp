#include "dsl/literal.hpp"

#include <array>
#include <charconv>
#include <cmath>

namespace endpointd::dsl {

namespace {

// Digits of the largest double, and of the smallest one behind its point.
constexpr std::size_t kFixedDigits = 1100;

std::string number_literal(double value) {
    if (!std::isfinite(value)) return "null";
    std::array<char, kFixedDigits> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, std::chars_format::fixed).ptr;
    return std::string(digits.data(), end);
}

}  // namespace

std::string literal(std::string_view text) {
    constexpr std::string_view kNamed = "\n\t\r\b\f\\\"", kNames = "ntrbf\\\"";
    std::string out = "\"";
    bool octal = false;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        // Upstream reads all digits behind a backslash as one number: one that follows in the text has to be written so as well.
        octal = (byte < 0x20 && kNamed.find(c) == std::string_view::npos) || byte == 0x7f || (octal && c >= '0' && c <= '9');
        if (octal) {
            out += {'\\', static_cast<char>('0' + (byte >> 6)), static_cast<char>('0' + ((byte >> 3) & 7)),
                    static_cast<char>('0' + (byte & 7))};
        } else if (const std::size_t which = kNamed.find(c); which != std::string_view::npos) {
            out += {'\\', kNames[which]};
        } else {
            out += c;
        }
    }
    return out + '"';
}

std::string literal(const json::Value& value) {
    if (const bool* const flag = value.boolean()) return *flag ? "true" : "false";
    if (const double* const number = value.number()) return number_literal(*number);
    if (const std::string* const text = value.string()) return literal(std::string_view(*text));
    std::string out;
    if (const json::Array* const array = value.array()) {
        for (const json::Value& each : *array) out += (out.empty() ? "" : ", ") + literal(each);
        return out.empty() ? "[ ]" : "[ " + out + " ]";
    }
    if (const json::Object* const object = value.object()) {
        for (const auto& [key, each] : *object) out += (out.empty() ? "" : ", ") + literal(std::string_view(key)) + " = " + literal(each);
        return out.empty() ? "{ }" : "{ " + out + " }";
    }
    return "null";
}

}  // namespace endpointd::dsl
