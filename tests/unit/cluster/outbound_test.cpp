#include "cluster/outbound.hpp"

#include <gmock/gmock.h>

#include "outbound_world.hpp"

namespace endpointd::cluster {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::vector<int> up_to(int last) {
    std::vector<int> numbers;
    for (int i = 1; i <= last; ++i) numbers.push_back(i);
    return numbers;
}

TEST(Outbound, NothingIsSentThatIsNotStored) {
    OutboundWorld world(kAllResults);
    world.settle();
    world.connect("master1");
    world.say(1);
    EXPECT_THAT(world.parents["master1"].on_the_wire, IsEmpty());
    ASSERT_TRUE(world.disk());
    EXPECT_EQ(world.parents["master1"].on_the_wire.size(), 1U);
    EXPECT_EQ(world.stored(), 1U);
}

TEST(Outbound, WhatIsMadeInOneMomentIsStoredTogether) {
    OutboundWorld world(kAllResults);
    world.settle();
    for (int i = 1; i <= 200; ++i) world.say(i);
    EXPECT_EQ(world.stored(), 0U);
    ASSERT_TRUE(world.disk());
    EXPECT_EQ(world.stored(), 200U);
}

TEST(Outbound, EnoughForATransactionDoesNotWaitForMore) {
    OutboundWorld world(kAllResults);
    world.settle();
    for (std::size_t i = 0; i < kOutboundBatch; ++i) {
        EXPECT_EQ(world.jobs(), 0U);
        world.say(static_cast<int>(i));
    }
    EXPECT_EQ(world.jobs(), 1U);
}

TEST(Outbound, WhatWasMadeWhileNobodyWasThereComesFirstAndInOrder) {
    OutboundWorld world(kAllResults);
    for (int i = 1; i <= 700; ++i) world.say(i);
    world.settle();
    world.parents["master1"].room = 3;
    world.connect("master1");
    for (int i = 701; i <= 710; ++i) world.say(i);
    world.settle();
    EXPECT_EQ(world.parents["master1"].checks(), up_to(710));
    EXPECT_EQ(world.outbound->queued("master1"), 0U);
}

TEST(Outbound, ASlowParentCostsNoMoreThanAPage) {
    OutboundWorld world(kAllResults);
    for (int i = 1; i <= 2000; ++i) world.say(i);
    world.settle();
    world.parents["master1"].room = 1;
    world.connect("master1");
    std::size_t reads = 0;
    while (world.disk()) ++reads;
    EXPECT_LE(reads, 2U);
    EXPECT_EQ(world.parents["master1"].on_the_wire.size(), 1U);
    EXPECT_EQ(world.outbound->queued("master1"), 1999U);
    world.settle();
    EXPECT_EQ(world.parents["master1"].checks(), up_to(2000));
}

TEST(Outbound, WhatIsConfirmedLeavesTheStore) {
    OutboundWorld world(kAllResults);
    world.connect("master1");
    for (int i = 1; i <= 5; ++i) world.say(i);
    world.settle();
    world.outbound->tick();
    world.settle();
    EXPECT_EQ(world.stored(), 5U);
    world.acknowledge("master1");
    world.outbound->tick();
    world.settle();
    EXPECT_EQ(world.stored(), 0U);
    world.disconnect("master1");
    world.connect("master1");
    world.settle();
    EXPECT_EQ(world.parents["master1"].received.size(), 5U);
}

TEST(Outbound, WhatIsNotConfirmedGoesAgain) {
    OutboundWorld world(kAllResults);
    world.connect("master1");
    for (int i = 1; i <= 5; ++i) world.say(i);
    while (world.disk()) {
    }
    world.parents["master1"].receive();
    world.parents["master1"].receive();
    world.acknowledge("master1");
    world.disconnect("master1");
    EXPECT_EQ(world.outbound->queued("master1") >= 3, true);
    world.connect("master1");
    world.settle();
    EXPECT_EQ(world.parents["master1"].checks(), up_to(5));
}

TEST(Outbound, APeerCannotConfirmWhatItWasNotGiven) {
    OutboundWorld world(kAllResults);
    world.connect("master1");
    world.say(1);
    world.settle();
    world.parents["master1"].room = 0;
    world.say(2);
    world.settle();
    world.outbound->acknowledged("master1", 4e9 + 0.5);
    world.outbound->acknowledged("master1", 1e300);
    world.outbound->acknowledged("master1", -1);
    world.outbound->tick();
    world.settle();
    EXPECT_EQ(world.stored(), 1U);
    world.parents["master1"].room = 1;
    world.outbound->room("master1");
    world.settle();
    EXPECT_EQ(world.parents["master1"].checks(), up_to(2));
}

TEST(Outbound, TheNameOfAParentsLogFileConfirmsNothing) {
    OutboundWorld world(kAllResults);
    world.connect("master1");
    world.say(1);
    while (world.disk()) {
    }
    world.outbound->acknowledged("master1", 1795193701);
    world.disconnect("master1");
    world.connect("master1");
    world.settle();
    EXPECT_EQ(world.parents["master1"].checks(), up_to(1));
}

TEST(Outbound, TimeStampsGrowWhenTheClockStepsBackAndOverARestart) {
    OutboundWorld world(kAllResults);
    world.connect("master1");
    world.say(1);
    world.settle();
    world.clock_.step_wall(-std::chrono::hours(3));
    world.say(2);
    world.settle();
    world.acknowledge("master1");
    world.outbound->tick();
    world.settle();
    EXPECT_EQ(world.stored(), 0U);
    world.restart();
    world.connect("master1");
    world.say(3);
    world.settle();
    EXPECT_EQ(world.parents["master1"].checks(), up_to(3));
}

TEST(Outbound, AParentThatRemembersALaterTimeStillHearsUs) {
    OutboundWorld world(kAllResults);
    FakeParent& parent = world.parents["master1"];
    parent.position = to_unix(world.clock_.wall() + std::chrono::minutes(90)) + 0.123456;
    world.connect("master1");
    world.acknowledge("master1");
    world.say(1);
    world.settle();
    EXPECT_EQ(parent.checks(), up_to(1));
    // Also after a restart that comes before the next message.
    parent.position += 10;
    world.acknowledge("master1");
    world.outbound->tick();
    world.settle();
    world.restart();
    world.connect("master1");
    world.say(2);
    world.settle();
    EXPECT_EQ(parent.checks().back(), 2);
}

TEST(Outbound, NoTimeStampIsAWholeSecond) {
    OutboundWorld world(kAllResults);
    world.clock_.step_wall(Duration(750000));
    world.connect("master1");
    world.say(1);
    world.settle();
    EXPECT_THAT(world.parents["master1"].received.at(0), HasSubstr("\"ts\":1795193701.00001"));
}

TEST(Outbound, OneEndpointOfAZoneGetsAMessageAndTheOtherHasIt) {
    OutboundWorld world(kAllResults);
    world.connect("master2");
    world.say(1);
    world.settle();
    world.connect("master1");
    world.say(2);
    world.settle();
    EXPECT_EQ(world.parents["master2"].checks(), up_to(2));
    EXPECT_THAT(world.parents["master1"].received, IsEmpty());
    world.acknowledge("master2");
    world.disconnect("master2");
    world.say(3);
    world.settle();
    EXPECT_THAT(world.parents["master1"].checks(), ElementsAre(3));
}

TEST(Outbound, WhatOneEndpointLostTheOtherGets) {
    OutboundWorld world(kAllResults);
    world.connect("master1");
    world.connect("master2");
    world.say(1);
    while (world.disk()) {
    }
    world.disconnect("master1");
    world.settle();
    EXPECT_EQ(world.parents["master2"].checks(), up_to(1));
}

TEST(Outbound, NothingGoesBackToTheZoneItCameFrom) {
    OutboundWorld world(R"({"parents": {"zone:master": {"grant": ["results"]}, "web2": {"grant": ["results"]}}})");
    world.connect("master2");
    world.connect("web2");
    world.say(1, "h", Sender{"master1", 1, {}});
    world.say(2, "h", Sender{"web2", 1, {}});
    world.settle();
    EXPECT_THAT(world.parents["master2"].checks(), ElementsAre(2));
    EXPECT_THAT(world.parents["web2"].checks(), ElementsAre(1));
    EXPECT_THAT(world.parents["web2"].received.at(0), HasSubstr("\"originZone\":\"master\""));
    EXPECT_THAT(world.parents["master2"].received.at(0), Not(HasSubstr("originZone")));
}

TEST(Outbound, WithoutResultsNothingIsKeptOrSent) {
    OutboundWorld world(R"({"parents": {"zone:master": {"grant": ["execute"]}}})");
    world.connect("master1");
    world.say(1);
    world.settle();
    EXPECT_EQ(world.stored(), 0U);
    EXPECT_EQ(world.parents["master1"].bytes, "");
}

TEST(Outbound, OfObjectsParentsAreToldOfFourTypes) {
    const auto of = [](const std::string& type, const std::string& name) {
        wire::ConfigDeleteObject gone;
        gone.type = type;
        gone.name = name;
        const std::optional<policy::Checkable> subject = subject_of(gone);
        return subject ? subject->name() : "nobody";
    };
    EXPECT_EQ(of("Host", "h"), "h");
    EXPECT_EQ(of("Service", "h!s"), "h!s");
    EXPECT_EQ(of("Downtime", "h!d"), "h");
    EXPECT_EQ(of("Comment", "h!s!c"), "h!s");
    for (const char* type : {"Notification", "Dependency", "ScheduledDowntime", "TimePeriod", "CheckCommand", "Nonsense"})
        EXPECT_EQ(of(type, "h!s!n"), "nobody") << type;
}

TEST(Outbound, AnEndpointWithoutResultsHoldsNothingBack) {
    OutboundWorld world(R"({"parents": {"master2": {"grant": ["results"]}}})");
    world.connect("master1");
    world.say(1);
    world.settle();
    world.connect("master2");
    world.settle();
    world.acknowledge("master2");
    world.outbound->tick();
    world.settle();
    EXPECT_EQ(world.parents["master1"].bytes, "");
    EXPECT_EQ(world.parents["master2"].checks(), up_to(1));
    EXPECT_EQ(world.stored(), 0U);
}

TEST(Outbound, TheScopeIsAskedWhenItIsSent) {
    OutboundWorld world(R"({"parents": {"zone:master": {"grant": {"results": {"services": ["a!*", "b!*"]}}}}})");
    world.say(1, "a");
    world.say(2, "b");
    world.say(3, "c");
    world.settle();
    EXPECT_EQ(world.stored(), 2U);
    world.configure(R"({"parents": {"zone:master": {"grant": {"results": {"services": ["b!*", "c!*"]}}}}})");
    world.connect("master1");
    world.say(4, "a");
    world.say(5, "c");
    world.settle();
    EXPECT_THAT(world.parents["master1"].checks(), ElementsAre(2, 5));
    EXPECT_THAT(world.parents["master1"].bytes, Not(HasSubstr("\"a\"")));
    EXPECT_EQ(world.outbound->queued("master1"), 0U);
}

TEST(Outbound, AGrantThatComesLaterBeginsThen) {
    OutboundWorld world(R"({"parents": {"web2": {"grant": ["results"]}}})");
    world.connect("master1");
    world.say(1);
    world.settle();
    world.configure(R"({"parents": {"web2": {"grant": ["results"]}, "zone:master": {"grant": ["results"]}}})");
    world.say(2);
    world.settle();
    EXPECT_THAT(world.parents["master1"].checks(), ElementsAre(2));
    // One that was taken and given again as well.
    world.disconnect("master1");
    world.say(3);
    world.configure(R"({"parents": {"web2": {"grant": ["results"]}}})");
    world.say(4);
    world.settle();
    world.configure(R"({"parents": {"web2": {"grant": ["results"]}, "zone:master": {"grant": ["results"]}}})");
    world.connect("master1");
    world.say(5);
    world.settle();
    EXPECT_THAT(world.parents["master1"].checks(), ElementsAre(2, 5));
}

TEST(Outbound, AnEndpointWithoutReplayGetsWhatIsMadeWhileItIsThere) {
    OutboundWorld world(R"({"parents": {"master1": {"grant": ["results"]}}})", "log_duration = 0");
    world.say(1);
    world.settle();
    world.clock_.advance(std::chrono::seconds(1));
    world.connect("master1");
    world.settle();
    world.say(2);
    world.settle();
    EXPECT_THAT(world.parents["master1"].checks(), ElementsAre(2));
}

TEST(Outbound, TheLogDurationOfAnEndpointShortensItsReplay) {
    OutboundWorld world(R"({"parents": {"master1": {"grant": ["results"]}}})", "log_duration = 10m");
    world.say(1);
    world.settle();
    world.clock_.advance(std::chrono::minutes(9));
    world.say(2);
    world.settle();
    world.clock_.advance(std::chrono::minutes(2));
    world.connect("master1");
    world.settle();
    EXPECT_THAT(world.parents["master1"].checks(), ElementsAre(2));
}

TEST(Outbound, WhatIsTooOldIsDropped) {
    OutboundWorld world(kAllResults);
    world.say(1);
    world.settle();
    world.clock_.advance(std::chrono::hours(23));
    world.say(2);
    world.settle();
    world.clock_.advance(std::chrono::hours(2));
    world.outbound->tick();
    world.settle();
    EXPECT_EQ(world.stored(), 1U);
    world.connect("master1");
    world.settle();
    EXPECT_THAT(world.parents["master1"].checks(), ElementsAre(2));
}

TEST(Outbound, BeyondTheSizeTheOldestAreDropped) {
    OutboundWorld world(kAllResults);
    world.max_size = 4000;
    world.configure(kAllResults);
    for (int i = 1; i <= 100; ++i) world.say(i);
    world.settle();
    const std::uint64_t left = world.stored();
    EXPECT_GT(left, 5U);
    EXPECT_LT(left, 40U);
    EXPECT_EQ(world.outbound->queued("master1"), left);
    world.connect("master1");
    world.settle();
    const std::vector<int> got = world.parents["master1"].checks();
    EXPECT_EQ(got.size(), left);
    EXPECT_EQ(got.back(), 100);
}

TEST(Outbound, ADiskThatRefusesDelaysAndLosesNothing) {
    OutboundWorld world(kAllResults);
    world.connect("master1");
    world.disk_fails = true;
    for (int i = 1; i <= 600; ++i) world.say(i);
    world.settle();
    EXPECT_THAT(world.parents["master1"].received, IsEmpty());
    world.outbound->tick();
    world.settle();
    world.disk_fails = false;
    world.outbound->tick();
    world.settle();
    EXPECT_EQ(world.parents["master1"].checks(), up_to(600));
}

TEST(Outbound, WhatIsPendingAtTheEndIsLeftToTheStore) {
    OutboundWorld world(kAllResults);
    for (int i = 1; i <= 1200; ++i) world.say(i);
    world.remote["master1"] = 17.5;
    world.outbound->stop();
    while (world.disk()) {
    }
    EXPECT_EQ(world.stored(), 1200U);
    world.restart();
    EXPECT_EQ(world.state().positions.size(), 1U);
    EXPECT_EQ(world.state().remote.size(), 1U);
    world.connect("master1");
    world.settle();
    EXPECT_EQ(world.parents["master1"].checks(), up_to(1200));
}

wire::CheckResult full_result() {
    wire::CheckResult result{"h", "s", {}};
    result.cr.command = std::vector<std::string>{"/p/check", "--password", "SECRET-COMMAND"};
    result.cr.output = "SECRET-OUTPUT";
    result.cr.performance_data = std::vector<wire::Perfdata>{"SECRET-PERFDATA=1"};
    result.cr.vars_before = wire::CheckVars{3, 1, 777, true};
    result.cr.vars_after = wire::CheckVars{3, 1, 777, true};
    return result;
}

TEST(Outbound, NothingRedactedIsInAByteOfWhatIsSentLiveOrLater) {
    OutboundWorld world(
        R"({"parents": {"zone:master": {"grant": {"results": {"redact": ["command", "vars", "performance_data", "output"]}}}}})");
    wire::ConfigUpdateObject object;
    object.type = "Service";
    object.name = "h!s";
    object.config = "object Service \"s\" { vars.password = \"SECRET-CONFIG\" }";
    object.modified_attributes = {{"vars.password", "SECRET-VAR"}, {"vars", json::Object{{"a", "SECRET-VARS"}}}, {"max_check_attempts", 5}};
    object.original_attributes = {"vars.password", "max_check_attempts"};
    const auto say_all = [&] {
        world.say(full_result());
        world.say(object);
    };
    say_all();
    world.settle();
    world.connect("master1");
    world.settle();
    say_all();
    world.settle();
    FakeParent& parent = world.parents["master1"];
    ASSERT_EQ(parent.received.size(), 4U);
    for (const char* secret : {"SECRET", "777", "password"}) EXPECT_THAT(parent.bytes, Not(HasSubstr(secret)));
    EXPECT_EQ(world.stored(), 4U);
    const auto result = decode_state(parent.received[0]);
    ASSERT_TRUE(result);
    EXPECT_EQ(std::get<wire::CheckResult>(*result).cr.performance_data, std::nullopt);
    EXPECT_THAT(parent.received[0], HasSubstr("\"performance_data\":null"));
    EXPECT_THAT(parent.received[0], HasSubstr("\"type\":\"CheckResult\""));
    EXPECT_THAT(parent.received[3], HasSubstr("max_check_attempts"));
}

TEST(Outbound, WhatIsNotRedactedArrivesAsItWasMade) {
    OutboundWorld world(kAllResults);
    world.connect("master1");
    world.say(full_result());
    world.settle();
    const auto event = decode_state(world.parents["master1"].received.at(0));
    ASSERT_TRUE(event);
    EXPECT_EQ(std::get<wire::CheckResult>(*event), full_result());
}

}  // namespace
}  // namespace endpointd::cluster
