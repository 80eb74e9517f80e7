#include "cluster/config_sync.hpp"

#include <gmock/gmock.h>

#include "config_scene.hpp"

namespace endpointd::cluster {
namespace {

std::vector<std::string> changed_paths(const policy::PlannedObject& object) {
    return object.changes ? object.changes->paths : std::vector<std::string>();
}

using testing::HasSubstr;

using ConfigSyncTest = ConfigScene;

const char* const kRuntimeHost = "object Host \"r\" {\n check_command = \"free\"\n}\n";

TEST_F(ConfigSyncTest, AnUpdateIsInForceStoredAndRecordedOnceForEachZone) {
    push("5", kHost);
    ASSERT_NE(find("Host", "h"), nullptr);
    EXPECT_EQ(records(store::Decision::accepted), 1U);
    EXPECT_EQ(node_.audit.back().object_name, "web1");
    ASSERT_EQ(node_.kept.size(), 1U);
    EXPECT_EQ(node_.kept[0].pushed->files->size(), 1U);
}

TEST_F(ConfigSyncTest, TheSameUpdateAgainIsNoNewsAtAll) {
    push("5", kHost);
    const auto plan_before = node_.plan;
    node_.audit.clear();
    push("9", kHost);
    EXPECT_TRUE(node_.audit.empty());
    EXPECT_EQ(node_.plan, plan_before);
    EXPECT_EQ(node_.kept.size(), 1U);
}

TEST_F(ConfigSyncTest, AnotherTextInThePlaceOfARefusedOneIsOnRecord) {
    push("5", "globals.counter = 1\n");
    push("6", "include \"../secrets.conf\"\n");
    EXPECT_EQ(records(store::Decision::rejected), 2U);
    push("7", "object CheckCommand \"evil\" { command = [ \"/bin/a\" ] }\n");
    push("8", "object CheckCommand \"evil\" { command = [ \"/bin/b\" ] }\n");
    EXPECT_EQ(records(store::Decision::rejected), 4U);
    push("9", "object CheckCommand \"evil\" { command = [ \"/bin/b\" ] }\n// a comment\n");
    EXPECT_EQ(records(store::Decision::rejected), 4U);
}

TEST_F(ConfigSyncTest, ARejectedServiceIsToldToItsParentOnce) {
    const std::string text = std::string(kHost) + "object Service \"s\" {\n host_name = \"h\"\n check_command = \"nowhere\"\n}\n";
    push("5", text);
    EXPECT_EQ(find("Service", "h!s"), nullptr);
    ASSERT_EQ(node_.answers.size(), 1U);
    EXPECT_THAT(node_.output(0), HasSubstr("endpointd: Service 'h!s' rejected: "));
    EXPECT_THAT(node_.output(0), HasSubstr("(audit "));
    EXPECT_EQ(node_.answered_to[0], "master1");
    push("6", text + "// another comment\n");
    EXPECT_EQ(node_.answers.size(), 1U);
}

TEST_F(ConfigSyncTest, ARefusalTakesNotThePlaceOfResultsOfWhatStands) {
    const std::string other = "object Host \"h\" {\n check_command = \"nowhere\"\n}\n";
    push("5", std::string(kHost) + other);
    EXPECT_NE(find("Host", "h"), nullptr);
    EXPECT_EQ(records(store::Decision::rejected), 1U);
    EXPECT_TRUE(node_.answers.empty());
    restart(R"({"parents":{"master1":{"grant":["config"]}}})");
    EXPECT_NE(find("Host", "h"), nullptr);
    EXPECT_TRUE(at_->answers.empty()) << "nor is it told again";
    // A message that is refused by itself.
    object("Host", "h", 7, kHost, {{"enable_active_checks", false}});
    ASSERT_FALSE(at_->audit.empty());
    EXPECT_EQ(at_->audit.back().reason, store::Reason::capability_denied);
    EXPECT_TRUE(at_->answers.empty());
}

TEST_F(ConfigSyncTest, AnUpdateThatRunsIntoALimitLeavesThePreviousOne) {
    push("5", kHost);
    push("6", "while (true) { }\n");
    EXPECT_NE(find("Host", "h"), nullptr);
    EXPECT_EQ(std::ranges::count_if(node_.kept, [](const auto& change) { return change.pushed.has_value(); }), 1);
    EXPECT_EQ(node_.audit.back().reason, store::Reason::limit_exceeded);
    // It is not evaluated again only because the parent came back.
    node_.evaluations.clear();
    node_.say("config::Update",
              R"({"update":{"web1":{"/_etc/a.conf":"while (true) { }\n"}},"update_v2":{"web1":{"/.timestamp":"6"}},"checksums":{}})");
    EXPECT_TRUE(node_.evaluations.empty());
    push("7", "object Host \"i\" {\n check_command = \"free\"\n}\n");
    EXPECT_NE(find("Host", "i"), nullptr);
}

TEST_F(ConfigSyncTest, ABombDoesNotTakeItsNeighboursWithIt) {
    node_.say(
        "config::UpdateObject",
        R"({"type":"Host","name":"r","version":1,"config":"object Host \"r\" { check_command = \"free\" }","modified_attributes":{},"original_attributes":[]})");
    node_.say("config::Update", R"({"update":{"web1":{"/a.conf":"while (true) { }"}},"update_v2":{},"checksums":{}})");
    node_.say(
        "config::UpdateObject",
        R"({"type":"Host","name":"t","version":1,"config":"object Host \"t\" { check_command = \"free\" }","modified_attributes":{},"original_attributes":[]})");
    plan();
    EXPECT_NE(find("Host", "r"), nullptr);
    EXPECT_NE(find("Host", "t"), nullptr);
}

