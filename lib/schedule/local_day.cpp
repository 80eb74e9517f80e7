#include "schedule/local_day.hpp"

#include <algorithm>
#include <ctime>

namespace endpointd::schedule {

namespace {

using std::chrono::days;
using std::chrono::local_seconds;
using std::chrono::months;
using std::chrono::seconds;
using std::chrono::year_month_day;
using std::chrono::year_month_day_last;

constexpr std::int64_t kDay = 86400;

std::int64_t clamped(std::int64_t moment) noexcept { return std::clamp(moment, -kLastMoment, kLastMoment); }

// Seconds that clocks are ahead of UTC.
std::int64_t offset_at(std::int64_t moment) noexcept {
    const auto at = static_cast<std::time_t>(clamped(moment));
    std::tm shown{};
    // Unlike mktime() it looks at neither the environment nor the file again, and its answer does not depend on earlier ones.
    return ::localtime_r(&at, &shown) == nullptr ? 0 : shown.tm_gmtoff;
}

// The first of the month that `point` speaks of.
year_month_day month_of(const dsl::DayPoint& point, const year_month_day& reference) noexcept {
    const auto month = point.month == 0 ? reference.month() : std::chrono::month(static_cast<unsigned>(point.month));
    return reference.year() / month / 1;
}

LocalDay weekday_of_month(const dsl::DayPoint& point, const year_month_day& first_of_month) noexcept {
    const std::chrono::weekday wanted(static_cast<unsigned>(point.weekday));
    if (point.number > 0) {
        const LocalDay first(first_of_month);
        return first + (wanted - std::chrono::weekday(first)) + days(7 * (point.number - 1));
    }
    const LocalDay last(year_month_day_last(first_of_month.year(), std::chrono::month_day_last(first_of_month.month())));
    return last - (std::chrono::weekday(last) - wanted) + days(7 * (point.number + 1));
}

// The day that `point` names on `reference`. Numbers that the month does not have run over into the next one.
LocalDay day_of(const dsl::DayPoint& point, LocalDay reference) noexcept {
    using Kind = dsl::DayPoint::Kind;
    const year_month_day on(reference);
    switch (point.kind) {
        case Kind::date:
            return LocalDay(std::chrono::year(point.year) / std::chrono::month(static_cast<unsigned>(point.month)) / 1) +
                   days(point.number - 1);
        case Kind::day_of_month: {
            const year_month_day first = month_of(point, on);
            return LocalDay(point.number < 0 ? first + months(1) : first) + days(point.number < 0 ? point.number : point.number - 1);
        }
        case Kind::weekday_of_month:
            return weekday_of_month(point, month_of(point, on));
        case Kind::weekday:
            break;
    }
    return reference + (std::chrono::weekday(static_cast<unsigned>(point.weekday)) - std::chrono::weekday(reference));
}

}  // namespace

LocalDay local_day_of(std::int64_t moment) noexcept {
    moment = clamped(moment);
    return std::chrono::floor<days>(local_seconds(seconds(moment + offset_at(moment))));
}

std::int64_t moment_of(LocalDay day, int after_midnight) noexcept {
    const std::int64_t shown = clamped(day.time_since_epoch().count() * kDay + after_midnight);
    // No zone changes its offset twice within the two days around.
    const std::int64_t before = offset_at(shown - kDay);
    const std::int64_t after = offset_at(shown + kDay);
    const bool shown_before = offset_at(shown - before) == before;
    const bool shown_after = offset_at(shown - after) == after;
    return shown - (shown_before || !shown_after ? before : after);
}

bool names(const dsl::DayRange& range, LocalDay day) noexcept {
    const LocalDay first = day_of(range.first, day);
    const LocalDay last = range.last ? day_of(*range.last, day) : first;
    if (day < first || day > last) return false;
    if (range.stride <= 1) return true;
    // Upstream counts 24 hours for each day: behind a day of 23, which are every other one is as if there was a day less.
    return (moment_of(day, 0) - moment_of(first, 0)) / kDay % range.stride == 0;
}

}  // namespace endpointd::schedule
