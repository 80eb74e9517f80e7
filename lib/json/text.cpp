// Value to text. What Icinga's encoder writes for a number or a broken character
// was taken from its own output, so that our messages cannot be told from an agent's.

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <utility>

#include "base/assert.hpp"
#include "json/object_text.hpp"

namespace endpointd::json {

namespace {

constexpr std::uint32_t kReplacement = 0xfffd;
// Most messages take less.
constexpr std::size_t kUsualBytes = 512;

bool is_trail(char c) noexcept { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

// Takes one character off the front of `text`. A broken sequence is one U+FFFD
// together with the continuation bytes behind its first byte.
std::uint32_t take_character(std::string_view& text) noexcept {
    const auto first = static_cast<unsigned char>(text[0]);
    text.remove_prefix(1);
    if (first < 0x80) return first;
    const std::size_t trails = first >= 0xf0 && first < 0xf8   ? 3
                               : first >= 0xe0 && first < 0xf0 ? 2
                               : first >= 0xc0 && first < 0xe0 ? 1
                                                               : 0;
    if (trails == 0) return kReplacement;
    std::uint32_t code = first & (0x3fU >> trails);
    std::size_t taken = 0;
    while (taken < trails && !text.empty() && is_trail(text[0])) {
        code = code << 6 | (static_cast<unsigned char>(text[0]) & 0x3fU);
        text.remove_prefix(1);
        ++taken;
    }
    static constexpr std::uint32_t kSmallest[] = {0, 0x80, 0x800, 0x10000};
    if (taken == trails && code >= kSmallest[trails] && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff)) return code;
    while (!text.empty() && is_trail(text[0])) text.remove_prefix(1);
    return kReplacement;
}

void append_utf8(std::string& out, std::uint32_t code) {
    const auto byte = [&](std::uint32_t value) { out += static_cast<char>(static_cast<unsigned char>(value)); };
    if (code < 0x800) {
        byte(0xc0 | code >> 6);
    } else {
        if (code < 0x10000) {
            byte(0xe0 | code >> 12);
        } else {
            byte(0xf0 | code >> 18);
            byte(0x80 | (code >> 12 & 0x3f));
        }
        byte(0x80 | (code >> 6 & 0x3f));
    }
    byte(0x80 | (code & 0x3f));
}

void append_escape(std::string& out, std::uint32_t unit) {
    static constexpr char kHex[] = "0123456789abcdef";
    out += "\\u";
    for (int shift = 12; shift >= 0; shift -= 4) out += kHex[unit >> shift & 0xf];
}

void append_number(std::string& out, double value) {
    if (!std::isfinite(value)) {
        out += "null";
        return;
    }
    std::array<char, 40> text;
    // Integral and within 64 bits, signed or unsigned: as an integer, -0 as 0.
    if (value == std::trunc(value) && value >= -0x1p63 && value < 0x1p64) {
        const auto end = value < 0 ? std::to_chars(text.begin(), text.end(), static_cast<std::int64_t>(value))
                                   : std::to_chars(text.begin(), text.end(), static_cast<std::uint64_t>(value));
        out.append(text.begin(), end.ptr);
        return;
    }
    if (value < 0) out += '-';
    const auto end = std::to_chars(text.begin(), text.end(), std::abs(value), std::chars_format::scientific);  // d.ddde+XX, shortest
    const std::string_view scientific(text.begin(), static_cast<std::size_t>(end.ptr - text.begin()));
    const std::size_t e = scientific.find('e');
    int exponent = 0;
    const std::size_t digits_from = scientific[e + 1] == '+' ? e + 2 : e + 1;  // from_chars takes no plus sign
    std::from_chars(scientific.begin() + digits_from, scientific.end(), exponent);
    // Upstream writes plain digits for exponents -4 to 14, so that times of today stay readable.
    if (exponent < -4 || exponent > 14) {
        out += scientific;
        return;
    }
    std::string digits(1, scientific[0]);
    if (e > 1) digits += scientific.substr(2, e - 2);
    const auto count = static_cast<int>(digits.size());
    if (exponent < 0) {
        out += "0.";
        out.append(static_cast<std::size_t>(-exponent - 1), '0');
        out += digits;
    } else {
        // A fraction is left: what has none was an integer above.
        const auto whole = static_cast<std::size_t>(std::min(exponent + 1, count));
        out += digits.substr(0, whole);
        out += '.';
        out += digits.substr(whole);
    }
}

bool is_plain(char c) noexcept { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; }

// Without `ascii` what is not is left as it is.
void append_string(std::string& out, std::string_view text, bool ascii = true) {
    out += '"';
    while (!text.empty()) {
        const auto plain = static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_plain) - text.begin());
        out.append(text.substr(0, plain));
        text.remove_prefix(plain);
        if (text.empty()) break;
        const std::uint32_t code = take_character(text);
        switch (code) {
            case '"':
                out += "\\\"";
                continue;
            case '\\':
                out += "\\\\";
                continue;
            case '\b':
                out += "\\b";
                continue;
            case '\f':
                out += "\\f";
                continue;
            case '\n':
                out += "\\n";
                continue;
            case '\r':
                out += "\\r";
                continue;
            case '\t':
                out += "\\t";
                continue;
            default:
                break;
        }
        if (!ascii && code >= 0xa0) {
            append_utf8(out, code);
        } else if (code >= 0x10000) {
            append_escape(out, 0xd800 + ((code - 0x10000) >> 10));
            append_escape(out, 0xdc00 + ((code - 0x10000) & 0x3ff));
        } else {
            append_escape(out, code);
        }
    }
    out += '"';
}