TEST_F(ConfigSyncTest, AnObjectMadeAtRunTimeCountsByItsVersion) {
    object("Host", "r", 5, kRuntimeHost);
    ASSERT_NE(find("Host", "r"), nullptr);
    EXPECT_EQ(find("Host", "r")->origin, policy::Origin::runtime);
    object("Host", "r", 5, "", {{"vars.x", 2}});
    EXPECT_TRUE(changed_paths(*find("Host", "r")).empty());
    object("Host", "r", 6, kRuntimeHost, {{"vars.x", 2}, {"vars.y", 3}});
    EXPECT_EQ(changed_paths(*find("Host", "r")).size(), 2U);
    // What is not named any more is restored.
    object("Host", "r", 7, "", {{"vars.y", 3}});
    EXPECT_EQ(changed_paths(*find("Host", "r")), std::vector<std::string>{"vars.y"});
}

TEST_F(ConfigSyncTest, AnObjectThatIsToldLateComesAsItIsByNow) {
    object("Host", "r", 5, kRuntimeHost, {{"vars.x", 1}, {"zone", "web1"}});
    ASSERT_NE(find("Host", "r"), nullptr);
    EXPECT_EQ(changed_paths(*find("Host", "r")), std::vector<std::string>{"vars.x"});
    EXPECT_EQ(records(store::Decision::denied), 1U);
}

TEST_F(ConfigSyncTest, AnObjectMadeAnewWhileWeWereAwayReplacesTheOneBefore) {
    const std::string text = "object Host \"r\" {\n check_command = \"free\"\n address = \"192.0.2.1\"\n}\n";
    const std::string other = "object Host \"r\" {\n check_command = \"free\"\n address = \"192.0.2.2\"\n}\n";
    object("Host", "r", 5, text);
    object("Host", "r", 6, text, {{"vars.x", 1}});
    object("Host", "r", 6, other);
    EXPECT_EQ(*find("Host", "r")->object->attributes.find("address"), json::Value("192.0.2.1"));
    object("Host", "r", 9, other);
    ASSERT_NE(find("Host", "r"), nullptr);
    EXPECT_EQ(*find("Host", "r")->object->attributes.find("address"), json::Value("192.0.2.2"));
    EXPECT_TRUE(changed_paths(*find("Host", "r")).empty());
    EXPECT_EQ(node_.audit.back().detail, "created anew");
    EXPECT_EQ(node_.kept.back().dropped_modifications.size(), 1U);
    // The deletion of the first one comes after it: parents send what they have logged last.
    remove("Host", "r", 6);
    EXPECT_NE(find("Host", "r"), nullptr);
}

TEST_F(ConfigSyncTest, WhatIsInForceIsNotDeletedWithoutTheGrant) {
    object("Host", "r", 5, kRuntimeHost);
    remove("Host", "r", 9, "other1");
    EXPECT_NE(find("Host", "r"), nullptr);
    EXPECT_EQ(node_.audit.back().decision, store::Decision::denied);
    EXPECT_EQ(node_.audit.back().reason, store::Reason::capability_denied);
    // Nor by who could not have made it, once it is kept for another one's grant.
    node_.configure(R"({"parents":{}})");
    plan();
    remove("Host", "r", 9, "other1");
    node_.configure(kGranted);
    plan();
    EXPECT_NE(find("Host", "r"), nullptr);
}

