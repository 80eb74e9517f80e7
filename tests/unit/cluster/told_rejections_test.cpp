// Claims about what is no news: neither the same said again, nor a restart, makes another record.
#include "cluster/told_rejections.hpp"

#include <gmock/gmock.h>

#include "config_scene.hpp"

namespace endpointd::cluster {
namespace {

using testing::HasSubstr;

policy::Rejection rejection(const std::string& name, policy::Reason reason = policy::Reason::unknown_command) {
    policy::Rejection made;
    made.reason = reason;
    made.parent = "master1";
    made.object_type = "Host";
    made.object_name = name;
    return made;
}

TEST(ToldRejections, AGroupIsExactlyWhatItWasReplacedWith) {
    ToldRejections told;
    const std::vector<policy::Rejection> both = {rejection("a"), rejection("b"), rejection("a")};
    EXPECT_EQ(told.replace("g", both).size(), 2U);
    EXPECT_TRUE(told.replace("g", both).empty());
    const std::vector<policy::Rejection> one = {rejection("b")};
    EXPECT_TRUE(told.replace("g", one).empty());
    EXPECT_EQ(told.replace("g", both).size(), 1U);
    const std::vector<policy::Rejection> other = {rejection("b", policy::Reason::out_of_scope)};
    EXPECT_EQ(told.replace("g", other).size(), 1U);
}

TEST(ToldRejections, WhatThePlanHoldsIsNoNewsElsewhere) {
    ToldRejections told;
    const std::vector<policy::Rejection> one = {rejection("a")};
    told.replace(ToldRejections::of_plan(), one);
    EXPECT_TRUE(told.replace(ToldRejections::of_failure("master1"), one).empty());
}

TEST(ToldRejections, MessagesOfOneParentAreBounded) {
    ToldRejections told;
    for (std::size_t i = 0; i < kToldMessages; ++i) ASSERT_TRUE(told.add("m", rejection(std::to_string(i))));
    EXPECT_FALSE(told.add("m", rejection("0")) && told.add("m", rejection("0")));
    store::WantedChange change;
    told.write_everything(change);
    EXPECT_LE(change.told.size(), kToldMessages);
}

TEST(ToldRejections, ChangesAreWrittenOnceAndOnlyWhatChanged) {
    ToldRejections told;
    const std::vector<policy::Rejection> both = {rejection("a"), rejection("b")};
    told.replace("g", both);
    store::WantedChange change;
    told.write_changes(change);
    EXPECT_EQ(change.told.size(), 2U);
    told.recorded("g", ToldRejections::digest_of(both[0]), 7);
    told.replace("g", std::span(both).first(1));
    store::WantedChange next;
    told.write_changes(next);
    ASSERT_EQ(next.told.size(), 1U);
    EXPECT_EQ(next.told[0].record, 7U);
    EXPECT_EQ(next.dropped_told.size(), 1U);
    told.forget_parents([](const std::string&) { return false; });
    store::WantedChange none;
    told.write_changes(none);
    EXPECT_TRUE(none.empty());
}

TEST(ToldRejections, OnlyParentsThatAreGoneAreForgotten) {
    ToldRejections told;
    const std::vector<policy::Rejection> one = {rejection("a")};
    told.replace(ToldRejections::of_update("old"), one);
    told.replace(ToldRejections::of_update("new"), one);
    told.forget_parents([](const std::string& parent) { return parent == "new"; });
    EXPECT_TRUE(told.replace(ToldRejections::of_update("new"), one).empty());
    EXPECT_EQ(told.replace(ToldRejections::of_update("old"), one).size(), 1U);
}

class RestartTest : public ConfigScene {};

const std::string kWithRejected = std::string(kHost) + "object Service \"s\" {\n host_name = \"h\"\n check_command = \"nowhere\"\n}\n";

TEST_F(RestartTest, ARestartRecordsNothingAndSendsTheResultOnceMore) {
    push("5", kWithRejected);
    ASSERT_EQ(records(store::Decision::rejected), 1U);
    const std::string told = at_->output(0);
    EXPECT_THAT(told, HasSubstr("(audit "));
    restart();
    EXPECT_NE(find("Host", "h"), nullptr);
    EXPECT_EQ(at_->plan->rejections.size(), 1U);
    EXPECT_TRUE(at_->audit.empty());
    // Whether it arrived before is not known; it names the record there is.
    ASSERT_EQ(at_->answers.size(), 1U);
    EXPECT_EQ(at_->output(0), told);
    push("6", kWithRejected);
    EXPECT_TRUE(at_->audit.empty());
    EXPECT_EQ(at_->answers.size(), 1U);
}

TEST_F(RestartTest, WhatIsNewAfterARestartIsRecorded) {
    push("5", kWithRejected);
    restart();
    push("6", kWithRejected + "object Service \"t\" {\n host_name = \"h\"\n check_command = \"nowhere\"\n}\n");
    EXPECT_EQ(records(store::Decision::rejected), 1U);
    EXPECT_EQ(at_->audit.back().object_name, "h!t");
    // Gone and there again is news.
    push("7", kHost);
    at_->audit.clear();
    push("8", kWithRejected);
    EXPECT_EQ(records(store::Decision::rejected), 1U);
}

TEST_F(RestartTest, RefusalsOfTheUpdateItselfAreNoNewsEither) {
    const std::string update =
        R"({"update":{"nowhere":{"/a.conf":"object Host \"x\" { }"}},"update_v2":{"nowhere":{"/.timestamp":"5"}},"checksums":{}})";
    at_->say("config::Update", update);
    plan();
    const std::size_t first = at_->audit.size();
    ASSERT_GE(first, 1U);
    at_->say("config::Update", update);
    EXPECT_EQ(at_->audit.size(), first);
    at_->dispatcher.config().tick();
    restart();
    at_->say("config::Update", update);
    EXPECT_TRUE(at_->audit.empty());
}

