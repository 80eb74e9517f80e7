#include "admin/moment.hpp"

#include <optional>

#include "base/units.hpp"

namespace endpointd::admin {
namespace {

// Takes exactly `digits` decimal digits off the front.
std::optional<int> take_number(std::string_view& text, std::size_t digits) noexcept {
    if (text.size() < digits) return std::nullopt;
    int number = 0;
    for (const char c : text.substr(0, digits)) {
        if (c < '0' || c > '9') return std::nullopt;
        number = number * 10 + (c - '0');
    }
    text.remove_prefix(digits);
    return number;
}

bool take(std::string_view& text, std::string_view any_of) noexcept {
    if (text.empty() || any_of.find(text.front()) == std::string_view::npos) return false;
    text.remove_prefix(1);
    return true;
}

std::optional<WallTime> parse_rfc3339(std::string_view text) {
    using namespace std::chrono;
    const auto year_number = take_number(text, 4);
    if (!year_number || !take(text, "-")) return std::nullopt;
    const auto month_number = take_number(text, 2);
    if (!month_number || !take(text, "-")) return std::nullopt;
    const auto day_number = take_number(text, 2);
    if (!day_number || !take(text, "Tt ")) return std::nullopt;
    const auto hour = take_number(text, 2);
    if (!hour || !take(text, ":")) return std::nullopt;
    const auto minute = take_number(text, 2);
    if (!minute || !take(text, ":")) return std::nullopt;
    const auto second = take_number(text, 2);
    if (!second) return std::nullopt;

    const year_month_day date{year(*year_number), month(static_cast<unsigned>(*month_number)), day(static_cast<unsigned>(*day_number))};
    if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
    Duration fraction{0};
    if (take(text, ".")) {
        int scale = 100'000;
        bool any = false;
        while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
            fraction += Duration((text.front() - '0') * scale);  // digits below a microsecond add nothing
            scale /= 10;
            any = true;
            text.remove_prefix(1);
        }
        if (!any) return std::nullopt;
    }
    minutes offset{0};
    if (!take(text, "Zz")) {
        if (text.empty()) return std::nullopt;
        const bool west = text.front() == '-';
        if (!take(text, "+-")) return std::nullopt;
        const auto offset_hours = take_number(text, 2);
        if (!offset_hours || !take(text, ":")) return std::nullopt;
        const auto offset_minutes = take_number(text, 2);
        if (!offset_minutes || *offset_hours > 23 || *offset_minutes > 59) return std::nullopt;
        offset = (west ? -1 : 1) * (hours(*offset_hours) + minutes(*offset_minutes));
    }
    if (!text.empty()) return std::nullopt;
    const WallTime moment = WallTime(sys_days(date)) + hours(*hour) + minutes(*minute) + seconds(*second) + fraction - offset;
    // Nothing was recorded before, and later years have no four digits.
    const year in = year_month_day(floor<days>(moment)).year();
    return in >= year(1970) && in <= year(9999) ? std::optional(moment) : std::nullopt;
}

}  // namespace

Result<WallTime> parse_moment(std::string_view text, WallTime now) {
    if (const auto moment = parse_rfc3339(text)) return *moment;
    const Result<Duration> before = parse_duration(text);
    if (!before || *before > now.time_since_epoch()) {
        return fail(Errc::invalid, "'" + escaped(text, 64) + "' is neither a time (2026-11-20T16:55:00Z) nor a duration before now (2h)");
    }
    return now - *before;
}

}  // namespace endpointd::admin