TEST_F(ConfigSyncTest, WhatIsTakenBackWhileAGrantIsGoneDoesNotComeBackWithIt) {
    push("5", kHost);
    object("Host", "r", 5, kRuntimeHost);
    object("Host", "h", 6, "", {{"enable_active_checks", false}});
    ASSERT_EQ(changed_paths(*find("Host", "h")).size(), 1U);
    node_.configure(R"({"parents":{"master1":{"grant":["config"]}}})");
    plan();
    EXPECT_TRUE(changed_paths(*find("Host", "h")).empty());
    object("Host", "h", 7, "", {{"enable_active_checks", true}});
    EXPECT_EQ(node_.audit.back().decision, store::Decision::denied);
    const std::size_t stored = node_.kept.size();
    object("Host", "h", 8, "", {{"enable_active_checks", false}});
    EXPECT_EQ(node_.audit.back().decision, store::Decision::denied);
    EXPECT_EQ(node_.kept.size(), stored) << "who is granted nothing makes nobody work";
    node_.configure(R"({"parents":{}})");
    plan();
    remove("Host", "r", 8);
    EXPECT_EQ(node_.audit.back().decision, store::Decision::denied);
    node_.configure(kGranted);
    plan();
    EXPECT_TRUE(changed_paths(*find("Host", "h")).empty());
    EXPECT_EQ(find("Host", "r"), nullptr);
    // An old message does not undo that.
    object("Host", "h", 6, "", {{"enable_active_checks", false}});
    object("Host", "r", 5, kRuntimeHost);
    EXPECT_TRUE(changed_paths(*find("Host", "h")).empty());
    EXPECT_EQ(find("Host", "r"), nullptr);
}

TEST_F(ConfigSyncTest, WhatWasDeletedIsNotMadeAgainByAnOldMessage) {
    object("Host", "r", 5, "object Host \"r\" {\n check_command = \"free\"\n}\n");
    object("Service", "r!s", 6, "object Service \"s\" {\n host_name = \"r\"\n check_command = \"free\"\n}\n");
    ASSERT_NE(find("Service", "r!s"), nullptr);
    remove("Host", "r", 5);
    EXPECT_EQ(find("Host", "r"), nullptr);
    EXPECT_EQ(find("Service", "r!s"), nullptr);
    object("Host", "r", 5, "object Host \"r\" {\n check_command = \"free\"\n}\n");
    EXPECT_EQ(find("Host", "r"), nullptr);
    object("Host", "r", 8, "object Host \"r\" {\n check_command = \"free\"\n}\n");
    EXPECT_NE(find("Host", "r"), nullptr);
    remove("Host", "never-there", 9);
    object("Host", "never-there", 9, "object Host \"never-there\" {\n check_command = \"free\"\n}\n");
    EXPECT_EQ(find("Host", "never-there"), nullptr);
}

TEST_F(ConfigSyncTest, AVersionOfTheFarFutureIsNotTheLastOne) {
    const std::string text = "object Host \"r\" {\n check_command = \"free\"\n}\n";
    remove("Host", "r", 1e308);
    object("Host", "r", 1795193700, text);
    EXPECT_EQ(find("Host", "r"), nullptr);
    node_.clock.advance(std::chrono::hours(2));
    object("Host", "r", 1795200900, text);
    ASSERT_NE(find("Host", "r"), nullptr);
    object("Host", "r", 1e308, "", {{"vars.x", 1}});
    EXPECT_EQ(changed_paths(*find("Host", "r")).size(), 1U);
    node_.clock.advance(std::chrono::hours(2));
    object("Host", "r", 1795208100, "", {{"vars.x", 1}, {"vars.y", 1}});
    EXPECT_EQ(changed_paths(*find("Host", "r")).size(), 2U);
}

TEST_F(ConfigSyncTest, PushedObjectsAreNotDeletedByAMessage) {
    push("5", kHost);
    remove("Host", "h", 9);
    EXPECT_NE(find("Host", "h"), nullptr);
    EXPECT_EQ(node_.audit.back().decision, store::Decision::denied);
    EXPECT_EQ(node_.audit.back().reason, store::Reason::out_of_scope);
}

