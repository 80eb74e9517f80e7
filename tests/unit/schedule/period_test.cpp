#include "schedule/period.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <limits>
#include <optional>

#include "schedule/local_day.hpp"

namespace endpointd::schedule {
namespace {

constexpr const char* kUtc = "UTC0";
// Berlin's, without its file: the 29th of March 2026 has 23 hours, the 25th of October 25.
constexpr const char* kBerlin = "CET-1CEST,M3.5.0,M10.5.0/3";

// The zone for a test, and back to what it was.
class Zone {
public:
    explicit Zone(const char* name) {
        if (const char* before = std::getenv("TZ")) before_ = before;
        ::setenv("TZ", name, 1);
        ::tzset();
    }
    ~Zone() {
        if (before_) ::setenv("TZ", before_->c_str(), 1);
        else ::unsetenv("TZ");
        ::tzset();
    }
    Zone(const Zone&) = delete;
    Zone& operator=(const Zone&) = delete;

private:
    std::optional<std::string> before_;
};

LocalDay day(int year, unsigned month, unsigned number) {
    return LocalDay(std::chrono::year(year) / std::chrono::month(month) / std::chrono::day(number));
}

bool is_on(std::string_view text, LocalDay at) {
    const auto range = dsl::parse_day_range(text);
    EXPECT_TRUE(range) << text;
    return range && names(*range, at);
}

double utc(int year, unsigned month, unsigned number, int hour = 0, int minute = 0) {
    return static_cast<double>(day(year, month, number).time_since_epoch().count()) * 86400 + hour * 3600 + minute * 60;
}

Period of(std::string_view days, std::string_view times) {
    Period period;
    period.ranges.emplace_back(*dsl::parse_day_range(days), *dsl::parse_time_ranges(times));
    return period;
}

using Named = std::map<std::string, Period, std::less<>>;

// Begins and ends of what is inside from `from`, as hours behind it, within two days.
std::vector<double> hours(const Periods& periods, std::string_view name, double from) {
    std::vector<double> found;
    bool inside = false;
    for (double at = from; at < from + 2 * 86400; at = periods.at(name, at).until) {
        if (periods.at(name, at).inside != inside) found.push_back((at - from) / 3600);
        inside = periods.at(name, at).inside;
    }
    return found;
}

std::vector<double> hours(std::string_view days, std::string_view times, double from) {
    return hours(Periods(Named{{"p", of(days, times)}}), "p", from);
}

// 2026-11-20 is a Friday.
TEST(DayRange, WeekdayIsThatWeekdayAndOneOfAMonthThatOne) {
    EXPECT_TRUE(is_on("friday", day(2026, 11, 20)));
    EXPECT_FALSE(is_on("friday", day(2026, 11, 21)));
    EXPECT_TRUE(is_on("friday 3", day(2026, 11, 20)));
    EXPECT_FALSE(is_on("friday 2", day(2026, 11, 20)));
    EXPECT_TRUE(is_on("friday -2", day(2026, 11, 20)));
    EXPECT_TRUE(is_on("friday -1", day(2026, 11, 27)));
    EXPECT_TRUE(is_on("sunday 1 november", day(2026, 11, 1)));
    EXPECT_FALSE(is_on("sunday 1 november", day(2026, 12, 6)));
    EXPECT_TRUE(is_on("sunday 9 january", day(2026, 3, 1))) << "it runs over into the next months";
}

TEST(DayRange, LastWeekdayOfAMonthIsInThatMonthWhenTheNextOneBeginsWithIt) {
    EXPECT_TRUE(is_on("tuesday -1", day(2026, 11, 24)));
    EXPECT_FALSE(is_on("tuesday -1", day(2026, 12, 1)));
}

TEST(DayRange, RangesOfWeekdaysAreTheFirstOfThemOnlyAsUpstream) {
    for (const std::string_view range : {"friday - monday", "friday - saturday"}) {
        EXPECT_TRUE(is_on(range, day(2026, 11, 20))) << range;
        EXPECT_FALSE(is_on(range, day(2026, 11, 21))) << range;
        EXPECT_FALSE(is_on(range, day(2026, 11, 23))) << range;
    }
}

TEST(DayRange, RangesHoldUpToTheirLastDayAndNotTheOneBehind) {
    EXPECT_FALSE(is_on("day 10 - 20", day(2026, 11, 9)));
    EXPECT_TRUE(is_on("day 10 - 20", day(2026, 11, 10)));
    EXPECT_TRUE(is_on("day 10 - 20", day(2026, 11, 20)));
    EXPECT_FALSE(is_on("day 10 - 20", day(2026, 11, 21)));
    EXPECT_FALSE(is_on("2026-11-20", day(2026, 11, 21)));
    EXPECT_TRUE(is_on("2026-11-20 - 2027-02-01", day(2027, 2, 1)));
    EXPECT_TRUE(is_on("monday 1 - friday 4", day(2026, 11, 2)));
    EXPECT_FALSE(is_on("day 25 - 15", day(2026, 11, 28)));
}

TEST(DayRange, NothingRunsOverTheEndOfAYearAsUpstream) {
    for (const LocalDay at : {day(2026, 11, 20), day(2026, 12, 31), day(2027, 1, 1), day(2027, 2, 1)})
        EXPECT_FALSE(is_on("november 1 - february 3", at));
}

TEST(DayRange, NegativeDaysCountFromTheEndOfTheMonth) {
    EXPECT_TRUE(is_on("day -1", day(2026, 2, 28)));
    EXPECT_TRUE(is_on("day -1", day(2028, 2, 29)));
    EXPECT_FALSE(is_on("day -1", day(2028, 2, 28)));
    EXPECT_TRUE(is_on("day -10", day(2026, 11, 21)));
    EXPECT_TRUE(is_on("december -1", day(2026, 12, 31)));
    EXPECT_TRUE(is_on("day 15 - -5", day(2026, 11, 26)));
    EXPECT_FALSE(is_on("day 15 - -5", day(2026, 11, 27)));
}

TEST(DayRange, DaysThatAMonthDoesNotHaveRunOverIntoTheNext) {
    EXPECT_FALSE(is_on("day 31", day(2026, 2, 28)));
    EXPECT_FALSE(is_on("day 31", day(2026, 3, 3))) << "it is March's by then";
    EXPECT_TRUE(is_on("day 28 - 31", day(2026, 2, 28)));
    EXPECT_TRUE(is_on("february 29", day(2026, 3, 1)));
    EXPECT_TRUE(is_on("february 29", day(2028, 2, 29)));
    EXPECT_TRUE(is_on("january 59", day(2026, 2, 28)));
    EXPECT_FALSE(is_on("day 0", day(2026, 3, 1)));
    EXPECT_TRUE(is_on("day 0 - 5", day(2026, 3, 1)));
}

TEST(DayRange, StrideCountsFromItsFirstDay) {
    EXPECT_TRUE(is_on("2026-11-01 - 2026-12-01 / 5", day(2026, 11, 1)));
    EXPECT_FALSE(is_on("2026-11-01 - 2026-12-01 / 5", day(2026, 11, 5)));
    EXPECT_TRUE(is_on("2026-11-01 - 2026-12-01 / 5", day(2026, 12, 1)));
    EXPECT_TRUE(is_on("day 1/5", day(2026, 11, 1)));
    EXPECT_FALSE(is_on("day 1/5", day(2026, 11, 6))) << "one day, whatever the stride";
}

TEST(DayRange, StrideCountsADayLessBehindOneOf23HoursAsUpstream) {
    const Zone zone(kBerlin);
    constexpr std::string_view kEveryThird = "2026-01-01 - 2026-12-31 / 3";
    EXPECT_TRUE(is_on(kEveryThird, day(2026, 3, 29)));
    EXPECT_TRUE(is_on(kEveryThird, day(2026, 3, 30)));
    EXPECT_FALSE(is_on(kEveryThird, day(2026, 3, 31)));
    EXPECT_TRUE(is_on("2026-01-01 - 2026-12-31 / 2", day(2026, 10, 25)));
}

TEST(Period, TimesAreHoursOfEachDayThatIsNamed) {
    const Zone zone(kUtc);
    const double friday = utc(2026, 11, 20);
    EXPECT_EQ(hours("friday", "08:00-12:00,11:00-13:00,20:00-21:00", friday), (std::vector<double>{8, 13, 20, 21}));
    EXPECT_EQ(hours("saturday", "00:00-24:00", friday), (std::vector<double>{24}));
    EXPECT_EQ(hours("friday", "10:99-11:99", friday), (std::vector<double>{11.65, 12.65}));
    EXPECT_EQ(hours("friday", "00:00:01-00:00:02", friday), (std::vector<double>{1.0 / 3600, 2.0 / 3600}));
}

TEST(Period, TimesThatEndBeforeTheyBeginEndTheNextDay) {
    const Zone zone(kUtc);
    const double friday = utc(2026, 11, 20);
    EXPECT_EQ(hours("friday", "22:00-06:00", friday), (std::vector<double>{22, 30}));
    EXPECT_EQ(hours("friday", "09:00-09:00", friday), (std::vector<double>{9, 33}));
    EXPECT_EQ(hours("friday", "40:00-20:00", friday), (std::vector<double>{40, 44}));
    EXPECT_EQ(hours("friday", "20:00-30:00", friday), (std::vector<double>{20, 30}));
    EXPECT_EQ(hours("friday", "24:00-24:00", friday), (std::vector<double>{24}));
}

TEST(Period, WhatBeganOnEarlierDaysStillRuns) {
    const Zone zone(kUtc);
    EXPECT_EQ(hours("friday", "22:00-06:00", utc(2026, 11, 21)), (std::vector<double>{0, 6}));
    EXPECT_EQ(hours("friday", "150:00-168:00", utc(2026, 11, 26)), (std::vector<double>{6, 24}));
}

TEST(Period, AnswerHoldsUntilItsEndOrForADay) {
    const Zone zone(kUtc);
    const Periods periods(Named{{"p", of("friday", "08:00-12:00")}, {"always", of("2020-01-01 - 2030-01-01", "00:00-24:00")}});
    EXPECT_EQ(periods.at("p", utc(2026, 11, 20, 9)).until, utc(2026, 11, 20, 12));
    EXPECT_TRUE(periods.at("p", utc(2026, 11, 20, 12) - 0.5).inside);
    EXPECT_FALSE(periods.at("p", utc(2026, 11, 20, 12)).inside);
    EXPECT_FALSE(periods.at("p", utc(2026, 11, 20, 8) - 0.5).inside);
    EXPECT_EQ(periods.at("p", utc(2026, 11, 20, 7)).until, utc(2026, 11, 20, 8));
    EXPECT_EQ(periods.at("p", utc(2026, 11, 22)).until, utc(2026, 11, 23));
    EXPECT_TRUE(periods.at("always", utc(2026, 11, 22)).inside);
    EXPECT_EQ(periods.at("always", utc(2026, 11, 22)).until, utc(2026, 11, 23));
}

TEST(Period, OneThatIsNotKnownNeverEndsAndOneThatSaysNothingNeverBegins) {
    const Periods periods(Named{{"nothing", {}}});
    EXPECT_TRUE(periods.at("unknown", 1000).inside);
    EXPECT_EQ(periods.at("", 1000).until, std::numeric_limits<double>::infinity());
    EXPECT_FALSE(periods.at("nothing", 1000).inside);
}

TEST(Period, MomentsThatNoCalendarHasGetAnAnswer) {
    const Periods periods(Named{{"p", of("friday", "00:00-24:00")}});
    for (const double at : {-1e300, 1e300, std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()})
        EXPECT_FALSE(periods.at("nothing", at).until < at);
    EXPECT_FALSE(periods.at("p", 1e300).inside);
}

TEST(Period, ClocksThatJumpAreSeenAsUpstreamSeesThem) {
    const Zone zone(kBerlin);
    const double spring = utc(2026, 3, 28, 23);  // the midnight of the day of 23 hours
    EXPECT_EQ(hours("sunday", "00:00-24:00", spring), (std::vector<double>{0, 23}));
    EXPECT_EQ(hours("sunday", "01:00-02:30", spring), (std::vector<double>{1, 2.5}));
    EXPECT_EQ(hours("sunday", "02:30-02:45", spring), (std::vector<double>{2.5, 2.75})) << "03:30 as there is no 02:30";
    EXPECT_EQ(hours("sunday", "02:00-03:00", spring), (std::vector<double>{})) << "that hour was left out";
    EXPECT_EQ(hours("sunday", "02:30-03:30", spring), (std::vector<double>{}));
    EXPECT_EQ(hours("sunday", "03:00-04:00", spring), (std::vector<double>{2, 3}));
    EXPECT_EQ(hours("saturday", "22:00-06:00", spring - 2 * 3600), (std::vector<double>{0, 7}));
    const double autumn = utc(2026, 10, 24, 22);  // of the day of 25
    EXPECT_EQ(hours("sunday", "00:00-24:00", autumn), (std::vector<double>{0, 25}));
    EXPECT_EQ(hours("sunday", "02:00-03:00", autumn), (std::vector<double>{2, 4}));
    EXPECT_EQ(hours("sunday", "02:30-02:45", autumn), (std::vector<double>{2.5, 2.75})) << "the first of the two";
    EXPECT_EQ(hours("sunday", "01:00-02:30", autumn), (std::vector<double>{1, 2.5}));
}

Named overlapping() {
    Named named{{"own", of("friday", "08:00-12:00")}, {"out", of("friday", "07:00-11:00")}, {"in", of("friday", "09:00-10:00")}};
    named["own"].includes = {"in", "no such period"};
    named["own"].excludes = {"out"};
    return named;
}

TEST(Period, IncludesThatArePreferredAreInsideThoughExcluded) {
    const Zone zone(kUtc);
    EXPECT_EQ(hours(Periods(overlapping()), "own", utc(2026, 11, 20)), (std::vector<double>{9, 10, 11, 12}));
}

TEST(Period, ExcludesThatArePreferredAreOutsideThoughIncluded) {
    const Zone zone(kUtc);
    Named named = overlapping();
    named["own"].prefer_includes = false;
    EXPECT_EQ(hours(Periods(named), "own", utc(2026, 11, 20)), (std::vector<double>{11, 12}));
}

TEST(Period, ExcludesThatBeginOrEndTogetherWithWhatTheyExcludeAreExcluded) {
    const Zone zone(kUtc);
    Named named{{"own", of("friday", "08:00-12:00")}, {"out", of("friday", "08:00-09:00,11:00-12:00")}};
    named["own"].excludes = {"out"};
    EXPECT_EQ(hours(Periods(named), "own", utc(2026, 11, 20)), (std::vector<double>{9, 11}));
    named["own"].excludes = {"own"};
    EXPECT_EQ(hours(Periods(named), "own", utc(2026, 11, 20)), (std::vector<double>{8, 12}));
}

TEST(Period, IncludesOfIncludesCount) {
    const Zone zone(kUtc);
    Named named = overlapping();
    named["outer"].includes = {"own"};
    named["gaps"] = of("friday", "00:00-24:00");
    named["gaps"].excludes = {"outer"};
    const Periods periods(named);
    EXPECT_EQ(hours(periods, "outer", utc(2026, 11, 20)), (std::vector<double>{9, 10, 11, 12}));
    EXPECT_EQ(hours(periods, "gaps", utc(2026, 11, 20)), (std::vector<double>{0, 9, 10, 11, 12, 24}));
}

TEST(Period, CirclesEnd) {
    const Zone zone(kUtc);
    Named named{{"a", of("friday", "08:00-09:00")}, {"b", of("friday", "14:00-15:00")}};
    named["a"].includes = {"b"};
    named["b"].includes = {"a"};
    const Periods periods(named);
    EXPECT_EQ(hours(periods, "a", utc(2026, 11, 20)), (std::vector<double>{8, 9, 14, 15}));
    EXPECT_EQ(hours(periods, "b", utc(2026, 11, 20)), (std::vector<double>{8, 9, 14, 15}));
}

TEST(Period, ChainOfIncludesEndsAtTheBound) {
    const Zone zone(kUtc);
    Named named;
    const auto name = [](std::size_t number) { return "p" + std::to_string(number); };
    constexpr std::size_t kLong = 10'000;
    for (std::size_t i = 0; i < kLong; ++i) named[name(i)].includes = {name(i + 1)};
    named[name(kLong)] = of("friday", "08:00-09:00");
    const Periods periods(named);
    EXPECT_EQ(hours(periods, name(kLong - kPeriodsInAnswer + 1), utc(2026, 11, 20)), (std::vector<double>{8, 9}));
    EXPECT_EQ(hours(periods, name(kLong - kPeriodsInAnswer), utc(2026, 11, 20)), (std::vector<double>{}));
    EXPECT_EQ(hours(periods, name(0), utc(2026, 11, 20)), (std::vector<double>{}));
}

}  // namespace
}  // namespace endpointd::schedule
