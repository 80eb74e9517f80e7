#include "render.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <ostream>

#include "base/units.hpp"

namespace endpointd::ctl {
namespace {

struct Range {
    std::uint32_t first, last;
};

// Characters that change the order of what is read, or that nobody sees.
constexpr Range kDeceptive[] = {{0x00ad, 0x00ad}, {0x061c, 0x061c}, {0x180e, 0x180e}, {0x200b, 0x200f}, {0x2028, 0x202e},
                                {0x2060, 0x206f}, {0xfe00, 0xfe0f}, {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe0000, 0xe0fff}};
// Unicode's East Asian wide and full-width blocks, and pictographs, by block.
constexpr Range kWide[] = {{0x1100, 0x115f}, {0x2e80, 0x303e},   {0x3041, 0x33ff},   {0x3400, 0x4dbf},  {0x4e00, 0x9fff},
                           {0xa000, 0xa4cf}, {0xac00, 0xd7a3},   {0xf900, 0xfaff},   {0xfe30, 0xfe6f},  {0xff00, 0xff60},
                           {0xffe0, 0xffe6}, {0x1f300, 0x1f64f}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd}};
constexpr Range kCombining[] = {{0x0300, 0x036f}, {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x20d0, 0x20ff}, {0xfe20, 0xfe2f}};

template <std::size_t N>
bool is_in(const Range (&ranges)[N], std::uint32_t point) noexcept {
    return std::any_of(std::begin(ranges), std::end(ranges),
                       [point](const Range& range) { return point >= range.first && point <= range.last; });
}

// Takes one code point off well-formed UTF-8.
std::uint32_t take_point(std::string_view& text) noexcept {
    const auto lead = static_cast<unsigned char>(text[0]);
    std::size_t length = 1;
    std::uint32_t point = lead;
    if (lead >= 0xf0) {
        length = 4;
        point = lead & 0x07u;
    } else if (lead >= 0xe0) {
        length = 3;
        point = lead & 0x0fu;
    } else if (lead >= 0xc0) {
        length = 2;
        point = lead & 0x1fu;
    }
    length = std::min(length, text.size());
    for (std::size_t i = 1; i < length; ++i) point = (point << 6) | (static_cast<unsigned char>(text[i]) & 0x3fu);
    text.remove_prefix(length);
    return point;
}

constexpr std::string_view kBold = "\x1b[1m", kRed = "\x1b[31m", kYellow = "\x1b[33m", kPlain = "\x1b[0m";

}  // namespace

std::string printable(std::string_view text, std::size_t most) {
    const std::string safe = escaped(text, most);
    std::string out;
    out.reserve(safe.size());
    for (std::string_view rest = safe; !rest.empty();) {
        const std::string_view before = rest;
        const std::uint32_t point = take_point(rest);
        if (is_in(kDeceptive, point)) {
            char name[16];
            std::snprintf(name, sizeof name, "<U+%04X>", static_cast<unsigned>(point));
            out += name;
        } else {
            out += before.substr(0, before.size() - rest.size());
        }
    }
    return out;
}

std::size_t columns_of(std::string_view text) noexcept {
    std::size_t columns = 0;
    while (!text.empty()) {
        const std::uint32_t point = take_point(text);
        columns += is_in(kCombining, point) ? 0 : is_in(kWide, point) ? 2 : 1;
    }
    return columns;
}

void Table::add(std::vector<std::string> cells) {
    cells.resize(heading_.size());
    for (std::string& cell : cells) cell = printable(cell);
    rows_.push_back(std::move(cells));
}

void Table::print(std::ostream& out, bool color) const {
    std::vector<std::size_t> widths;
    for (const std::string& title : heading_) widths.push_back(columns_of(title));
    for (const auto& row : rows_) {
        for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], columns_of(row[i]));
    }
    const auto line = [&](const std::vector<std::string>& cells) {
        for (std::size_t i = 0; i < cells.size(); ++i) {
            out << cells[i];
            if (i + 1 < cells.size()) out << std::string(widths[i] - columns_of(cells[i]) + 2, ' ');
        }
    };
    if (color) out << kBold;
    line(heading_);
    if (color) out << kPlain;
    out << '\n';
    for (const auto& row : rows_) {
        line(row);
        out << '\n';
    }
}

