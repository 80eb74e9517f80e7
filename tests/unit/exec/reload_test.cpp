// The runner's half of a reload: load and compare first, switch afterwards.

#include <gmock/gmock.h>
#include <unistd.h>

#include "files/digest.hpp"
#include "runner_fixture.hpp"

namespace endpointd::exec {
namespace {

class ReloadTest : public RunnerFixture {
protected:
    Result<ReloadAnswer> prepare() {
        std::optional<Result<ReloadAnswer>> answer;
        client_->prepare_reload([&answer](Result<ReloadAnswer> result) { answer = std::move(result); });
        run_until([&answer] { return answer.has_value(); });
        return answer.value_or(fail(Errc::timed_out, "no answer"));
    }
    bool commit() {
        std::optional<Result<void>> answer;
        client_->commit_reload([&answer](Result<void> result) { answer = std::move(result); });
        run_until([&answer] { return answer.has_value(); });
        return answer && answer->has_value();
    }
};

TEST_F(ReloadTest, SwitchesOnlyWhenItIsCommitted) {
    add_plugin("ok");
    start();
    const std::string before = digest_;
    add_command("new", plugin("ok"));
    const auto answer = prepare();
    ASSERT_TRUE(answer.has_value()) << answer.error().text;
    EXPECT_EQ(answer->digest.size(), 64U);
    EXPECT_NE(answer->digest, before);
    EXPECT_FALSE(answer->restarts_runner);
    EXPECT_EQ(run("new").refusal, Refusal::unknown_command);
    EXPECT_TRUE(commit());
    EXPECT_EQ(run("new").verdict, Verdict::exited);
    EXPECT_EQ(client_->counters().restarts, 0U);
}

TEST_F(ReloadTest, KeepsTheOldOneWhenItIsAborted) {
    add_plugin("ok");
    start();
    add_command("new", plugin("ok"));
    ASSERT_TRUE(prepare().has_value());
    client_->abort_reload();
    EXPECT_EQ(run("new").refusal, Refusal::unknown_command);
    EXPECT_TRUE(prepare().has_value()) << "and can be asked again";
}

TEST_F(ReloadTest, KeepsTheOldOneWhenTheNewIsBroken) {
    add_plugin("ok");
    start();
    write_catalog("broken.json", "{ nonsense");
    const auto answer = prepare();
    ASSERT_FALSE(answer.has_value());
    EXPECT_EQ(answer.error().code, Errc::invalid);
    EXPECT_THAT(answer.error().text, testing::HasSubstr("catalog.d/broken.json:1:"));
    EXPECT_EQ(run("ok").verdict, Verdict::exited);
}

TEST_F(ReloadTest, NeverEndsARunningPlugin) {
    add_plugin("needs_its_helper", R"("sandbox": { "write": [")" + scratch() + R"("] })");
    start();
    std::optional<Outcome> outcome;
    client_->run({"needs_its_helper", RunKind::check, Duration(0), {}}, [&outcome](Outcome result) { outcome = std::move(result); });
    ::unlink((directory_.path() + "/config/catalog.d/needs_its_helper.json").c_str());
    add_plugin("ok");
    ASSERT_TRUE(prepare().has_value());
    ASSERT_TRUE(commit());
    EXPECT_EQ(run("ok").verdict, Verdict::exited);
    EXPECT_EQ(run("needs_its_helper").refusal, Refusal::unknown_command);
    run_until([&outcome] { return outcome.has_value(); });
    EXPECT_EQ(outcome->output, "helped\n");
}

TEST_F(ReloadTest, TakesChangedLimitsOver) {
    add_plugin("sleeps");
    start();
    settings(R"({ "runner": { "timeout": "1s" } })");
    ASSERT_TRUE(prepare().has_value());
    ASSERT_TRUE(commit());
    EXPECT_EQ(run("sleeps").verdict, Verdict::timed_out);
}

TEST_F(ReloadTest, IsRefusedWhileOneIsUnderWay) {
    start();
    std::vector<Result<ReloadAnswer>> answers;
    for (int i = 0; i < 2; ++i) client_->prepare_reload([&answers](Result<ReloadAnswer> result) { answers.push_back(std::move(result)); });
    run_until([&answers] { return answers.size() == 2; });
    EXPECT_EQ(static_cast<int>(answers[0].has_value()) + static_cast<int>(answers[1].has_value()), 1);
}

TEST_F(ReloadTest, StartsTheRunnerAnewWhenItsRightsChange) {
    if (!is_root()) GTEST_SKIP() << "only root has rights to change";
    add_plugin("describes_itself");
    start();
    const pid_t first = runner_pid();
    add_command("other", plugin("describes_itself"), R"("run_as": "daemon")");
    auto answer = prepare();
    ASSERT_TRUE(answer.has_value()) << answer.error().text;
    EXPECT_TRUE(answer->restarts_runner);
    ASSERT_TRUE(commit());
    EXPECT_THAT(run("other").output, testing::HasSubstr("uid=1 "));  // waits for the new runner
    EXPECT_NE(runner_pid(), first);
    EXPECT_EQ(digest_, answer->digest);
    ::unlink((directory_.path() + "/config/catalog.d/other.json").c_str());
    answer = prepare();
    ASSERT_TRUE(answer.has_value());
    EXPECT_TRUE(answer->restarts_runner) << "rights that are no longer needed go";
    client_->abort_reload();
    EXPECT_THAT(run("describes_itself").output, testing::HasSubstr("uid=" + std::to_string(daemon_uid()) + " "));
}

}  // namespace
}  // namespace endpointd::exec
