// What parents ask of checks that are made here.
#include "cluster/scheduling.hpp"

#include "scheduling_scene.hpp"
#include "store/audit_log.hpp"
#include "store/database.hpp"

namespace endpointd::cluster {
namespace {

using std::chrono::seconds;

TEST_F(SchedulingTest, ARecheckRunsNowAndIsOnRecord) {
    recheck();
    ASSERT_EQ(node_->runs.size(), 1u);
    EXPECT_EQ(node_->runs[0].request.command, "free");
    const auto changed = records(store::Decision::changed);
    ASSERT_EQ(changed.size(), 1u);
    EXPECT_EQ(changed[0].object_name, "h!s");
    EXPECT_EQ(changed[0].parent, "master1");
    finish_all(2);
    EXPECT_EQ(view("state"), json::Value(2));
    const auto results = relayed<wire::CheckResult>();
    ASSERT_EQ(results.size(), 1u);
    EXPECT_FALSE(results[0].from) << "it is news to everybody, the one who asked included";
    EXPECT_TRUE(records(store::Decision::denied).empty());
}

TEST_F(SchedulingTest, AResultSaysWhenItsCheckWasDue) {
    recheck();
    const double due = wall();
    node_->clock.advance(seconds(3));
    finish_all(0);
    const auto results = relayed<wire::CheckResult>();
    ASSERT_EQ(results.size(), 1u);
    const wire::CheckResultBody& body = std::get<wire::CheckResult>(results[0].message.event).cr;
    EXPECT_EQ(body.schedule_start, due);
    EXPECT_EQ(body.schedule_end, wall());
}

TEST_F(SchedulingTest, WithoutTheGrantNothingIsDoneAndOneRecordSaysSo) {
    const struct {
        const char* method;
        std::function<void()> asked;
    } kAsked[] = {{"event::SetNextCheck", [&] { recheck(); }},
                  {"event::SetForceNextCheck",
                   [&] {
                       ask("SetForceNextCheck", {{"forced", true}});
                   }},
                  {"event::SetAcknowledgement", [&] { acknowledge(1); }},
                  {"event::ClearAcknowledgement",
                   [&] {
                       ask("ClearAcknowledgement", {{"author", "ops"}, {"change_time", wall()}});
                   }},
                  {"event::CheckResult", [&] { submit(2); }},
                  {"event::SetLastCheckStarted", [&] {
                       ask("SetLastCheckStarted", {{"last_check_started", wall()}});
                   }}};
    for (const auto& each : kAsked) {
        SCOPED_TRACE(each.method);
        begin(kNothing);
        const json::Value before = scheduling().view("h!s");
        each.asked();
        expect_denied(store::Reason::capability_denied, each.method);
        EXPECT_EQ(json::to_text(scheduling().view("h!s")), json::to_text(before));
    }
}

TEST_F(SchedulingTest, WhoIsNoParentAsksInVain) {
    recheck("s", "other1");
    EXPECT_TRUE(node_->runs.empty());
    EXPECT_TRUE(records(store::Decision::changed).empty());
    EXPECT_EQ(records(store::Decision::denied).size(), 1u);
}

TEST_F(SchedulingTest, AScopeAndARateHoldAndAForcedCheckCountsOnce) {
    begin(R"({"parents":{"master1":{"grant":{"config":{},"recheck":{"services":["h!s"],"rate":"2/min"}}}}})");
    recheck("shut");
    expect_denied(store::Reason::out_of_scope, "event::SetNextCheck");
    node_->audit.clear();
    for (int i = 0; i < 2; ++i) {
        force();
        ASSERT_EQ(node_->runs.size(), 1u) << i;
        finish_all(0);
    }
    EXPECT_TRUE(records(store::Decision::denied).empty());
    recheck();
    EXPECT_TRUE(node_->runs.empty());
    ASSERT_EQ(records(store::Decision::denied).size(), 1u);
    EXPECT_EQ(records(store::Decision::denied)[0].reason, store::Reason::rate_limited);
    node_->clock.advance(seconds(61));
    recheck();
    EXPECT_EQ(node_->runs.size(), 1u);
}

TEST_F(SchedulingTest, AForcedCheckThatTheRateRefusesForcesNoLaterOne) {
    begin(R"({"parents":{"master1":{"grant":{"config":{},"pause":{},"recheck":{"rate":"1/min"}}}}})");
    recheck("shut");
    finish_all(0);
    modify("enable_active_checks", false, 5);
    node_->audit.clear();
    node_->relayed.clear();
    force();
    EXPECT_TRUE(node_->runs.empty());
    const auto denied = records(store::Decision::denied);
    ASSERT_EQ(denied.size(), 2u);
    for (const store::AuditEntry& entry : denied) EXPECT_EQ(entry.reason, store::Reason::rate_limited);
    EXPECT_EQ(denied[0].method, "event::SetForceNextCheck");
    EXPECT_TRUE(records(store::Decision::changed).empty());
    node_->clock.advance(seconds(86400));
    scheduling().wake();
    EXPECT_EQ(node_->runs.size(), 2u) << "the two others; it is paused, and nothing forces it";
}

TEST_F(SchedulingTest, OnlyTheNextCheckOfTheSameParentAndObjectComesWithAForcedOne) {
    begin(R"({"parents":{"master1":{"grant":{"config":{},"recheck":{"rate":"2/min"}}}}})");
    ask("SetForceNextCheck", {{"forced", true}});
    recheck("shut");
    EXPECT_EQ(node_->runs.size(), 1u);
    EXPECT_TRUE(records(store::Decision::denied).empty());
    recheck();
    EXPECT_EQ(node_->runs.size(), 2u) << "the second message of the forced check";
    recheck();
    EXPECT_EQ(records(store::Decision::denied).size(), 1u);
    ask("SetForceNextCheck", {{"forced", true}});
    EXPECT_EQ(records(store::Decision::denied).size(), 2u);
}

TEST_F(SchedulingTest, WhatIsNotCheckedHereIsJudgedLikeAnyOther) {
    recheck("nothing");
    EXPECT_TRUE(node_->runs.empty());
    EXPECT_TRUE(node_->audit.empty());
    begin(kNothing);
    recheck("nothing");
    expect_denied(store::Reason::capability_denied, "event::SetNextCheck");
}

TEST_F(SchedulingTest, APausedCheckRunsOnlyIfItIsForced) {
    modify("enable_active_checks", false, 5);
    node_->audit.clear();
    EXPECT_EQ(view("next_check"), json::Value());
    recheck();
    EXPECT_TRUE(node_->runs.empty());
    force();
    ASSERT_EQ(node_->runs.size(), 1u);
    const auto ended = relayed<wire::SetForceNextCheck>();
    ASSERT_EQ(ended.size(), 1u);
    EXPECT_FALSE(std::get<wire::SetForceNextCheck>(ended[0].message.event).forced);
    finish_all(1);
    EXPECT_EQ(view("state"), json::Value(1));
    recheck();
    EXPECT_TRUE(node_->runs.empty());
    modify("enable_active_checks", true, 6);
    EXPECT_EQ(node_->runs.size(), 1u) << "it was due while it was paused";
}

// Nothing that a parent names makes the node wake again and again.
TEST_F(SchedulingTest, ACheckPutOffForEverKeepsNobodyAwake) {
    for (const char* service : {"s", "shut"}) ask("SetNextCheck", {{"next_check", 1e300}}, service);
    node_->say("event::SetNextCheck", R"({"host":"h","next_check":1e300})");
    node_->clock.advance(kStatesWait);
    scheduling().wake();  // writes the states, after which only the checks are waited for
    ASSERT_TRUE(node_->wake_at);
    EXPECT_EQ(*node_->wake_at, node_->clock.steady() + kLongestSleep);
    EXPECT_TRUE(node_->runs.empty());
    submit(0, 1e300);
    node_->clock.advance(kStatesWait);
    scheduling().wake();
    EXPECT_EQ(*node_->wake_at, node_->clock.steady() + kTallyHeld - kStatesWait);
}

// To be woken costs more than the check.
TEST_F(SchedulingTest, ChecksThatAreDueWithinMillisecondsAreStartedTogether) {
    const auto soon = [&](double milliseconds) { return json::Value(wall() + 2 + milliseconds / 1000); };
    ask("SetNextCheck", {{"next_check", soon(0.1)}}, "s");
    ask("SetNextCheck", {{"next_check", soon(0.3)}}, "shut");
    node_->clock.advance(kStatesWait);
    scheduling().wake();
    ASSERT_TRUE(node_->wake_at);
    const auto due = node_->clock.steady() + std::chrono::seconds(1);
    EXPECT_GE(*node_->wake_at, due);
    EXPECT_LE(*node_->wake_at, due + kStartTogether + std::chrono::milliseconds(1));
    node_->clock.advance(std::chrono::ceil<Duration>(*node_->wake_at - node_->clock.steady()));
    scheduling().wake();
    EXPECT_EQ(node_->runs.size(), 2u);
}

TEST_F(SchedulingTest, AMomentBeforeTheStartIsNone) {
    ask("SetNextCheck", {{"next_check", wall() - 3600}});
    EXPECT_TRUE(node_->runs.empty());
    EXPECT_TRUE(node_->audit.empty());
}

TEST_F(SchedulingTest, AnAcknowledgementIsToldToAllButWhoSentItAndEndsWithTheState) {
    check("h!s", 1);
    acknowledge(1);
    EXPECT_EQ(view("acknowledged"), json::Value(true));
    const auto told = relayed<wire::SetAcknowledgement>();
    ASSERT_EQ(told.size(), 1u);
    ASSERT_TRUE(told[0].from);
    EXPECT_EQ(told[0].from->endpoint, "master1");
    acknowledge(2);
    EXPECT_EQ(relayed<wire::SetAcknowledgement>().size(), 1u) << "one holds already";
    check("h!s", 2);
    EXPECT_EQ(view("acknowledged"), json::Value(false));
    EXPECT_EQ(relayed<wire::ClearAcknowledgement>().size(), 1u);

    acknowledge(2);
    check("h!s", 1);
    EXPECT_EQ(view("acknowledged"), json::Value(true));
    check("h!s", 0);
    EXPECT_EQ(view("acknowledged"), json::Value(false));
}

TEST_F(SchedulingTest, AnAcknowledgementEndsAtItsTimeOrByWhoMay) {
    check("h!s", 2);
    acknowledge(2, wall() + 60);
    EXPECT_EQ(view("acknowledged"), json::Value(true));
    EXPECT_EQ(view("acknowledgement_expiry"), json::Value(to_rfc3339(from_unix(wall() + 60))));
    node_->clock.advance(seconds(61));
    EXPECT_EQ(view("acknowledged"), json::Value(false));
    scheduling().wake();
    const auto ended = relayed<wire::ClearAcknowledgement>();
    ASSERT_EQ(ended.size(), 1u);
    EXPECT_FALSE(ended[0].from) << "the one who sent it hears of the end as well";
    const auto& clear = std::get<wire::ClearAcknowledgement>(ended[0].message.event);
    EXPECT_EQ(clear.host, "h");
    EXPECT_EQ(clear.service, "s");
    EXPECT_EQ(clear.author, "") << "nobody took it back";
    EXPECT_EQ(clear.change_time, wall());
    acknowledge(1);
    EXPECT_EQ(view("acknowledged"), json::Value(true));
    ask("ClearAcknowledgement", {{"author", "ops"}, {"change_time", wall()}});
    EXPECT_EQ(view("acknowledged"), json::Value(false));
    EXPECT_EQ(records(store::Decision::changed).back().detail, "acknowledgement removed by 'ops'");
}

TEST_F(SchedulingTest, AResultOfAParentCountsForAsLongAsItHolds) {
    submit(2, 60);
    EXPECT_EQ(view("state"), json::Value(2));
    EXPECT_EQ(view("output"), json::Value("by hand"));
    const auto told = relayed<wire::CheckResult>();
    ASSERT_EQ(told.size(), 1u);
    ASSERT_TRUE(told[0].from);
    EXPECT_EQ(told[0].from->endpoint, "master1");
    node_->clock.advance(seconds(59));
    scheduling().wake();
    EXPECT_TRUE(node_->runs.empty());
    node_->clock.advance(seconds(2));
    scheduling().wake();
    EXPECT_EQ(node_->runs.size(), 1u);
}

TEST_F(SchedulingTest, AFloodOfResultsIsOneRecordThatCountsThem) {
    for (int i = 0; i < 10'000; ++i) {
        node_->clock.advance(std::chrono::milliseconds(1));
        submit(i % 4);
    }
    EXPECT_LT(node_->audit.size(), 20u) << "each entry may be a row of the audit";
    node_->clock.advance(kTallyHeld);
    scheduling().wake();
    std::uint64_t results = 0;
    for (const store::AuditEntry& entry : node_->audit) {
        EXPECT_EQ(entry.decision, store::Decision::accepted);
        EXPECT_EQ(entry.reason, store::Reason::ok);
        EXPECT_EQ(entry.parent, "master1");
        EXPECT_EQ(entry.zone, "master");
        EXPECT_EQ(entry.method, "event::CheckResult");
        EXPECT_EQ(entry.object_type, "Service");
        EXPECT_EQ(entry.object_name, "h!s");
        EXPECT_FALSE(entry.content) << "it is no configuration, and may hold what a grant leaves out";
        results += entry.count;
    }
    EXPECT_EQ(results, 10'000u);

    auto database = store::Database::open_in_memory();
    ASSERT_TRUE(database && store::migrate(**database));
    auto log = store::AuditLog::open(**database, node_->clock, "");
    ASSERT_TRUE(log);
    for (const store::AuditEntry& entry : node_->audit) ASSERT_TRUE((*log)->append(entry));
    EXPECT_EQ((*log)->records(), 1u);
    EXPECT_EQ((*log)->find(1)->count, 10'000u);
}

TEST_F(SchedulingTest, ResultsThatAreStillCountedAreOnRecordAtTheStop) {
    for (int i = 0; i < 3; ++i) submit(1);
    std::uint64_t results = 0;
    for (const store::AuditEntry& entry : node_->audit) results += entry.count;
    EXPECT_EQ(results, 2u);
    scheduling().stop();
    ASSERT_FALSE(node_->audit.empty());
    EXPECT_EQ(node_->audit.back().count, 1u);
    EXPECT_EQ(node_->audit.back().decision, store::Decision::accepted);
}

TEST_F(SchedulingTest, AResultThatIsTooOldIsNotOnRecord) {
    const json::Object old{{"type", "CheckResult"},
                           {"state", 2},
                           {"exit_status", 2},
                           {"output", "late"},
                           {"performance_data", nullptr},
                           {"active", false},
                           {"execution_start", 1000},
                           {"execution_end", 1000},
                           {"schedule_start", 1000},
                           {"schedule_end", 1000},
                           {"ttl", 0}};
    ask("CheckResult", {{"cr", old}});
    EXPECT_EQ(view("state"), json::Value(0));
    EXPECT_TRUE(node_->audit.empty());
}

TEST_F(SchedulingTest, WhoTakesNoPassiveResultsTakesNone) {
    submit(2, 0, "shut");
    expect_denied(store::Reason::out_of_scope, "event::CheckResult");
    EXPECT_EQ(view("state", "h!shut"), json::Value(0));
}

}  // namespace
}  // namespace endpointd::cluster
