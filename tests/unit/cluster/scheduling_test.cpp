// What parents ask of checks that are made here, and what operators do.
#include "cluster/scheduling.hpp"

#include <algorithm>
#include <chrono>

#include "fake_services.hpp"
#include "policy/filter.hpp"
#include "store/audit_log.hpp"
#include "store/database.hpp"

namespace endpointd::cluster {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr const char* kAll =
    R"({"parents":{"master1":{"grant":["config","results","recheck","pause","acknowledge","downtime","comment","passive"]}}})";
constexpr const char* kNothing = R"({"parents":{"master1":{"grant":["config","results"]}}})";

constexpr const char* kObjects =
    "object Host \"h\" {\n check_command = \"free\"\n check_interval = 1d\n max_check_attempts = 1\n}\n"
    "object Service \"s\" {\n host_name = \"h\"\n check_command = \"free\"\n check_interval = 1d\n"
    " retry_interval = 1d\n max_check_attempts = 1\n}\n"
    "object Service \"shut\" {\n host_name = \"h\"\n check_command = \"free\"\n check_interval = 1d\n"
    " enable_passive_checks = false\n}\n";

class SchedulingTest : public testing::Test {
protected:
    SchedulingTest() { begin(kAll); }

    // A node that has made the first check of each of its objects.
    void begin(const std::string& caps) {
        node_ = std::make_unique<FakeServices>(caps, true, store::StoredWanted{}, true);
        plan();
        scheduling().start();
        push("1", kObjects);
        node_->clock.advance(seconds(61));
        scheduling().wake();
        ASSERT_EQ(node_->runs.size(), 3u);
        finish_all(0);
        node_->audit.clear();
        node_->relayed.clear();
    }
    // The next process, with what this one left in the store.
    void restart() {
        scheduling().stop();
        for (const store::StateChange& change : node_->kept_states) {
            for (const store::StateKey& key : change.dropped) {
                states_.erase(key);
                results_.erase(key);
            }
            for (const auto& [key, text] : change.states) states_[key] = text;
            for (const auto& [key, text] : change.results) results_[key] = text;
        }
        node_ = std::make_unique<FakeServices>(kAll, true, store::StoredWanted{}, true);
        scheduling().load({{states_.begin(), states_.end()}, {results_.begin(), results_.end()}, {}});
        plan();
        push("1", kObjects);
    }
    Scheduling& scheduling() { return node_->dispatcher.scheduling(); }
    void plan() {
        while (!node_->evaluations.empty()) {
            EvaluationRequest request = std::move(node_->evaluations.front());
            node_->evaluations.pop_front();
            EvaluationResult result;
            result.number = request.number;
            result.plan = std::make_shared<const policy::Plan>(planner_.plan(request.wanted, request.world, request.limits));
            node_->dispatcher.config().planned(result);
        }
    }
    void push(const std::string& timestamp, const std::string& text) {
        const json::Object files{{"/_etc/a.conf", text}};
        node_->say("config::Update", R"({"update":{"web1":)" + json::to_text(files) + R"(},"update_v2":{"web1":{"/.timestamp":")" +
                                         timestamp + R"("}},"checksums":{}})");
        plan();
    }
    double wall() const { return to_unix(node_->clock.wall()); }

    // A result of every check under way, one second of the clock later.
    void finish_all(int status) {
        node_->clock.advance(seconds(1));
        for (const FakeServices::Run& run : std::exchange(node_->runs, {})) {
            exec::Outcome outcome;
            outcome.verdict = exec::Verdict::exited;
            outcome.exit_status = status;
            outcome.output = "made here";
            outcome.start = outcome.end = wall();
            run.done(std::move(outcome));
        }
    }
    void check(const std::string& name, int status) {
        ASSERT_TRUE(scheduling().check_now(name));
        ASSERT_EQ(node_->runs.size(), 1u);
        finish_all(status);
    }
    json::Value view(const std::string& member, const std::string& name = "h!s") {
        const json::Value all = scheduling().view(name);
        const json::Value* const found = all.object() ? all.object()->find(member) : nullptr;
        return found ? *found : json::Value("(no such member)");
    }

    // Of the service `s`, or of another.
    void ask(const std::string& method, const json::Object& more, const std::string& service = "s", const std::string& from = "master1") {
        json::Object params{{"host", "h"}, {"service", service}};
        for (const auto& [name, value] : more) params.set(name, value);
        node_->say("event::" + method, json::to_text(params), from);
    }
    void recheck(const std::string& service = "s", const std::string& from = "master1") {
        ask("SetNextCheck", {{"next_check", wall()}}, service, from);
    }
    void force() {
        ask("SetForceNextCheck", {{"forced", true}});
        recheck();
    }
    void acknowledge(int type, double expiry = 0) {
        ask("SetAcknowledgement", {{"author", "ops"},
                                   {"comment", "known"},
                                   {"acktype", type},
                                   {"expiry", expiry},
                                   {"notify", false},
                                   {"persistent", false},
                                   {"change_time", wall()}});
    }
    void submit(int state, double ttl = 0, const std::string& service = "s") {
        const json::Object result{{"type", "CheckResult"},
                                  {"state", state},
                                  {"exit_status", state},
                                  {"output", "by hand"},
                                  {"performance_data", json::Array{}},
                                  {"execution_start", wall()},
                                  {"execution_end", wall()},
                                  {"schedule_start", wall()},
                                  {"schedule_end", wall()},
                                  {"active", false},
                                  {"ttl", ttl}};
        ask("CheckResult", {{"cr", result}}, service);
    }
    void modify(const std::string& attribute, const json::Value& value, double version) {
        node_->say("config::UpdateObject", json::to_text(json::Object{{"type", "Service"},
                                                                      {"name", "h!s"},
                                                                      {"version", version},
                                                                      {"modified_attributes", json::Object{{attribute, value}}},
                                                                      {"original_attributes", json::Array{attribute}}}));
        plan();
    }

    std::vector<store::AuditEntry> records(store::Decision decision) const {
        std::vector<store::AuditEntry> found;
        for (const store::AuditEntry& entry : node_->audit)
            if (entry.decision == decision) found.push_back(entry);
        return found;
    }
    void expect_denied(store::Reason reason, const char* method) {
        const auto denied = records(store::Decision::denied);
        ASSERT_EQ(denied.size(), 1u);
        EXPECT_EQ(denied[0].reason, reason);
        EXPECT_EQ(denied[0].method, method);
        EXPECT_EQ(denied[0].parent, "master1");
        EXPECT_EQ(denied[0].object_type, "Service");
        EXPECT_TRUE(records(store::Decision::changed).empty());
        EXPECT_TRUE(node_->runs.empty());
        EXPECT_TRUE(node_->relayed.empty());
    }
    template <class Message>
    std::vector<FakeServices::Relayed> relayed() const {
        std::vector<FakeServices::Relayed> found;
        for (const FakeServices::Relayed& each : node_->relayed)
            if (std::holds_alternative<Message>(each.message.event)) found.push_back(each);
        return found;
    }

    std::unique_ptr<FakeServices> node_;
    std::map<store::StateKey, std::string> states_, results_;  // the store, as of the last restart()
    policy::Planner planner_;
};

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

