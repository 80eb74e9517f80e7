#include <gtest/gtest.h>

#include "decoded.hpp"

namespace endpointd::wire {
namespace {

using namespace std::chrono_literals;

// An ExecuteCommand with `more` beside what is required.
std::string execute(std::string_view more) {
    return R"({"command":"disk","command_type":"check_command","host":"h")" + std::string(more) + "}";
}

ExecuteCommand executed(std::string_view more) { return message_of<ExecuteCommand>(with_params("event::ExecuteCommand", execute(more))); }

std::string complaint(std::string_view more) { return complaint_about("event::ExecuteCommand", execute(more)); }

TEST(DecodeExecuteCommand, ReadsTheSmallest) {
    ExecuteCommand expected;
    expected.command = "disk";
    expected.host = "h";
    EXPECT_EQ(executed(""), expected);
    EXPECT_EQ(executed(R"(,"macros":null)"), expected);
}

TEST(DecodeExecuteCommand, ReadsAll) {
    const auto message = message_of<ExecuteCommand>(with_params(
        "event::ExecuteCommand",
        R"({"command":"c","command_type":"notification_command","host":"h","service":"s","check_timeout":7,"macros":{"a":1,"b":["x"]},
            "source":"id","deadline":9.5,"endpoint":"e","user":"u","notification":"n"})"));
    EXPECT_EQ(message.command_type, CommandType::notification);
    EXPECT_EQ(message.service, "s");
    EXPECT_EQ(message.check_timeout, 7s);
    EXPECT_EQ(message.macros, (json::Object{{"a", 1}, {"b", json::Array{"x"}}}));
    EXPECT_EQ(message.source, "id");
    EXPECT_EQ(message.deadline, 9.5);
    EXPECT_EQ(message.endpoint, "e");
    EXPECT_EQ(message.user, "u");
    EXPECT_EQ(message.notification, "n");
}

TEST(DecodeExecuteCommand, NeedsCommandTypeAndHost) {
    EXPECT_EQ(complaint_about("event::ExecuteCommand", "{}"), "params.command: missing");
    EXPECT_EQ(complaint_about("event::ExecuteCommand", R"({"command":"c"})"), "params.command_type: missing");
    EXPECT_EQ(complaint_about("event::ExecuteCommand", R"({"command":"c","command_type":"check_command"})"), "params.host: missing");
    EXPECT_EQ(complaint_about("event::ExecuteCommand", R"({"command":"c","command_type":"CheckCommand","host":"h"})"),
              "params.command_type: expected check_command, event_command or notification_command");
}

TEST(DecodeExecuteCommand, PresenceOfTheServiceCounts) {
    EXPECT_EQ(executed(R"(,"service":"")").service, "");
    EXPECT_FALSE(executed("").service.has_value());
    EXPECT_EQ(complaint(R"(,"service":null)"), "params.service: expected string, got null");
    EXPECT_EQ(complaint(R"(,"source":null)"), "params.source: expected string, got null");
}

TEST(DecodeExecuteCommand, WhatKillsAStockAgentIsMalformed) {
    EXPECT_EQ(complaint(R"(,"macros":[])"), "params.macros: expected object, got array");
    EXPECT_EQ(complaint(R"(,"macros":"x")"), "params.macros: expected object, got string");
    EXPECT_EQ(complaint(R"(,"deadline":"soon")"), "params.deadline: expected number, got string");
    EXPECT_EQ(complaint(R"(,"endpoint":{})"), "params.endpoint: expected string, got object");
}

TEST(DecodeExecuteCommand, NestedMacrosStayForTheCatalogToRefuse) {
    EXPECT_EQ(executed(R"(,"macros":{"a":{"b":1},"c":[["d"]]})").macros,
              (json::Object{{"a", json::Object{{"b", 1}}}, {"c", json::Array{json::Value(json::Array{"d"})}}}));
}

TEST(DecodeExecuteCommand, ATimeoutIsWholeSeconds) {
    EXPECT_EQ(executed(R"(,"check_timeout":7.9)").check_timeout, 7s);
    EXPECT_EQ(executed(R"(,"check_timeout":0)").check_timeout, 0s);
    EXPECT_EQ(executed(R"(,"check_timeout":"30")").check_timeout, 30s);
    EXPECT_EQ(executed(R"(,"check_timeout":"2m")").check_timeout, 120s);
    EXPECT_EQ(executed(R"(,"check_timeout":1e300)").check_timeout, 24h * 365);
    EXPECT_FALSE(executed(R"(,"check_timeout":null)").check_timeout.has_value());
    EXPECT_EQ(complaint(R"(,"check_timeout":-1)"), "params.check_timeout: expected a number of seconds, 0 or more");
    EXPECT_EQ(complaint(R"(,"check_timeout":"soon")"), "params.check_timeout: expected a number of seconds, 0 or more");
    EXPECT_EQ(complaint(R"(,"check_timeout":[])"), "params.check_timeout: expected number or string, got array");
}

TEST(DecodeUpdateExecutions, ReadsEachExecution) {
    const auto message = message_of<UpdateExecutions>(with_params(
        "event::UpdateExecutions",
        R"({"host":"h","executions":{"b":{"pending":true,"deadline":5,"endpoint":"e"},"a":{"exit":1,"output":"o","start":1,"end":2}}})"));
    ASSERT_EQ(message.executions.size(), 2U);
    EXPECT_EQ(message.executions[0], (Execution{"a", false, std::nullopt, std::nullopt, 1, "o", 1, 2}));
    EXPECT_EQ(message.executions[1], (Execution{"b", true, 5, "e", std::nullopt, std::nullopt, std::nullopt, std::nullopt}));
    EXPECT_EQ(complaint_about("event::UpdateExecutions", R"({"host":"h","executions":{"a":1}})"),
              "params.executions.a: expected object, got number");
    EXPECT_EQ(complaint_about("event::UpdateExecutions", R"({"host":"h"})"), "params.executions: missing");
}

TEST(DecodeCheckResult, NeedsTheKeysThatUpstreamTakesForAnEmptyOk) {
    EXPECT_EQ(complaint_about("event::CheckResult", R"({"host":"h","cr":{"type":"CheckResult","state":0,"output":""}})"),
              "params.cr.performance_data: missing");
    EXPECT_EQ(complaint_about("event::CheckResult", R"({"host":"h","cr":{"performance_data":null,"state":0,"output":""}})"),
              "params.cr.type: missing");
    EXPECT_EQ(complaint_about("event::CheckResult", R"({"host":"h","cr":{"type":"X","performance_data":null,"state":0,"output":""}})"),
              "params.cr.type: expected \"CheckResult\"");
    EXPECT_EQ(complaint_about("event::CheckResult", R"({"host":"h","cr":{"type":"CheckResult","performance_data":null,"output":""}})"),
              "params.cr.state: missing");
    EXPECT_EQ(complaint_about("event::CheckResult", R"({"host":"h"})"), "params.cr: missing");
    EXPECT_EQ(complaint_about("event::CheckResult", R"({"host":"h","cr":[]})"), "params.cr: expected object, got array");
}

TEST(DecodeCheckResult, EveryMemberHasItsType) {
    const auto with = [](std::string_view more) {
        return complaint_about(
            "event::CheckResult",
            R"({"host":"h","cr":{"type":"CheckResult","performance_data":null,"state":0,"output":"")" + std::string(more) + "}}");
    };
    EXPECT_EQ(with(""), "no");
    EXPECT_EQ(with(R"(,"active":1)"), "params.cr.active: expected boolean, got number");
    EXPECT_EQ(with(R"(,"command":{})"), "params.cr.command: expected string or array, got object");
    EXPECT_EQ(with(R"(,"command":[null])"), "params.cr.command: expected array of strings, got null");
    EXPECT_EQ(with(R"(,"exit_status":1e10)"), "params.cr.exit_status: expected an integer from -2147483648 to 2147483647, got 10000000000");
    EXPECT_EQ(with(R"(,"execution_start":"now")"), "params.cr.execution_start: expected number, got string");
    EXPECT_EQ(with(R"(,"vars_after":7)"), "params.cr.vars_after: expected object, got number");
    EXPECT_EQ(with(R"(,"vars_after":{"state_type":2})"), "params.cr.vars_after.state_type: expected an integer from 0 to 1, got 2");
}

TEST(DecodeCheckResult, ReadsPerformanceDataOfBothKinds) {
    const auto message =
        message_of<CheckResult>(with_params("event::CheckResult",
                                            R"({"host":"h","cr":{"type":"CheckResult","state":2,"output":"o","performance_data":["a=1",
            {"type":"PerfdataValue","label":"l","value":1.5,"counter":true,"unit":"seconds","warn":1,"crit":null,"min":0,"max":null}]}})"));
    PerfdataValue value{"l", 1.5, true, "seconds", 1, std::nullopt, 0, std::nullopt};
    EXPECT_EQ(message.cr.performance_data, (std::vector<Perfdata>{"a=1", value}));
    EXPECT_EQ(complaint_about("event::CheckResult",
                              R"({"host":"h","cr":{"type":"CheckResult","state":0,"output":"","performance_data":["a",1]}})"),
              "params.cr.performance_data[1]: expected string or object, got number");
    EXPECT_EQ(
        complaint_about("event::CheckResult", R"({"host":"h","cr":{"type":"CheckResult","state":0,"output":"","performance_data":[{}]}})"),
        "params.cr.performance_data[0].label: missing");
}

TEST(DecodeCheckResult, NullPerformanceDataStaysNull) {
    const auto message = message_of<CheckResult>(
        with_params("event::CheckResult", R"({"host":"h","cr":{"type":"CheckResult","state":0,"output":"","performance_data":null}})"));
    EXPECT_FALSE(message.cr.performance_data.has_value());
}

}  // namespace
}  // namespace endpointd::wire
