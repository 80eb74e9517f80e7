#include "dsl/ranges.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

namespace endpointd::dsl {

namespace {

constexpr std::array<std::string_view, 7> kWeekdays = {"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"};
constexpr std::array<std::string_view, 12> kMonths = {"january", "february", "march",     "april",   "may",      "june",
                                                      "july",    "august",   "september", "october", "november", "december"};

// Of the parts between `separator`, which may be empty.
std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    for (;;) {
        const std::size_t at = text.find(separator);
        parts.push_back(text.substr(0, at));
        if (at == std::string_view::npos) return parts;
        text.remove_prefix(at + 1);
    }
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
    return text;
}

// A whole number with or without a sign, and nothing around it.
std::optional<int> whole(std::string_view text) {
    if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
    int number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return number;
}

std::optional<int> whole_between(std::string_view text, int least, int most) {
    const auto number = whole(text);
    return number && *number >= least && *number <= most ? number : std::nullopt;
}

// Place in `names`; none: not there. Names are whole words in small letters, as upstream's.
template <std::size_t N>
std::optional<int> place_of(std::string_view word, const std::array<std::string_view, N>& names) {
    const auto* const found = std::find(names.begin(), names.end(), word);
    return found == names.end() ? std::nullopt : std::optional<int>(static_cast<int>(found - names.begin()));
}

Error no_day(std::string_view text, std::string_view why) {
    return fail(Errc::invalid, "'" + std::string(text) + "' names no day: " + std::string(why));
}

Result<DayPoint> parse_date(std::string_view text) {
    const auto year = whole_between(text.substr(0, 4), 0, 9999);
    const auto month = whole_between(text.substr(5, 2), 1, 12);
    const auto day = whole_between(text.substr(8, 2), 1, 31);
    if (!year || !month || !day) return no_day(text, "a date is YYYY-MM-DD");
    return DayPoint{.kind = DayPoint::Kind::date, .year = *year, .month = *month, .number = *day};
}

// Words behind those that count are passed over, as upstream does.
Result<DayPoint> parse_day(std::string_view text) {
    if (text.size() == 10 && text[4] == '-' && text[7] == '-') return parse_date(text);
    const std::vector<std::string_view> words = split(text, ' ');
    const auto month = place_of(words[0], kMonths);
    if (words.size() > 1 && (words[0] == "day" || month)) {
        const auto number = whole_between(words[1], -kDayNumber, kDayNumber);
        if (!number) return no_day(text, "the day of a month is a number up to " + std::to_string(kDayNumber));
        return DayPoint{.kind = DayPoint::Kind::day_of_month, .month = month ? *month + 1 : 0, .number = *number};
    }
    const auto weekday = place_of(words[0], kWeekdays);
    if (!weekday) return no_day(text, "write a weekday, 'day N', a month and a number, or YYYY-MM-DD, in small letters");
    DayPoint point{.weekday = *weekday};
    if (words.size() == 1) return point;
    const auto number = whole_between(words[1], -kWeekdayNumber, kWeekdayNumber);
    // Upstream searches for a weekday of number 0 forever.
    if (!number || *number == 0)
        return no_day(text, "which one of the month is a number up to " + std::to_string(kWeekdayNumber) + ", not 0");
    point.kind = DayPoint::Kind::weekday_of_month;
    point.number = *number;
    if (words.size() == 2) return point;
    const auto of_month = place_of(words[2], kMonths);
    if (!of_month) return no_day(text, "'" + std::string(words[2]) + "' is no month");
    point.month = *of_month + 1;
    return point;
}

Error no_time(std::string_view text) {
    return fail(Errc::invalid,
                "'" + std::string(text.substr(0, kRangeText)) +
                    "' is no range of times: write HH:MM-HH:MM or HH:MM:SS-HH:MM:SS, several with a comma and no space between them");
}

std::optional<int> parse_time(std::string_view text) {
    const std::vector<std::string_view> parts = split(text, ':');
    if (parts.size() != 2 && parts.size() != 3) return std::nullopt;
    const auto hours = whole_between(parts[0], 0, kRangeHours);
    const auto minutes = whole_between(parts[1], 0, kRangeMinutes);
    const auto seconds = parts.size() == 3 ? whole_between(parts[2], 0, kRangeMinutes) : std::optional<int>(0);
    if (!hours || !minutes || !seconds) return std::nullopt;
    return *hours * 3600 + *minutes * 60 + *seconds;
}

}  // namespace

Result<DayRange> parse_day_range(std::string_view text) {
    if (text.size() > kRangeText) return no_day(text.substr(0, 40), "it is longer than " + std::to_string(kRangeText) + " bytes");
    DayRange range;
    std::string_view days = text;
    if (const std::size_t slash = text.find('/'); slash != std::string_view::npos) {
        const auto stride = whole_between(trimmed(text.substr(slash + 1)), 1, kStrideDays);
        if (!stride) return no_day(text, "behind the '/' stands a number of days up to " + std::to_string(kStrideDays));
        range.stride = *stride;
        days = text.substr(0, slash);
    }
    const std::size_t dash = days.find("- ");
    if (dash == std::string_view::npos) {
        auto only = parse_day(days);
        if (!only) return only.error();
        range.first = *only;
        return range;
    }
    const std::string_view first = trimmed(days.substr(0, dash));
    std::string second(trimmed(days.substr(dash + 1)));
    // `day 1 - 15`: the second number is of what the first one is.
    if (const std::size_t space = first.find(' ');
        space != std::string_view::npos && whole(std::string_view(second).substr(0, second.find(' '))))
        second.insert(0, first.substr(0, space + 1));
    auto begin = parse_day(first);
    if (!begin) return begin.error();
    auto end = parse_day(second);
    if (!end) return end.error();
    range.first = *begin;
    range.last = *end;
    return range;
}

Result<std::vector<TimeRange>> parse_time_ranges(std::string_view text) {
    if (text.size() > kRangeText) return fail(Errc::too_large, "a list of times is longer than " + std::to_string(kRangeText) + " bytes");
    std::vector<TimeRange> ranges;
    for (const std::string_view part : split(text, ',')) {
        const std::vector<std::string_view> ends = split(part, '-');
        if (ends.size() != 2) return no_time(part);
        const auto begin = parse_time(ends[0]);
        const auto end = parse_time(ends[1]);
        if (!begin || !end) return no_time(part);
        ranges.push_back({*begin, *end});
    }
    return ranges;
}

}  // namespace endpointd::dsl
