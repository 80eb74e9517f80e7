#include "schedule/check_result.hpp"

#include <gmock/gmock.h>

namespace endpointd::schedule {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

PluginRun exited(int status, std::string output) { return {.exit_status = status, .output = std::move(output)}; }

// What a stock agent (2.13.6) answered to the same plugins.
TEST(CheckResult, IsWhatAStockAgentReports) {
    const Checked load =
        checked(exited(0,
                       "LOAD OK - total load average: 0.76, 2.25, 2.90|load1=0.760;5.000;10.000;0; load5=2.250;4.000;6.000;0; "
                       "load15=2.900;3.000;4.000;0; \n"));
    EXPECT_EQ(load.state, 0);
    EXPECT_EQ(load.output, "LOAD OK - total load average: 0.76, 2.25, 2.90");
    EXPECT_THAT(load.performance_data,
                ElementsAre("load1=0.760;5.000;10.000;0;", "load5=2.250;4.000;6.000;0;", "load15=2.900;3.000;4.000;0;"));

    const Checked perf = checked(exited(0, "OK text | a=1s;2;3 b=4% \nlong line\n"));
    EXPECT_EQ(perf.output, "OK text \nlong line");
    EXPECT_THAT(perf.performance_data, ElementsAre("a=1s;2;3", "b=4%"));

    const Checked usage = checked(
        exited(3, "check_dummy: Arguments to check_dummy must be an integer\nUsage:\n check_dummy <integer state> [optional text]\n"));
    EXPECT_EQ(usage.state, 3);
    EXPECT_EQ(usage.exit_status, 3);
    EXPECT_EQ(usage.output,
              "check_dummy: Arguments to check_dummy must be an integer\nUsage:\n check_dummy <integer state> [optional text]");
    EXPECT_THAT(usage.performance_data, IsEmpty());
}

TEST(CheckResult, HasTheStateOfTheExitStatus) {
    for (const int status : {0, 1, 2, 3}) {
        EXPECT_EQ(checked(exited(status, "x")).state, status);
        EXPECT_EQ(checked(exited(status, "x")).exit_status, status);
        EXPECT_EQ(checked(exited(status, "x")).output, "x");
    }
    EXPECT_EQ(checked(exited(4, "")).state, 3);
    EXPECT_EQ(checked(exited(255, "")).state, 3);
}

TEST(CheckResult, NamesAnExitStatusAboveThree) {
    const Checked result = checked(exited(9, "nine\n"));
    EXPECT_EQ(result.exit_status, 9);
    EXPECT_EQ(result.output, "nine<Terminated with exit code 9 (0x9).>");
    EXPECT_EQ(checked(exited(250, "")).output, "<Terminated with exit code 250 (0xFA).>");
}

TEST(CheckResult, HasTheNoteOfTheExitStatusBehindPerformanceDataAsUpstream) {
    const Checked result = checked(exited(9, "x | a=1"));
    EXPECT_EQ(result.output, "x ");
    EXPECT_THAT(result.performance_data, ElementsAre("a=1<Terminated"));
}

TEST(CheckResult, NamesTimeOutAndSignal) {
    const Checked result = checked({.signal = 15, .timed_out = true, .output = "partial\n"});
    EXPECT_EQ(result.state, 3);
    EXPECT_EQ(result.exit_status, 128);
    EXPECT_EQ(result.output, "partial\n<Timeout exceeded.><Terminated by signal 15 (Terminated).><Terminated with exit code 128 (0x80).>");
    EXPECT_EQ(checked({.signal = 9, .output = ""}).output, "<Terminated by signal 9 (Killed).><Terminated with exit code 128 (0x80).>");
}

TEST(CheckResult, IsNotOkWhenThePluginExitsCleanlyAfterItsTimeOut) {
    const Checked result = checked({.exit_status = 0, .timed_out = true, .output = "OK"});
    EXPECT_EQ(result.state, 3);
    EXPECT_EQ(result.exit_status, 128);
    EXPECT_EQ(result.output, "OK<Timeout exceeded.><Terminated with exit code 128 (0x80).>");
}

TEST(CheckResult, NamesASignalWithoutANameByItsNumber) {
    EXPECT_EQ(reported_output({.signal = 200, .output = ""}), "<Terminated by signal 200.>");
}

TEST(CheckResult, TrimsBothEnds) {
    EXPECT_EQ(checked(exited(0, " \t\r\n OK  \v\f\n")).output, "OK");
    EXPECT_EQ(checked(exited(0, " \n ")).output, "");
}

TEST(ReportedOutput, IsNeitherTrimmedNorSplit) {
    EXPECT_EQ(reported_output(exited(0, "OK text | a=1s;2;3 b=4% \nlong line\n")), "OK text | a=1s;2;3 b=4% \nlong line\n");
    EXPECT_EQ(reported_exit_status(exited(9, "")), 9);
}

}  // namespace
}  // namespace endpointd::schedule