TEST_F(ConfigSyncTest, ADowntimeEndsByOurClock) {
    push("5", kHost);
    const double now = to_unix(node_.clock.wall());
    const std::string text =
        "object Downtime \"d\" ignore_on_error {\n author = \"a\"\n comment = \"c\"\n fixed = true\n host_name = \"h\"\n start_time = " +
        std::to_string(now - 10) + "\n end_time = " + std::to_string(now + 10) + "\n}\n";
    object("Downtime", "h!d", now, text);
    ASSERT_NE(find("Downtime", "h!d"), nullptr);
    node_.clock.advance(std::chrono::seconds(11));
    node_.dispatcher.config().tick();
    plan();
    EXPECT_EQ(find("Downtime", "h!d"), nullptr);
    EXPECT_EQ(node_.kept.back().dropped_objects.size(), 1U);
}

TEST_F(ConfigSyncTest, APauseEndsByItselfWhenItsGrantSaysSo) {
    at_->configure(R"({"parents":{"master1":{"grant":{"config":{},"pause":{"max_duration":"1h"}}}}})");
    push("5", kHost);
    object("Host", "h", to_unix(at_->clock.wall()), "", {{"enable_active_checks", false}, {"vars.x", 1}});
    const auto active = [&] { return find("Host", "h")->object->attributes.find("enable_active_checks"); };
    const auto tick = [&](std::chrono::seconds after) {
        at_->clock.advance(after);
        at_->dispatcher.config().tick();
        plan();
    };
    ASSERT_NE(active(), nullptr);
    tick(std::chrono::minutes(59));
    EXPECT_NE(active(), nullptr);
    tick(std::chrono::minutes(2));
    EXPECT_EQ(active(), nullptr) << "as its configuration says";
    EXPECT_EQ(changed_paths(*find("Host", "h")), std::vector<std::string>{"vars.x"}) << "what else was changed stays";
    EXPECT_EQ(at_->audit.back().decision, store::Decision::changed);
    EXPECT_THAT(at_->audit.back().detail, HasSubstr("resumed"));
    const std::size_t records = at_->audit.size();
    tick(std::chrono::hours(2));
    EXPECT_EQ(at_->audit.size(), records);
}

TEST_F(ConfigSyncTest, NothingThatAParentSendsMakesAPauseLonger) {
    const char* const caps = R"({"parents":{"master1":{"grant":{"config":{},"pause":{"max_duration":"1h"}}}}})";
    at_->configure(caps);
    push("5", kHost);
    const double begin = to_unix(at_->clock.wall());
    EXPECT_FALSE(at_->dispatcher.config().next_end_of_pause());
    const auto paused = [&] { return find("Host", "h")->object->attributes.find("enable_active_checks") != nullptr; };
    // Its clock is half an hour ahead.
    object("Host", "h", begin + 1800, "", {{"enable_active_checks", false}});
    EXPECT_EQ(at_->dispatcher.config().next_end_of_pause(), begin + 3600);
    at_->clock.advance(std::chrono::minutes(50));
    object("Host", "h", begin + 3600, "", {{"enable_active_checks", false}, {"vars.x", 1}});
    object("Host", "h", begin + 3601, "", {{"enable_active_checks", 0}, {"vars.x", 1}});
    EXPECT_EQ(at_->dispatcher.config().next_end_of_pause(), begin + 3600);
    restart(caps);
    EXPECT_EQ(at_->dispatcher.config().next_end_of_pause(), begin + 3600);
    EXPECT_TRUE(paused());
}

TEST_F(ConfigSyncTest, APauseEndsInWhicheverFormItWasSent) {
    at_->configure(R"({"parents":{"master1":{"grant":{"config":{},"pause":{"max_duration":"1h"}}}}})");
    push("5", kHost);
    for (const json::Value& off : {json::Value(0), json::Value("0"), json::Value(nullptr), json::Value(false)}) {
        object("Host", "h", to_unix(at_->clock.wall()), "", {{"enable_active_checks", off}});
        ASSERT_NE(find("Host", "h")->object->attributes.find("enable_active_checks"), nullptr);
        at_->clock.advance(std::chrono::minutes(61));
        at_->dispatcher.config().tick();
        plan();
        EXPECT_EQ(find("Host", "h")->object->attributes.find("enable_active_checks"), nullptr);
    }
}

