#include "wire/encode.hpp"

#include <gtest/gtest.h>

#include "decoded.hpp"
#include "recorded_messages.hpp"
#include "wire/hello.hpp"

namespace endpointd::wire {
namespace {

TEST(Encode, HelloIsByteForByteUpstreams) {
    EXPECT_EQ(encode(our_hello()), R"({"jsonrpc":"2.0","method":"icinga::Hello","params":{"capabilities":1,"version":21605}})");
    EXPECT_EQ(encode(our_hello()).size(), 86U);
    EXPECT_EQ(encode(Hello{}), R"({"jsonrpc":"2.0","method":"icinga::Hello","params":{}})");
}

TEST(Encode, HeartbeatAndPosition) {
    EXPECT_EQ(encode(Heartbeat{}), R"({"jsonrpc":"2.0","method":"event::Heartbeat","params":{}})");
    EXPECT_EQ(encode(SetLogPosition{1700000001.25}),
              R"({"jsonrpc":"2.0","method":"log::SetLogPosition","params":{"log_position":1700000001.25}})");
}

TEST(Encode, WhatARealNodeSentComesOutTheSame) {
    std::size_t compared = 0;
    for (const std::string_view text : kRecordedMessages) {
        const DecodeResult result = decoded(text);
        const auto& incoming = std::get<Incoming>(result);
        std::string again;
        if (const auto* cr = std::get_if<CheckResult>(&incoming.message)) again = encode(*cr, {incoming.ts});
        else if (const auto* executed = std::get_if<ExecutedCommand>(&incoming.message)) again = encode(*executed);
        else if (const auto* hello = std::get_if<Hello>(&incoming.message)) again = encode(*hello);
        else if (const auto* position = std::get_if<SetLogPosition>(&incoming.message)) again = encode(*position);
        else if (const auto* next = std::get_if<SetNextCheck>(&incoming.message)) again = encode(*next, {incoming.ts});
        else if (const auto* started = std::get_if<SetLastCheckStarted>(&incoming.message)) again = encode(*started, {incoming.ts});
        else if (const auto* force = std::get_if<SetForceNextCheck>(&incoming.message)) again = encode(*force, {incoming.ts});
        else if (const auto* acknowledged = std::get_if<SetAcknowledgement>(&incoming.message))
            again = encode(*acknowledged, {incoming.ts});
        else if (const auto* cleared = std::get_if<ClearAcknowledgement>(&incoming.message)) again = encode(*cleared, {incoming.ts});
        else if (const auto* removal = std::get_if<SetRemovalInfo>(&incoming.message)) again = encode(*removal, {incoming.ts});
        else if (const auto* object = std::get_if<ConfigUpdateObject>(&incoming.message)) again = encode(*object, {incoming.ts});
        else if (const auto* deleted = std::get_if<ConfigDeleteObject>(&incoming.message)) again = encode(*deleted, {incoming.ts});
        else continue;
        EXPECT_EQ(again, text);
        ++compared;
    }
    EXPECT_EQ(compared, 30U);
}

TEST(Encode, ARefusalHasTheKeysThatMakeItAResult) {
    CheckResult message{"h", std::nullopt, {}};
    message.cr.state = 3;
    message.cr.output = "endpointd: no";
    EXPECT_EQ(
        encode(message),
        R"({"jsonrpc":"2.0","method":"event::CheckResult","params":{"cr":{"active":true,"check_source":"","command":null,"execution_end":0,)"
        R"("execution_start":0,"exit_status":0,"output":"endpointd: no","performance_data":[],"previous_hard_state":0,"schedule_end":0,)"
        R"("schedule_start":0,"scheduling_source":"","state":3,"ttl":0,"type":"CheckResult","vars_after":null,"vars_before":null},"host":"h"}})");
    message.cr.performance_data.reset();
    EXPECT_NE(encode(message).find(R"("performance_data":null)"), std::string::npos);
}

TEST(Encode, ATimeStampStandsLast) {
    CheckResult message{"h", "s", {}};
    EXPECT_TRUE(encode(message, {1.5}).ends_with(R"("host":"h","service":"s"},"ts":1.5})"));
}

TEST(Encode, AZoneOfOriginStandsInItsPlace) {
    EXPECT_EQ(
        encode(SetNextCheck{"web1", "disk", 1700000300.5}, {1700000001.25, "agent-zone"}),
        R"({"jsonrpc":"2.0","method":"event::SetNextCheck","originZone":"agent-zone","params":{"host":"web1","next_check":1700000300.5,)"
        R"("service":"disk"},"ts":1700000001.25})");
}

TEST(Encode, PartsOfPerformanceDataAreNamed) {
    CheckResult message{"h", std::nullopt, {}};
    message.cr.performance_data =
        std::vector<Perfdata>{"a=1", PerfdataValue{"l", 2, false, "", std::nullopt, 5, std::nullopt, std::nullopt}};
    EXPECT_NE(
        encode(message).find(
            R"(["a=1",{"counter":false,"crit":5,"label":"l","max":null,"min":null,"type":"PerfdataValue","unit":"","value":2,"warn":null}])"),
        std::string::npos);
}

TEST(Encode, OutputIsRepaired) {
    ExecutedCommand message{"id", "h", "s", 2, "caf\xe9 \xc3\xa4", 1, 2};
    EXPECT_EQ(encode(message),
              R"({"jsonrpc":"2.0","method":"event::ExecutedCommand","params":{"end":2,"execution":"id","exit":2,"host":"h",)"
              R"("output":"caf\ufffd \u00e4","service":"s","start":1}})");
}

}  // namespace
}  // namespace endpointd::wire