TEST_F(SchedulingTest, AnOperatorsPauseOutlivesAPlanAndEndsAtItsTime) {
    ASSERT_TRUE(scheduling().pause("h!s", hours(1), "root"));
    EXPECT_EQ(view("next_check"), json::Value());
    push("2", std::string(kObjects) + "object Host \"more\" {\n check_command = \"free\"\n}\n");
    EXPECT_NE(view("paused"), json::Value());
    EXPECT_EQ(view("next_check"), json::Value());
    node_->audit.clear();
    node_->clock.advance(hours(1));
    scheduling().wake();
    EXPECT_EQ(view("paused"), json::Value());
    EXPECT_NE(view("next_check"), json::Value());
    const auto changed = records(store::Decision::changed);
    ASSERT_EQ(changed.size(), 1u);
    EXPECT_EQ(changed[0].detail, "resumed: the pause of root is over");
}

TEST_F(SchedulingTest, AParentsPauseIsNamedWithItsEndAndCounted) {
    begin(R"({"parents":{"master1":{"grant":{"config":{},"pause":{"max_duration":"1h"}}}}})");
    EXPECT_EQ(scheduling().paused(), 0u);
    const double since = wall() - 60;
    modify("enable_active_checks", false, since);
    const json::Value expected(json::Object{{"by", "master1"},
                                            {"kind", "parent"},
                                            {"since", to_rfc3339(from_unix(since))},
                                            {"until", to_rfc3339(from_unix(since + 3600))},
                                            {"also", nullptr}});
    EXPECT_EQ(view("paused"), expected);
    EXPECT_EQ(view("paused", "h!shut"), json::Value());
    EXPECT_EQ(scheduling().paused(), 1u);

    // What it shows is when it ends.
    node_->clock.advance(seconds(3539));
    node_->dispatcher.config().tick();
    plan();
    EXPECT_EQ(view("paused"), expected);
    node_->clock.advance(seconds(2));
    node_->dispatcher.config().tick();
    plan();
    EXPECT_EQ(view("paused"), json::Value());
    EXPECT_EQ(scheduling().paused(), 0u);
}