TEST_F(ConfigSyncTest, WhatWasResumedIsPausedAnewForAsLongAsTheGrantSays) {
    at_->configure(R"({"parents":{"master1":{"grant":{"config":{},"pause":{"max_duration":"1h"}}}}})");
    push("5", kHost);
    const double begin = to_unix(at_->clock.wall());
    object("Host", "h", begin, "", {{"enable_active_checks", false}});
    at_->clock.advance(std::chrono::minutes(50));
    object("Host", "h", begin + 3000, "", {{"enable_active_checks", true}});
    EXPECT_FALSE(at_->dispatcher.config().next_end_of_pause());
    object("Host", "h", begin + 3001, "", {{"enable_active_checks", false}});
    EXPECT_EQ(at_->dispatcher.config().next_end_of_pause(), begin + 3000 + 3600);
}

TEST_F(ConfigSyncTest, APauseWithoutAnEndInItsGrantStays) {
    push("5", kHost);
    object("Host", "h", to_unix(at_->clock.wall()), "", {{"enable_active_checks", false}});
    at_->clock.advance(std::chrono::hours(100));
    at_->dispatcher.config().tick();
    plan();
    EXPECT_NE(find("Host", "h")->object->attributes.find("enable_active_checks"), nullptr);
}

TEST_F(ConfigSyncTest, ADowntimeIsNotMadeLongerThanItMayBe) {
    at_->configure(R"({"parents":{"master1":{"grant":{"config":{},"downtime":{"max_duration":"1h"}}}}})");
    push("5", kHost);
    const double now = to_unix(at_->clock.wall());
    const std::string text =
        "object Downtime \"d\" {\n author = \"a\"\n comment = \"c\"\n fixed = true\n host_name = \"h\"\n start_time = " +
        std::to_string(now) + "\n end_time = " + std::to_string(now + 1800) + "\n}\n";
    object("Downtime", "h!d", now, text);
    ASSERT_NE(find("Downtime", "h!d"), nullptr);
    const auto end = [&] { return *find("Downtime", "h!d")->object->attributes.find("end_time")->number(); };
    object("Downtime", "h!d", now + 1, text, {{"end_time", now + 7200}});
    EXPECT_EQ(at_->audit.back().reason, store::Reason::limit_exceeded);
    EXPECT_LT(end(), now + 1801);
    object("Downtime", "h!d", now + 2, text, {{"end_time", 0}});
    EXPECT_EQ(at_->audit.back().reason, store::Reason::attribute_not_allowed);
    EXPECT_GT(end(), now);
    // Both ends at once: it is moved, and no longer than before.
    object("Downtime", "h!d", now + 3, text, {{"end_time", now + 7200}, {"start_time", now + 5400}});
    EXPECT_EQ(end(), now + 7200);
    EXPECT_EQ(at_->audit.back().decision, store::Decision::changed);
}

TEST_F(ConfigSyncTest, WhatNobodyEverSeesIsForgottenAfterADay) {
    push("5", kHost);
    object("Host", "never", 6, "", {{"vars.x", 1}});
    object("Host", "h", 6, "", {{"vars.x", 1}});
    object("Downtime", "h!bad", 6, "object Downtime \"bad\" { nonsense }");
    const auto tick = [&](std::chrono::seconds after) {
        at_->clock.advance(after);
        at_->dispatcher.config().tick();
        plan();
    };
    tick(std::chrono::seconds(0));
    at_->kept.clear();
    tick(kUnusedAge - std::chrono::seconds(1));
    EXPECT_TRUE(at_->kept.empty());
    tick(std::chrono::seconds(1));
    ASSERT_EQ(at_->kept.size(), 1U);
    EXPECT_EQ(at_->kept[0].dropped_modifications, (std::vector{store::ObjectKey{"Host", "never"}}));
    EXPECT_EQ(at_->kept[0].dropped_objects, (std::vector{store::ObjectKey{"Downtime", "h!bad"}}));
    EXPECT_EQ(changed_paths(*find("Host", "h")).size(), 1U);
}

