#include "dsl/ranges.hpp"

#include <gtest/gtest.h>

#include <string>

namespace endpointd::dsl {
namespace {

using Kind = DayPoint::Kind;

DayRange days(std::string_view text) {
    auto read = parse_day_range(text);
    EXPECT_TRUE(read) << text;
    return read ? *read : DayRange{};
}

std::vector<TimeRange> times(std::string_view text) {
    auto read = parse_time_ranges(text);
    EXPECT_TRUE(read) << text;
    return read ? *read : std::vector<TimeRange>();
}

TEST(RangesTest, AWeekdayIsOneOfSeven) {
    EXPECT_EQ(days("sunday"), (DayRange{.first = {.weekday = 0}}));
    EXPECT_EQ(days("saturday"), (DayRange{.first = {.weekday = 6}}));
    EXPECT_EQ(days("monday - friday"), (DayRange{.first = {.weekday = 1}, .last = DayPoint{.weekday = 5}}));
    EXPECT_EQ(days("monday/2"), (DayRange{.first = {.weekday = 1}, .stride = 2}));
}

TEST(RangesTest, AWeekdayMayBeTheNthOfAMonth) {
    EXPECT_EQ(days("monday 1"), (DayRange{.first = {.kind = Kind::weekday_of_month, .number = 1, .weekday = 1}}));
    EXPECT_EQ(days("tuesday -1 may"), (DayRange{.first = {.kind = Kind::weekday_of_month, .month = 5, .number = -1, .weekday = 2}}));
    EXPECT_EQ(days("monday 1 - 5").last, (DayPoint{.kind = Kind::weekday_of_month, .number = 5, .weekday = 1}));
}

TEST(RangesTest, ADayMayBeTheNthOfAMonth) {
    EXPECT_EQ(days("day 1"), (DayRange{.first = {.kind = Kind::day_of_month, .number = 1}}));
    EXPECT_EQ(days("december -1"), (DayRange{.first = {.kind = Kind::day_of_month, .month = 12, .number = -1}}));
    EXPECT_EQ(days("day +1"), days("day 1"));
    EXPECT_EQ(days("day 0").first.number, 0);
}

TEST(RangesTest, ADateHasFourTwoAndTwoDigits) {
    EXPECT_EQ(days("2030-02-28"), (DayRange{.first = {.kind = Kind::date, .year = 2030, .month = 2, .number = 28}}));
    EXPECT_EQ(days("2030-12-24 - 2030-12-26 / 2"), (DayRange{.first = {.kind = Kind::date, .year = 2030, .month = 12, .number = 24},
                                                             .last = DayPoint{.kind = Kind::date, .year = 2030, .month = 12, .number = 26},
                                                             .stride = 2}));
}

TEST(RangesTest, ASecondNumberIsOfWhatTheFirstOneIs) {
    EXPECT_EQ(days("day 1 - 15"), days("day 1 - day 15"));
    EXPECT_EQ(days("january 3 - 15 / 3"), days("january 3 - january 15 / 3"));
    EXPECT_EQ(days("day -5 - -1"), days("day -5 - day -1"));
    EXPECT_EQ(days("january 1 - 2030-05-05").last->kind, Kind::date);
}

// Each was given to Icinga 2.13.6, which takes them.
TEST(RangesTest, DaysThatUpstreamTakesAreTaken) {
    for (const auto text : {"monday",
                            "monday 1",
                            "monday 1 january",
                            "monday -1",
                            "monday 6",
                            "monday 1 january x",
                            "2020-01-02",
                            "2020-02-30",
                            "0000-01-01",
                            "9999-12-31",
                            "2020-01-02 - 2020-02-03",
                            "2020-01-02 - 2020-02-03 / 5",
                            "2020-01-02/5",
                            "day 1",
                            "day -1",
                            "day 0",
                            "day 32",
                            "day 100",
                            "day 1 2",
                            "day 1 - 15",
                            "day 1 - day 15",
                            "day -1 - 3",
                            "day 1 - -1",
                            "day 1 -15",
                            "day 1 - 15 / 3",
                            "january 1",
                            "january 32",
                            "january -1",
                            "january 1 - 15",
                            "january 1 - february 15",
                            "monday - friday",
                            "monday 1 - friday 2",
                            "monday 1 january - friday 2 march",
                            "monday 1 - 5",
                            "january 1 - 2020-05-05",
                            "day 1 - monday",
                            "march 5 6",
                            "september 1",
                            "may 1",
                            "day +1",
                            "2020-01-02 - 2019-01-01",
                            "day 1 - 5 - 9"})
        EXPECT_TRUE(parse_day_range(text)) << text;
}

// And these it refuses.
TEST(RangesTest, DaysThatUpstreamRefusesAreRefused) {
    for (const auto text : {"Monday",
                            "MONDAY",
                            "mon",
                            "tues",
                            "thurs",
                            "monday 1 foo",
                            "monday x",
                            "monday  1",
                            " monday",
                            "monday ",
                            "2020-13-02",
                            "2020-00-02",
                            "2020-02-32",
                            "2020-02-00",
                            "2020-1-02",
                            "2020-01-2",
                            "abcd-01-01",
                            "2020-ab-01",
                            "2020/01/02",
                            "20200102",
                            "2020-01-02-2020-02-03",
                            "2020-01-02 / 5",
                            "2020-01-02 / x",
                            "2020-01-02 / 0",
                            "2020-01-02 / ",
                            "/ 5",
                            "2020-01-02 - ",
                            "- 2020-01-02",
                            "day",
                            "day x",
                            "day 1-15",
                            "Day 1",
                            "January 1",
                            "jan 1",
                            "january",
                            "january x",
                            "january 1 - february",
                            "monday-friday",
                            "monday - 5",
                            "2020-01-02 - 5",
                            "sept 1",
                            "",
                            "/",
                            " ",
                            "-",
                            "day  1",
                            "day 1.5",
                            "day 1e1",
                            "monday 1.5",
                            "monday 1,tuesday",
                            "day 1 / 2 / 3",
                            "monday\t1",
                            "today"})
        EXPECT_FALSE(parse_day_range(text)) << text;
}

TEST(RangesTest, WhatWouldNeverEndIsRefused) {
    EXPECT_FALSE(parse_day_range("monday 0"));
    EXPECT_FALSE(parse_day_range("2020-01-02 - 2020-02-03 / 0"));
    EXPECT_FALSE(parse_day_range("2020-01-02 - 2020-02-03 / -1"));
}

TEST(RangesTest, NumbersAreBounded) {
    EXPECT_TRUE(parse_day_range("day " + std::to_string(kDayNumber)));
    EXPECT_FALSE(parse_day_range("day " + std::to_string(kDayNumber + 1)));
    EXPECT_FALSE(parse_day_range("day -" + std::to_string(kDayNumber + 1)));
    EXPECT_TRUE(parse_day_range("monday " + std::to_string(kWeekdayNumber)));
    EXPECT_FALSE(parse_day_range("monday " + std::to_string(kWeekdayNumber + 1)));
    EXPECT_TRUE(parse_day_range("monday/" + std::to_string(kStrideDays)));
    EXPECT_FALSE(parse_day_range("monday/" + std::to_string(kStrideDays + 1)));
    EXPECT_FALSE(parse_day_range("day 99999999999999999999"));
    EXPECT_TRUE(parse_time_ranges("00:00-" + std::to_string(kRangeHours) + ":00"));
    EXPECT_FALSE(parse_time_ranges("00:00-" + std::to_string(kRangeHours + 1) + ":00"));
    EXPECT_TRUE(parse_time_ranges("00:" + std::to_string(kRangeMinutes) + "-02:00:" + std::to_string(kRangeMinutes)));
    EXPECT_FALSE(parse_time_ranges("00:" + std::to_string(kRangeMinutes + 1) + "-02:00"));
    EXPECT_FALSE(parse_time_ranges("00:00-02:00:" + std::to_string(kRangeMinutes + 1)));
}

TEST(RangesTest, TextsAreBounded) {
    const std::string day = "day 1 ";
    EXPECT_TRUE(parse_day_range(day + std::string(kRangeText - day.size(), 'x')));
    EXPECT_FALSE(parse_day_range(day + std::string(kRangeText - day.size() + 1, 'x')));
    std::string many = "00:00-01:00";
    while (many.size() + 12 <= kRangeText) many += ",00:00-01:00";
    EXPECT_TRUE(parse_time_ranges(many));
    EXPECT_FALSE(parse_time_ranges(many + ",00:00-01:00"));
}

TEST(RangesTest, TimesAreSecondsSinceMidnight) {
    EXPECT_EQ(times("08:00-12:00,13:00-17:30:15"), (std::vector<TimeRange>{{28800, 43200}, {46800, 63015}}));
    EXPECT_EQ(times("22:00-06:00"), (std::vector<TimeRange>{{79200, 21600}}));
    EXPECT_EQ(times("00:00-24:00"), (std::vector<TimeRange>{{0, 86400}}));
    EXPECT_EQ(times("0:0-1:1"), (std::vector<TimeRange>{{0, 3660}}));
    EXPECT_EQ(times("23:60-24:00"), (std::vector<TimeRange>{{86400, 86400}}));
}

TEST(RangesTest, TimesThatUpstreamRefusesAreRefused) {
    for (const auto text : {"08:00",
                            "08-09",
                            "8:00 - 9:00",
                            " 08:00-09:00",
                            "08:00-09:00 ",
                            "08:00-09:00, 10:00-11:00",
                            "08:00-09:00 ,10:00-11:00",
                            "08:00-09:00,",
                            ",08:00-09:00",
                            "08:00-09:00,,10:00-11:00",
                            "",
                            "-",
                            "08:00-",
                            "-08:00",
                            "a:b-c:d",
                            "08:-09:",
                            "-1:00-02:00",
                            "08:00-09:00-10:00",
                            "08:00:00:00-09:00",
                            "8.5:00-9:00",
                            "1e1:00-11:00",
                            "08:00-09:00;10:00-11:00",
                            "  ",
                            "08 :00-09:00",
                            "0x8:00-09:00"})
        EXPECT_FALSE(parse_time_ranges(text)) << text;
}

TEST(RangesTest, ErrorsQuoteWhatDoesNotRead) {
    EXPECT_EQ(parse_day_range("monday 1 foo").error().text, "'monday 1 foo' names no day: 'foo' is no month");
    EXPECT_EQ(parse_time_ranges("08:00-09:00,x").error().text,
              "'x' is no range of times: write HH:MM-HH:MM or HH:MM:SS-HH:MM:SS, several with a comma and no space between them");
}

}  // namespace
}  // namespace endpointd::dsl