class Writer {
public:
    explicit Writer(bool pretty) noexcept : pretty_(pretty) {}

    void value(const Value& value) {
        if (const bool* boolean = value.boolean()) out_ += *boolean ? "true" : "false";
        else if (const double* number = value.number()) append_number(out_, *number);
        else if (const std::string* text = value.string()) append_string(out_, *text, !pretty_);
        else if (const Array* items = value.array()) array(*items);
        else if (const Object* members = value.object()) object(*members);
        else out_ += "null";
    }
    std::string take() && { return std::move(out_); }

private:
    void array(const Array& items) {
        out_ += '[';
        bool first = true;
        ++depth_;
        for (const Value& item : items) {
            separate(first);
            value(item);
        }
        --depth_;
        close(first, ']');
    }

    void object(const Object& members) {
        out_ += '{';
        bool first = true;
        ++depth_;
        for (const auto& [key, member] : members) {
            separate(first);
            append_string(out_, key, !pretty_);
            out_ += pretty_ ? ": " : ":";
            value(member);
        }
        --depth_;
        close(first, '}');
    }

    void separate(bool& first) {
        if (!first) out_ += ',';
        first = false;
        line();
    }
    void close(bool empty, char bracket) {
        if (!empty) line();
        out_ += bracket;
    }
    void line() {
        if (!pretty_) return;
        out_ += '\n';
        out_.append(depth_ * 2, ' ');
    }

    bool pretty_;
    std::size_t depth_ = 0;
    std::string out_;
};

}  // namespace

std::string to_text(const Value& value) {
    Writer writer(false);
    writer.value(value);
    return std::move(writer).take();
}

std::string to_pretty_text(const Value& value) {
    Writer writer(true);
    writer.value(value);
    return std::move(writer).take();
}

ObjectText::ObjectText() {
    out_.reserve(kUsualBytes);
    push('{', '}');
}

void ObjectText::push(char open, char close) {
    EP_ASSERT(depth_ < kDepth);
    levels_[depth_++] = {close};
    out_ += open;
}

void ObjectText::begin_item() {
    Level& level = levels_[depth_ - 1];
    if (!std::exchange(level.empty, false)) out_ += ',';
}

void ObjectText::begin_member(std::string_view key) {
    Level& level = levels_[depth_ - 1];
    EP_ASSERT(level.close == '}' && (level.empty || level.last_key < key));
    level.last_key = key;
    begin_item();
    append_string(out_, key);
    out_ += ':';
}

ObjectText& ObjectText::member(std::string_view key, std::string_view text) {
    begin_member(key);
    append_string(out_, text);
    return *this;
}

ObjectText& ObjectText::member(std::string_view key, double number) {
    begin_member(key);
    append_number(out_, number);
    return *this;
}

ObjectText& ObjectText::member(std::string_view key, std::nullptr_t) {
    begin_member(key);
    out_ += "null";
    return *this;
}

ObjectText& ObjectText::member(std::string_view key, const Object& object) {
    begin_member(key);
    out_ += to_text(object);
    return *this;
}

ObjectText& ObjectText::object(std::string_view key) {
    begin_member(key);
    push('{', '}');
    return *this;
}

ObjectText& ObjectText::array(std::string_view key) {
    begin_member(key);
    push('[', ']');
    return *this;
}

ObjectText& ObjectText::item(std::string_view text) {
    EP_ASSERT(levels_[depth_ - 1].close == ']');
    begin_item();
    append_string(out_, text);
    return *this;
}

ObjectText& ObjectText::item_object() {
    EP_ASSERT(levels_[depth_ - 1].close == ']');
    begin_item();
    push('{', '}');
    return *this;
}

ObjectText& ObjectText::end() {
    EP_ASSERT(depth_ > 1);
    out_ += levels_[--depth_].close;
    return *this;
}

std::string ObjectText::take() && {
    EP_ASSERT(depth_ == 1);
    out_ += '}';
    return std::move(out_);
}

}  // namespace endpointd::json
