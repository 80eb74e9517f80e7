#include "cluster/config_sync.hpp"

#include <gmock/gmock.h>

#include "fake_services.hpp"
#include "policy/filter.hpp"

namespace endpointd::cluster {
namespace {

using testing::HasSubstr;

const char* const kGranted = R"({"parents":{"master1":{"grant":["config","downtime","comment","pause"]}}})";

// The real planner, run when the test says so.
class ConfigSyncTest : public testing::Test {
protected:
    explicit ConfigSyncTest(const char* caps = kGranted) : node_(caps, true) { plan(); }

    void plan() {
        while (!node_.evaluations.empty()) {
            EvaluationRequest request = std::move(node_.evaluations.front());
            node_.evaluations.pop_front();
            EvaluationResult result;
            result.number = request.number;
            result.plan = std::make_shared<const policy::Plan>(planner_.plan(request.wanted, request.world, request.limits));
            node_.dispatcher.config().planned(result);
        }
    }
    void push(const std::string& timestamp, const std::string& text) {
        json::Object files{{"/_etc/a.conf", text}};
        node_.say("config::Update", R"({"update":{"web1":)" + json::to_text(files) + R"(},"update_v2":{"web1":{"/.timestamp":")" +
                                        timestamp + R"("}},"checksums":{}})");
        plan();
    }
    void object(const std::string& type, const std::string& name, double version, const std::string& config,
                const json::Object& modified = {}, const std::string& from = "master1") {
        json::Array original;
        for (const auto& attribute : modified) original.emplace_back(attribute.first);
        json::Object params{
            {"type", type}, {"name", name}, {"version", version}, {"modified_attributes", modified}, {"original_attributes", original}};
        if (!config.empty()) params.set("config", config);
        node_.say("config::UpdateObject", json::to_text(params), from);
        plan();
    }
    void remove(const std::string& type, const std::string& name, double version) {
        node_.say("config::DeleteObject", json::to_text(json::Object{{"type", type}, {"name", name}, {"version", version}}));
        plan();
    }
    const policy::PlannedObject* find(const std::string& type, const std::string& name) { return node_.plan->find(type, name); }
    std::size_t records(store::Decision decision) {
        return static_cast<std::size_t>(std::ranges::count(node_.audit, decision, &store::AuditEntry::decision));
    }

    FakeServices node_;
    policy::Planner planner_;
};

const char* const kHost = "object Host \"h\" {\n check_command = \"free\"\n}\n";

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

TEST_F(ConfigSyncTest, AnUpdateThatRunsIntoALimitLeavesThePreviousOne) {
    push("5", kHost);
    push("6", "while (true) { }\n");
    EXPECT_NE(find("Host", "h"), nullptr);
    EXPECT_EQ(node_.kept.size(), 1U);
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
    object("Host", "r", 5, "object Host \"r\" {\n check_command = \"free\"\n}\n", {{"vars.x", 1}});
    ASSERT_NE(find("Host", "r"), nullptr);
    EXPECT_EQ(find("Host", "r")->origin, policy::Origin::runtime);
    // The attributes of the creating message do not count.
    EXPECT_TRUE(find("Host", "r")->modified.empty());
    object("Host", "r", 5, "", {{"vars.x", 2}});
    EXPECT_TRUE(find("Host", "r")->modified.empty());
    object("Host", "r", 6, "object Host \"r\" { }", {{"vars.x", 2}, {"vars.y", 3}});
    EXPECT_EQ(find("Host", "r")->modified.size(), 2U);
    // What is not named any more is restored.
    object("Host", "r", 7, "", {{"vars.y", 3}});
    EXPECT_EQ(find("Host", "r")->modified, std::vector<std::string>{"vars.y"});
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

TEST_F(ConfigSyncTest, StrangersToTheGrantsAndDeepPathsGetNowhere) {
    object("Host", "r", 5, "object Host \"r\" {\n check_command = \"free\"\n}\n", {}, "other1");
    EXPECT_EQ(find("Host", "r"), nullptr);
    EXPECT_EQ(node_.audit.back().reason, store::Reason::capability_denied);
    push("5", kHost);
    std::string path = "vars";
    for (int i = 0; i < 16; ++i) path += ".a";
    object("Host", "h", 6, "", {{path, 1}});
    EXPECT_EQ(node_.audit.back().reason, store::Reason::malformed_message);
    EXPECT_TRUE(find("Host", "h")->modified.empty());
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

TEST_F(ConfigSyncTest, ARuleThatIsTakenAwayTakesItsObjectsAway) {
    push("5", kHost);
    node_.configure(R"({"parents":{}})");
    plan();
    EXPECT_EQ(find("Host", "h"), nullptr);
    node_.configure(kGranted);
    plan();
    EXPECT_NE(find("Host", "h"), nullptr);
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