const json::Value& member(const json::Value& value, std::string_view name) noexcept {
    static const json::Value kNull;
    const json::Object* const object = value.object();
    const json::Value* const found = object ? object->find(name) : nullptr;
    return found ? *found : kNull;
}

const json::Array& items(const json::Value& value) noexcept {
    static const json::Array kNone;
    return value.array() ? *value.array() : kNone;
}

std::string text_of(const json::Value& value) {
    if (value.is_null()) return "-";
    if (const std::string* text = value.string()) return *text;
    if (const bool* flag = value.boolean()) return *flag ? "yes" : "no";
    if (const double* number = value.number()) return number_text(*number);
    return json::to_text(value);
}

double number_of(const json::Value& value) noexcept { return value.number() ? *value.number() : 0; }

std::string duration_text(double seconds) {
    char text[64];
    if (!(seconds >= 0)) return "-";
    if (seconds < 10) {
        std::snprintf(text, sizeof text, "%.3f s", seconds);
        return text;
    }
    const auto whole = static_cast<long long>(std::min(seconds, 9e15));
    if (whole < 60) {
        std::snprintf(text, sizeof text, "%lld s", whole);
    } else if (whole < 3600) {
        std::snprintf(text, sizeof text, "%lld min %lld s", whole / 60, whole % 60);
    } else if (whole < 86400) {
        std::snprintf(text, sizeof text, "%lld h %lld min", whole / 3600, whole % 3600 / 60);
    } else {
        std::snprintf(text, sizeof text, "%lld d %lld h", whole / 86400, whole % 86400 / 3600);
    }
    return text;
}

std::string size_text(double bytes) {
    static constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    std::size_t unit = 0;
    while (bytes >= 1024 && unit + 1 < std::size(kUnits)) {
        bytes /= 1024;
        ++unit;
    }
    char text[64];
    std::snprintf(text, sizeof text, unit == 0 ? "%.0f %s" : "%.1f %s", bytes, kUnits[unit]);
    return text;
}

std::string ascii_json(const json::Value& value) {
    const std::string pretty = json::to_pretty_text(value);
    std::string out;
    out.reserve(pretty.size());
    for (std::string_view rest = pretty; !rest.empty();) {
        const char lead = rest.front();
        const std::uint32_t point = take_point(rest);
        if (point < 0x7f) {
            out += lead;
            continue;
        }
        char name[16];
        if (point > 0xffff) {
            const std::uint32_t offset = point - 0x10000;
            std::snprintf(name, sizeof name, "\\u%04x\\u%04x", static_cast<unsigned>(0xd800 + (offset >> 10)),
                          static_cast<unsigned>(0xdc00 + (offset & 0x3ff)));
        } else {
            std::snprintf(name, sizeof name, "\\u%04x", static_cast<unsigned>(point));
        }
        out += name;
    }
    return out;
}

void print_block(std::ostream& out, std::string_view text, std::string_view indent) {
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        out << indent << printable(text.substr(0, end), text.size()) << '\n';
        if (end == std::string_view::npos) return;
        text.remove_prefix(end + 1);
    }
}

void print_finding(std::ostream& out, const json::Value& finding, std::string_view severity, bool color) {
    out << printable(text_of(member(finding, "file")), 4096);
    if (!member(finding, "line").is_null()) {
        out << ':' << text_of(member(finding, "line"));
        if (!member(finding, "column").is_null()) out << ':' << text_of(member(finding, "column"));
    }
    out << ": ";
    if (color) out << (severity == "error" ? kRed : kYellow);
    out << severity << ':';
    if (color) out << kPlain;
    // Our own line breaks (a DSL error shows the line and a caret) stay; all else is escaped line by line.
    const std::string message = text_of(member(finding, "message"));
    std::size_t begin = 0;
    for (std::size_t end = 0; end != std::string::npos; begin = end + 1) {
        end = message.find('\n', begin);
        out << (begin == 0 ? " " : "\n")
            << printable(std::string_view(message).substr(begin, end == std::string::npos ? end : end - begin), 4096);
        if (end == std::string::npos) break;
    }
    const json::Value& pointer = member(finding, "pointer");
    if (pointer.string() && !pointer.string()->empty()) out << " (" << printable(*pointer.string(), 1024) << ')';
    out << '\n';
}

}  // namespace endpointd::ctl