TEST_F(RestartTest, AStaleZoneIsRecordedOnceForEachText) {
    push("5", kHost);
    at_->audit.clear();
    push("4", "// older\n");
    push("4", "// older\n");
    ASSERT_EQ(at_->audit.size(), 1U);
    EXPECT_EQ(at_->audit[0].reason, store::Reason::stale);
    push("4", "// another\n");
    EXPECT_EQ(at_->audit.size(), 2U);
}

TEST_F(RestartTest, AnUpdateThatFailsIsRecordedOnce) {
    push("5", kHost);
    push("6", "while (true) { }\n");
    const std::size_t all = at_->audit.size();
    push("6", "while (true) { }\n");
    EXPECT_EQ(at_->audit.size(), all);
    restart();
    EXPECT_NE(find("Host", "h"), nullptr);
    push("6", "while (true) { }\n");
    EXPECT_TRUE(at_->audit.empty());
    push("7", kHost + std::string("// good\n"));
    push("8", "while (true) { }\n");
    EXPECT_EQ(records(store::Decision::rejected), 1U);
}

TEST_F(RestartTest, AnObjectOfTheApiThatIsRefusedIsToldOnce) {
    const auto say_all = [&](double version) {
        object("CheckCommand", "evil", version, "object CheckCommand \"evil\" { command = [ \"id\" ] }");
        object("ApiUser", "u", version, "object ApiUser \"u\" { }");
        object("Zone", "z", version, "object Zone \"z\" { }");
    };
    say_all(1);
    EXPECT_EQ(at_->audit.size(), 3U);
    say_all(1);
    EXPECT_EQ(at_->audit.size(), 3U);
    at_->dispatcher.config().tick();
    restart();
    say_all(1);
    EXPECT_TRUE(at_->audit.empty());
    // Another version is another attempt: it raises the count.
    say_all(2);
    EXPECT_EQ(at_->audit.size(), 3U);
}

TEST_F(RestartTest, AHostOfTheApiGetsOneResultForEachReason) {
    const std::string text = "object Host \"r\" { check_command = \"free\" }";
    restart(R"({"parents":{"master1":{"grant":["pause"]}}})");
    object("Host", "r", 1, text);
    ASSERT_EQ(at_->answers.size(), 1U);
    EXPECT_THAT(at_->output(0), HasSubstr("Host 'r' rejected: "));
    object("Host", "r", 1, text);
    object("Host", "r", 2, text);
    EXPECT_EQ(at_->answers.size(), 1U);
    at_->configure(R"({"parents":{"master1":{"grant":{"config":{"hosts":["other"]}}}}})");
    plan();
    object("Host", "r", 2, text);
    EXPECT_EQ(at_->answers.size(), 2U);
}

}  // namespace
}  // namespace endpointd::cluster
