// Pauses, and what is kept of checks: over a plan, over a restart, while the store fails.
#include "cluster/scheduling.hpp"

#include <set>

#include "scheduling_scene.hpp"

namespace endpointd::cluster {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using SchedulingKeptTest = SchedulingTest;

TEST_F(SchedulingKeptTest, AnOperatorsPauseOutlivesAPlanAndEndsAtItsTime) {
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

TEST_F(SchedulingKeptTest, AParentsPauseIsNamedWithItsEndAndCounted) {
    begin(R"({"parents":{"master1":{"grant":{"config":{},"pause":{"max_duration":"1h"}}}}})");
    EXPECT_EQ(scheduling().paused(), 0u);
    const double since = wall();
    modify("enable_active_checks", false, since - 60);
    const json::Value expected(json::Object{{"by", "master1"},
                                            {"kind", "parent"},
                                            {"since", to_rfc3339(from_unix(since))},
                                            {"until", to_rfc3339(from_unix(since + 3600))},
                                            {"also", nullptr}});
    EXPECT_EQ(view("paused"), expected);
    EXPECT_EQ(view("paused", "h!shut"), json::Value());
    EXPECT_EQ(scheduling().paused(), 1u);

    // What it shows is when it ends.
    node_->clock.advance(seconds(3599));
    node_->dispatcher.config().tick();
    plan();
    EXPECT_EQ(view("paused"), expected);
    node_->clock.advance(seconds(2));
    node_->dispatcher.config().tick();
    plan();
    EXPECT_EQ(view("paused"), json::Value());
    EXPECT_EQ(scheduling().paused(), 0u);
}

TEST_F(SchedulingKeptTest, APauseWithoutMaxDurationHasNoEnd) {
    modify("enable_active_checks", false, 5);
    const json::Value paused = view("paused");
    EXPECT_EQ(*paused.object()->find("by"), json::Value("master1"));
    EXPECT_EQ(*paused.object()->find("until"), json::Value());
    EXPECT_EQ(scheduling().paused(), 1u);
}

TEST_F(SchedulingKeptTest, WhatIsPausedTwiceNamesBothAndCountsOnce) {
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

TEST_F(SchedulingKeptTest, WhatIsConfiguredSoOrChangedOtherwiseIsNotPaused) {
    modify("check_interval", 7200, 5);
    EXPECT_EQ(view("paused"), json::Value());
    push("2", std::string(kObjects) +
                  "object Service \"off\" {\n host_name = \"h\"\n check_command = \"free\"\n"
                  " enable_active_checks = false\n}\n");
    EXPECT_EQ(view("next_check", "h!off"), json::Value());
    EXPECT_EQ(view("paused", "h!off"), json::Value());
    EXPECT_EQ(scheduling().paused(), 0u);
}

TEST_F(SchedulingKeptTest, TheTextOfTheLastResultIsKeptOverARestartAndAPlan) {
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

TEST_F(SchedulingKeptTest, AResultIsWrittenOnceAndNotWithEveryChangeOfItsState) {
    node_->clock.advance(kResultsWait);
    scheduling().wake();
    node_->kept_states.clear();
    submit(1);
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
    submit(2);
    node_->clock.advance(kStatesWait);
    scheduling().wake();
    ASSERT_EQ(node_->kept_states.size(), 3u);
    EXPECT_TRUE(node_->kept_states[2].results.empty()) << "another state, and the same words";
}

TEST_F(SchedulingKeptTest, WhatAParentSaidIsWrittenWithinASecondAndWhatACheckFoundWithinFive) {
    node_->clock.advance(kResultsWait);
    scheduling().wake();
    node_->kept_states.clear();
    check("h!s", 2);
    node_->clock.advance(kStatesWait);
    scheduling().wake();
    EXPECT_TRUE(node_->kept_states.empty());
    node_->clock.advance(kResultsWait - kStatesWait);
    scheduling().wake();
    EXPECT_EQ(node_->kept_states.size(), 1u);

    check("h!s", 2);
    acknowledge(1);
    node_->clock.advance(kStatesWait);
    scheduling().wake();
    EXPECT_EQ(node_->kept_states.size(), 2u);
}

TEST_F(SchedulingKeptTest, AThousandResultsDoNotWaitForMore) {
    push("2", std::string(kObjects) + "for (i in range(" + std::to_string(kResultsAtOnce) +
                  ")) {\n object Host \"many\" + i {\n check_command = \"free\"\n check_interval = 1d\n }\n}\n");
    node_->clock.advance(kResultsWait);
    scheduling().wake();
    node_->kept_states.clear();
    for (std::size_t i = 0; i < kResultsAtOnce; ++i) {
        ASSERT_TRUE(node_->kept_states.empty()) << i;
        ASSERT_TRUE(scheduling().check_now("many" + std::to_string(i)));
    }
    ASSERT_EQ(node_->kept_states.size(), 1u);
    EXPECT_EQ(node_->kept_states[0].states.size(), kResultsAtOnce);
}

TEST_F(SchedulingKeptTest, WhatTheStoreRefusesIsWrittenWhenItCan) {
    node_->clock.advance(kResultsWait);
    scheduling().wake();
    node_->kept_states.clear();
    node_->states_fail = true;
    ASSERT_TRUE(scheduling().pause("h!shut", {}, "root"));
    submit(2);
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

TEST_F(SchedulingKeptTest, WhatEndsOrGoesWhileTheStoreFailsIsGoneInItAfterwards) {
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

TEST_F(SchedulingKeptTest, WhatAnOperatorCannotDoIsSaid) {
    for (const Result<void>& done : {scheduling().check_now("h!no"), scheduling().pause("h!no", {}, "root"), scheduling().resume("h!no"),
                                     scheduling().resume("h!s")}) {
        ASSERT_FALSE(done);
        EXPECT_EQ(done.error().code, Errc::not_found);
    }
    EXPECT_NE(scheduling().resume("h!s").error().text.find("not paused by an operator"), std::string::npos);
}

TEST_F(SchedulingKeptTest, AResumedCheckStaysPausedIfItsConfigurationSaysSo) {
    modify("enable_active_checks", false, 5);
    ASSERT_TRUE(scheduling().pause("h!s", {}, "root"));
    ASSERT_TRUE(scheduling().resume("h!s"));
    EXPECT_EQ(view("next_check"), json::Value());
}

}  // namespace
}  // namespace endpointd::cluster