TEST_F(SchedulingTest, APauseWithoutMaxDurationHasNoEnd) {
    modify("enable_active_checks", false, 5);
    const json::Value paused = view("paused");
    EXPECT_EQ(*paused.object()->find("by"), json::Value("master1"));
    EXPECT_EQ(*paused.object()->find("until"), json::Value());
    EXPECT_EQ(scheduling().paused(), 1u);
}

TEST_F(SchedulingTest, WhatIsPausedTwiceNamesBothAndCountsOnce) {
    modify("enable_active_checks", false, 5);
    ASSERT_TRUE(scheduling().pause("h!s", hours(1), "root"));
    ASSERT_TRUE(scheduling().pause("h!shut", {}, "root"));
    EXPECT_EQ(scheduling().paused(), 2u);
    const json::Value paused = view("paused");
    EXPECT_EQ(*paused.object()->find("by"), json::Value("root"));
    EXPECT_EQ(*paused.object()->find("kind"), json::Value("operator"));
    EXPECT_EQ(*paused.object()->find("also")->object()->find("by"), json::Value("master1"));
    ASSERT_TRUE(scheduling().resume("h!s"));
    EXPECT_EQ(*view("paused").object()->find("by"), json::Value("master1"));
    EXPECT_EQ(scheduling().paused(), 2u);
}

TEST_F(SchedulingTest, WhatIsConfiguredSoOrChangedOtherwiseIsNotPaused) {
    modify("check_interval", 7200, 5);
    EXPECT_EQ(view("paused"), json::Value());
    push("2", std::string(kObjects) +
                  "object Service \"off\" {\n host_name = \"h\"\n check_command = \"free\"\n"
                  " enable_active_checks = false\n}\n");
    EXPECT_EQ(view("next_check", "h!off"), json::Value());
    EXPECT_EQ(view("paused", "h!off"), json::Value());
    EXPECT_EQ(scheduling().paused(), 0u);
}

TEST_F(SchedulingTest, TheTextOfTheLastResultIsKeptOverARestartAndAPlan) {
    ASSERT_TRUE(scheduling().check_now("h!s"));
    ASSERT_EQ(node_->runs.size(), 1u);
    exec::Outcome outcome;
    outcome.verdict = exec::Verdict::exited;
    outcome.exit_status = 1;
    outcome.output = "too full|a=1;2 b=3\nmore of it";
    outcome.start = outcome.end = wall();
    node_->runs[0].done(std::move(outcome));
    node_->runs.clear();
    const auto members = {"output", "performance_data", "execution_start", "last_check", "state"};
    std::map<std::string, json::Value> before;
    for (const char* member : members) before[member] = view(member);
    EXPECT_EQ(before["output"], json::Value("too full\nmore of it"));
    EXPECT_EQ(json::to_text(before["performance_data"]), R"(["a=1;2","b=3"])");

    push("2", std::string(kObjects) + "object Host \"more\" {\n check_command = \"free\"\n}\n");
    for (const char* member : members) EXPECT_EQ(view(member), before[member]) << member;
    restart();
    for (const char* member : members) EXPECT_EQ(view(member), before[member]) << member;
    EXPECT_EQ(view("output", "h!shut"), json::Value("made here"));

    // Not of what went in between, though it has the same name.
    push("2", "object Host \"h\" {\n check_command = \"free\"\n check_interval = 1d\n}\n");
    push("3", kObjects);
    EXPECT_EQ(view("output"), json::Value(""));
    restart();
    EXPECT_EQ(view("output"), json::Value(""));
    EXPECT_EQ(view("output", "h"), json::Value("made here"));
}

TEST_F(SchedulingTest, AResultIsWrittenOnceAndNotWithEveryChangeOfItsState) {
    node_->clock.advance(kStatesWait);
    scheduling().wake();
    node_->kept_states.clear();
    check("h!s", 1);
    node_->clock.advance(kStatesWait);
    scheduling().wake();
    ASSERT_EQ(node_->kept_states.size(), 1u);
    EXPECT_EQ(node_->kept_states[0].results.size(), 1u);
    ask("SetNextCheck", {{"next_check", wall() + 3600}});
    node_->clock.advance(kStatesWait);
    scheduling().wake();
    ASSERT_EQ(node_->kept_states.size(), 2u);
    EXPECT_EQ(node_->kept_states[1].states.size(), 1u);
    EXPECT_TRUE(node_->kept_states[1].results.empty());
}

