#pragma once
// The keys and values of `ranges` in a TimePeriod or ScheduledDowntime (protocol,
// 10.6): which days, and which hours of them. Texts in, numbers out; which day a
// `monday 2` is depends on when it is asked and is not decided here. Pure; any thread.

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace endpointd::dsl {

// Bytes of a key or value that is looked at: a day of a hundred ranges.
inline constexpr std::size_t kRangeText = 4096;
// Days from the begin of a month, or back from its end: a year.
inline constexpr int kDayNumber = 366;
// Weekdays from the begin of a month, or back from its end: a year of weeks.
inline constexpr int kWeekdayNumber = 53;
// Days from one day of a range to the next: ten years.
inline constexpr int kStrideDays = 3660;
// Hours from midnight at which a range may begin or end: a week.
inline constexpr int kRangeHours = 168;
// Minutes and seconds of a time; above 59 they run over, as upstream lets them.
inline constexpr int kRangeMinutes = 99;

// One end of a range of days.
struct DayPoint {
    enum class Kind {
        date,              // year, month, number (1 to 31)
        day_of_month,      // month, number: 1 is the first, -1 the last
        weekday,           // weekday
        weekday_of_month,  // month, weekday, number: 1 is the first of it, -1 the last; never 0
    };
    Kind kind = Kind::weekday;
    int year = 0;
    int month = 0;  // 1 to 12; 0: any
    int number = 0;
    int weekday = 0;  // 0 is Sunday

    bool operator==(const DayPoint&) const = default;
};

struct DayRange {
    DayPoint first;
    std::optional<DayPoint> last = {};  // none: `first` alone
    int stride = 1;                     // 2: every other day, from the first

    bool operator==(const DayRange&) const = default;
};

// Seconds since the midnight that the day begins with. `end` <= `begin`: until that time of the next day.
struct TimeRange {
    int begin = 0;
    int end = 0;

    bool operator==(const TimeRange&) const = default;
};

// "monday", "day 1 - 15 / 2", "monday 1 january", "2030-12-24 - 2030-12-26", ...
Result<DayRange> parse_day_range(std::string_view text);
// "08:00-12:00,13:00-17:30:15": at least one.
Result<std::vector<TimeRange>> parse_time_ranges(std::string_view text);

}  // namespace endpointd::dsl