TEST_F(ConfigSyncTest, WhatNobodyEverSeesIsBoundedInNumber) {
    push("5", kHost);
    for (std::size_t i = 0; i < kUnused + 10; ++i)
        at_->say("config::UpdateObject", R"({"type":"Host","name":"x)" + std::to_string(i) +
                                             R"(","version":1,"modified_attributes":{"vars.x":1},"original_attributes":["vars.x"]})");
    plan();
    at_->kept.clear();
    at_->dispatcher.config().tick();
    plan();
    ASSERT_EQ(at_->kept.size(), 1U);
    EXPECT_EQ(at_->kept[0].dropped_modifications.size(), 10U);
}

TEST_F(ConfigSyncTest, StrangersToTheGrantsAndDeepPathsGetNowhere) {
    object("Host", "r", 5, "object Host \"r\" {\n check_command = \"free\"\n}\n", {}, "other1");
    EXPECT_EQ(find("Host", "r"), nullptr);
    EXPECT_EQ(node_.audit.back().reason, store::Reason::capability_denied);
    push("5", kHost);
    std::string path = "vars";
    for (int i = 0; i < 16; ++i) path += ".a";
    object("Host", "h", 6, "", {{path, 1}});
    EXPECT_EQ(node_.audit.back().reason, store::Reason::malformed_message);
    EXPECT_TRUE(changed_paths(*find("Host", "h")).empty());
}

TEST_F(ConfigSyncTest, AStartHasWhatWasKeptWithoutAnyParent) {
    push("5", kHost);
    FakeServices again(kGranted);
    store::StoredWanted stored;
    stored.zones = node_.kept[0].pushed->zones;
    stored.files = *node_.kept[0].pushed->files;
    FakeServices restarted(kGranted, true, std::move(stored));
    std::swap(node_.evaluations, restarted.evaluations);
    ASSERT_EQ(node_.evaluations.size(), 1U);
    EXPECT_EQ(node_.evaluations.front().wanted.files->size(), 1U);
    node_.evaluations.clear();
}

TEST_F(ConfigSyncTest, AStartThatCanEvaluateNothingAtAllIsOverAllTheSame) {
    FakeServices start(kGranted, true);
    start.plan = nullptr;
    // With what parents pushed, and without.
    for (int attempt = 0; attempt < 2; ++attempt) {
        ASSERT_EQ(start.evaluations.size(), 1U);
        EXPECT_EQ(start.plan, nullptr);
        policy::Plan failed;
        failed.failed = true;
        EvaluationResult result;
        result.number = start.evaluations.front().number;
        result.plan = std::make_shared<const policy::Plan>(std::move(failed));
        start.evaluations.pop_front();
        start.dispatcher.config().planned(result);
    }
    ASSERT_NE(start.plan, nullptr);
    EXPECT_TRUE(start.plan->objects.empty());
    EXPECT_TRUE(start.evaluations.empty());
}

TEST_F(ConfigSyncTest, ARuleThatIsTakenAwayTakesItsObjectsAway) {
    push("5", kHost);
    node_.configure(R"({"parents":{}})");
    plan();
    EXPECT_EQ(find("Host", "h"), nullptr);
    node_.configure(kGranted);
    plan();
    EXPECT_NE(find("Host", "h"), nullptr);
}

TEST_F(ConfigSyncTest, UpdatesThatCameWhileTheStoreWroteAreStoredOnce) {
    node_.keep_waits = true;
    for (int i = 5; i < 15; ++i) push(std::to_string(i), kHost + std::string(static_cast<std::size_t>(i), '\n'));
    ASSERT_EQ(node_.kept.size(), 1U);
    node_.keep_waits = false;
    node_.keeping(true);
    ASSERT_EQ(node_.kept.size(), 2U);
    EXPECT_TRUE(node_.kept.back().everything);
    EXPECT_EQ(node_.kept.back().pushed->zones.front().timestamp, 14);
    push("15", kHost);
    EXPECT_EQ(node_.kept.size(), 3U);
    EXPECT_FALSE(node_.kept.back().everything);
}

TEST_F(ConfigSyncTest, WhatCouldNotBeStoredIsStoredAsAWhole) {
    node_.keep_fails = true;
    push("5", kHost);
    node_.keep_fails = false;
    node_.dispatcher.config().tick();
    plan();
    ASSERT_FALSE(node_.kept.empty());
    EXPECT_TRUE(node_.kept.back().everything);
    EXPECT_EQ(node_.kept.back().pushed->files->size(), 1U);
}

}  // namespace
}  // namespace endpointd::cluster