TEST_F(SchedulingTest, WhatTheStoreRefusesIsWrittenWhenItCan) {
    node_->clock.advance(kStatesWait);
    scheduling().wake();
    node_->kept_states.clear();
    node_->states_fail = true;
    ASSERT_TRUE(scheduling().pause("h!shut", {}, "root"));
    check("h!s", 2);
    const json::Value last = view("last_check");
    for (int i = 0; i < 3; ++i) {
        node_->clock.advance(kStatesRetry);
        scheduling().wake();
    }
    EXPECT_TRUE(node_->kept_states.empty());
    EXPECT_EQ(node_->refused_states.size(), 4u) << "at the pause, and then all of it at each try";
    EXPECT_EQ(scheduling().unwritten(), 2u);
    node_->clock.advance(kStatesWait);
    scheduling().wake();
    EXPECT_EQ(node_->refused_states.size(), 4u) << "a store that is full is not asked each second";

    node_->states_fail = false;
    ASSERT_TRUE(node_->wake_at);
    node_->clock.advance(std::chrono::ceil<Duration>(*node_->wake_at - node_->clock.steady()));
    scheduling().wake();
    EXPECT_EQ(scheduling().unwritten(), 0u);
    ASSERT_EQ(node_->kept_states.size(), 1u);
    const store::StateChange& change = node_->kept_states[0];
    std::set<store::StateKey> written;
    for (const auto& [key, text] : change.states) written.insert(key);
    const std::set<store::StateKey> expected{{"Pause", "h!shut"}, {"Service", "h!s"}};
    EXPECT_EQ(written, expected);
    ASSERT_EQ(change.results.size(), 1u);
    EXPECT_EQ(change.results[0].first.name, "h!s");

    // And nothing is written twice.
    node_->clock.advance(kStatesRetry);
    scheduling().wake();
    EXPECT_EQ(node_->kept_states.size(), 1u);
    restart();
    EXPECT_EQ(view("last_check"), last);
    EXPECT_NE(view("paused", "h!shut"), json::Value());
}

TEST_F(SchedulingTest, WhatEndsOrGoesWhileTheStoreFailsIsGoneInItAfterwards) {
    ASSERT_TRUE(scheduling().pause("h!s", {}, "root"));
    ask("SetNextCheck", {{"next_check", wall() + 3600}}, "shut");
    node_->clock.advance(kStatesWait);
    scheduling().wake();
    node_->states_fail = true;
    ASSERT_TRUE(scheduling().resume("h!s"));
    push("2", "object Host \"h\" {\n check_command = \"free\"\n check_interval = 1d\n}\n");
    node_->clock.advance(kStatesRetry);
    scheduling().wake();
    ASSERT_TRUE(scheduling().pause("h", {}, "root"));
    ASSERT_TRUE(scheduling().resume("h"));
    node_->states_fail = false;
    node_->kept_states.clear();
    node_->clock.advance(kStatesRetry);
    scheduling().wake();
    ASSERT_EQ(node_->kept_states.size(), 1u);
    const std::vector<store::StateKey>& dropped = node_->kept_states[0].dropped;
    const std::set<store::StateKey> expected{{"Pause", "h"}, {"Pause", "h!s"}, {"Service", "h!s"}, {"Service", "h!shut"}};
    EXPECT_EQ(std::set(dropped.begin(), dropped.end()), expected);
}

TEST_F(SchedulingTest, WhatAnOperatorCannotDoIsSaid) {
    for (const Result<void>& done : {scheduling().check_now("h!no"), scheduling().pause("h!no", {}, "root"), scheduling().resume("h!no"),
                                     scheduling().resume("h!s")}) {
        ASSERT_FALSE(done);
        EXPECT_EQ(done.error().code, Errc::not_found);
    }
    EXPECT_NE(scheduling().resume("h!s").error().text.find("not paused by an operator"), std::string::npos);
}

TEST_F(SchedulingTest, AResumedCheckStaysPausedIfItsConfigurationSaysSo) {
    modify("enable_active_checks", false, 5);
    ASSERT_TRUE(scheduling().pause("h!s", {}, "root"));
    ASSERT_TRUE(scheduling().resume("h!s"));
    EXPECT_EQ(view("next_check"), json::Value());
}

}  // namespace
}  // namespace endpointd::cluster
