#include "schedule/perfdata.hpp"

#include <gmock/gmock.h>

namespace endpointd::schedule {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(SplitOutput, LeavesTextWithoutABarAlone) {
    const SplitOutput split = split_output("DISK OK\nsecond line");
    EXPECT_EQ(split.text, "DISK OK\nsecond line");
    EXPECT_EQ(split.performance_data, "");
}

TEST(SplitOutput, TakesPerformanceDataOutOfEachLine) {
    const SplitOutput split = split_output("OK text | a=1s;2;3 b=4% \nlong line\nmore|c=5");
    EXPECT_EQ(split.text, "OK text \nlong line\nmore");
    EXPECT_EQ(split.performance_data, " a=1s;2;3 b=4%  c=5");
}

TEST(SplitOutput, KeepsALineWhoseBarHasNoEqualsSignBehindIt) {
    EXPECT_EQ(split_output("a=1 | b").text, "a=1 | b");
    EXPECT_EQ(split_output("|").text, "|");
}

TEST(SplitOutput, SplitsAtTheFirstBarOfALine) {
    const SplitOutput split = split_output("x|a=1|b=2");
    EXPECT_EQ(split.text, "x");
    EXPECT_EQ(split.performance_data, "a=1|b=2");
}

TEST(SplitOutput, SeesAnEmptyLineInCarriageReturnAndLineFeed) { EXPECT_EQ(split_output("a\r\nb").text, "a\n\nb"); }

TEST(SplitOutput, DropsEmptyLinesInFrontOnly) {
    EXPECT_EQ(split_output("|a=1\n\ntext\n\n").text, "text\n\n");
    EXPECT_EQ(split_output("").text, "");
}

TEST(PerformanceData, IsOneTokenPerLabel) {
    EXPECT_THAT(split_performance_data("load1=2.730;5.000;10.000;0; load5=1.650;4.000;6.000;0;"),
                ElementsAre("load1=2.730;5.000;10.000;0;", "load5=1.650;4.000;6.000;0;"));
}

TEST(PerformanceData, KeepsQuotesOnlyWhereALabelHoldsASpace) {
    EXPECT_THAT(split_performance_data("'used space'=5MB 'plain'=6"), ElementsAre("'used space'=5MB", "plain=6"));
    EXPECT_THAT(split_performance_data("used space=5MB"), ElementsAre("'used space'=5MB"));
}

TEST(PerformanceData, TakesAPairOfQuotesAloneForALabel) { EXPECT_THAT(split_performance_data("''=1"), ElementsAre("''=1")); }

TEST(PerformanceData, TrimsSpacesBeforeALabel) { EXPECT_THAT(split_performance_data("  a=1   b=2  "), ElementsAre("a=1", "b=2")); }

TEST(PerformanceData, GivesTheLabelsAfterAMultiLabelItsPrefix) {
    EXPECT_THAT(split_performance_data("app::check_x::time=1s size=2B other::n=3 m=4"),
                ElementsAre("app::check_x::time=1s", "app::check_x::size=2B", "other::n=3", "other::m=4"));
}

TEST(PerformanceData, DoesNotJudgeValues) { EXPECT_THAT(split_performance_data("a= b=junk=x"), ElementsAre("a=", "b=junk=x")); }

TEST(PerformanceData, IsEmptyWithoutAnEqualsSign) {
    EXPECT_THAT(split_performance_data(""), IsEmpty());
    EXPECT_THAT(split_performance_data("no data here"), IsEmpty());
}

}  // namespace
}  // namespace endpointd::schedule
