#pragma once
// Days of this host's time zone: which one a moment lies in, when it begins, and which
// days a range of a TimePeriod or ScheduledDowntime names. Days of 23 and 25 hours are
// right. Any thread.
//
// Reads no file of its own, and none at all after the C library has read the zone once:
// whoever confines itself calls tzset() before that.

#include <chrono>
#include <cstdint>

#include "dsl/ranges.hpp"

namespace endpointd::schedule {

using LocalDay = std::chrono::local_days;

// The moments that are looked at, in seconds since 1970: up to the year 5138. What lies outside is taken for the nearest.
inline constexpr std::int64_t kLastMoment = 100'000'000'000;

LocalDay local_day_of(std::int64_t moment) noexcept;

// When clocks show `seconds` after the midnight that `day` begins with; more than a day runs over into the
// next ones. Of two such moments (clocks were set back) the first; if there is none (set forward by an hour), the one an
// hour further on their faces: 02:30 is 03:30.
std::int64_t moment_of(LocalDay day, int seconds) noexcept;

// Whether `range` names `day`, as upstream decides it for each day anew: what has no year is of that day's year,
// what has no month of its month, and a weekday alone is the next one, that day included. So "friday - monday" names
// Fridays, and nothing runs over the end of a year.
bool names(const dsl::DayRange& range, LocalDay day) noexcept;

}  // namespace endpointd::schedule
