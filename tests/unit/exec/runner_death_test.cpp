// What happens when a process of ours dies, and how all of them end.

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

#include "runner_fixture.hpp"

namespace endpointd::exec {
namespace {

class RunnerDeathTest : public RunnerFixture {
protected:
    void run_in_background(const std::string& command) {
        client_->run({command, RunKind::check, Duration(0), {}}, [this](Outcome outcome) { outcomes_.push_back(std::move(outcome)); });
    }
    void wait_for_plugins(std::size_t count) {
        run_until([this, count] { return plugins_left().size() >= count; });
    }
    std::vector<Outcome> outcomes_;
};

TEST_F(RunnerDeathTest, EndsWhatWasUnderWayAndGoesOnWithANewOne) {
    add_plugin("ok");
    add_plugin("sleeps");
    add_plugin("daemonises");
    start();
    run_in_background("sleeps");
    run_in_background("sleeps");
    wait_for_plugins(2);
    const pid_t first = runner_pid();
    ::kill(first, SIGKILL);
    run_until([this] { return outcomes_.size() == 2; });
    for (const Outcome& outcome : outcomes_) {
        EXPECT_EQ(outcome.verdict, Verdict::runner_died);
        EXPECT_EQ(outcome.text, "runner died while 'sleeps' ran");
        EXPECT_TRUE(outcome.ran());
    }
    EXPECT_EQ(run("ok").verdict, Verdict::exited);  // waits for the next runner
    EXPECT_TRUE(plugins_left().empty()) << "what a dead runner left is gone before the next one runs anything";
    EXPECT_NE(runner_pid(), first);
    EXPECT_EQ(client_->counters().restarts, 1U);
    EXPECT_EQ(ready_, 2);
}

TEST_F(RunnerDeathTest, KeepsWhatWaits) {
    add_plugin("ok");
    add_plugin("sleeps");
    start({.max_concurrent = 1, .queue = 10});
    run_in_background("sleeps");
    for (int i = 0; i < 5; ++i) run_in_background("ok");
    wait_for_plugins(1);
    EXPECT_EQ(client_->counters().queued, 5U);
    ::kill(runner_pid(), SIGKILL);
    run_until([this] { return outcomes_.size() == 6; });
    EXPECT_EQ(outcomes_[0].verdict, Verdict::runner_died);
    for (std::size_t i = 1; i < 6; ++i) EXPECT_EQ(outcomes_[i].output, "OK - \n");
}

TEST_F(RunnerDeathTest, ADeadSpawnerIsReplaced) {
    add_plugin("ok");
    start();
    ASSERT_EQ(run("ok").verdict, Verdict::exited);
    const auto before = spawners();
    ASSERT_FALSE(before.empty());
    for (const pid_t pid : before) ::kill(pid, SIGKILL);
    run_until([&] { return !exists(before.front()); });
    // The runner may not have seen it yet: then this one command is lost, and says so.
    const Outcome outcome = run("ok");
    if (outcome.verdict == Verdict::runner_died) {
        EXPECT_EQ(outcome.text, "spawner died while 'ok' was started");
    }
    EXPECT_EQ(run("ok").output, "OK - \n");
    EXPECT_EQ(client_->counters().restarts, 0U);
}

TEST_F(RunnerDeathTest, ARunningPluginOutlivesItsSpawner) {
    add_plugin("needs_its_helper", R"("sandbox": { "write": [")" + scratch() + R"("] })");
    start();
    run_in_background("needs_its_helper");
    wait_for_plugins(3);
    for (const pid_t pid : spawners()) ::kill(pid, SIGKILL);
    run_until([this] { return !outcomes_.empty(); });
    EXPECT_EQ(outcomes_[0].output, "helped\n");
}

TEST_F(RunnerDeathTest, AStopWaitsForWhatEndsAndNotForWhatDoesNot) {
    add_plugin("ok");
    add_plugin("ignores_term");
    start({.max_concurrent = 1, .queue = 10});
    run_in_background("ignores_term");
    run_in_background("ok");
    wait_for_plugins(2);
    const auto begun = clock_.steady();
    stop();
    EXPECT_GE(clock_.steady() - begun, kStopPatience);
    ASSERT_EQ(outcomes_.size(), 2U);
    EXPECT_EQ(outcomes_[0].verdict, Verdict::cancelled);
    EXPECT_EQ(outcomes_[0].argv.size(), 0U) << "it never ran";
    EXPECT_EQ(outcomes_[1].verdict, Verdict::cancelled);
    EXPECT_EQ(outcomes_[1].signal, SIGKILL);
    EXPECT_TRUE(all_gone());
    EXPECT_EQ(::waitpid(starter_, nullptr, 0), starter_) << "the starter ends as well";
    starter_ = 0;
}

TEST_F(RunnerDeathTest, EverythingEndsWhenTheDaemonDoes) {
    for (const char* name : {"ignores_term", "daemonises", "sleeps"}) add_plugin(name);
    start();
    run_in_background("ignores_term");
    run_in_background("sleeps");
    wait_for_plugins(3);
    const pid_t runner = runner_pid();
    client_.reset();  // as if it had been killed: the sockets close
    int status = -1;
    EXPECT_EQ(::waitpid(starter_, &status, 0), starter_);
    starter_ = 0;
    EXPECT_EQ(status, 0);
    EXPECT_FALSE(exists(runner));
    EXPECT_TRUE(plugins_left().empty());
}

TEST_F(RunnerDeathTest, TheDaemonHearsThatTheStarterIsGone) {
    start();
    ::kill(starter_, SIGKILL);
    run_until([this] { return starter_gone_; });
}

TEST_F(RunnerDeathTest, TerminalAndSupervisorSignalsAreTheDaemonsToAnswer) {
    add_plugin("ok");
    start();
    ASSERT_EQ(run("ok").verdict, Verdict::exited);
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGQUIT}) {
        ::kill(starter_, number);
        ::kill(runner_pid(), number);
        for (const pid_t pid : spawners()) ::kill(pid, number);
    }
    EXPECT_EQ(run("ok").verdict, Verdict::exited);
    EXPECT_EQ(client_->counters().restarts, 0U);
}

TEST_F(RunnerDeathTest, TheDaemonCanHaveItStartedAnewWhenIdle) {
    add_plugin("ok");
    add_plugin("closes_stdout");
    start();
    const pid_t first = runner_pid();
    run_in_background("closes_stdout");
    client_->restart_runner();
    run_in_background("ok");
    run_until([this] { return outcomes_.size() == 2; });
    EXPECT_EQ(outcomes_[0].exit_status, 2) << "it was let finish";
    EXPECT_EQ(outcomes_[1].output, "OK - \n");
    EXPECT_NE(runner_pid(), first);
}

TEST_F(RunnerDeathTest, ABrokenCatalogIsReportedInWords) {
    write_catalog("broken.json", "{ \"commands\": { \"x\": { \"kind\": \"check\" } } }");
    start();
    ASSERT_TRUE(not_ready_.has_value());
    EXPECT_THAT(*not_ready_, testing::HasSubstr("catalog.d/broken.json:1:"));
    EXPECT_FALSE(client_->counters().connected);
}

TEST_F(RunnerDeathTest, ALooseCatalogIsReportedInWords) {
    add_plugin("ok");
    directory_.write("config/catalog.d/ok.json", "{}", 0666);
    start();
    ASSERT_TRUE(not_ready_.has_value());
    EXPECT_THAT(*not_ready_, testing::HasSubstr("is writable by group or others"));
}

TEST_F(RunnerDeathTest, TheStarterOpensTheSettings) {
    settings("{ \"log\": { \"level\": \"error\" } }");
    start();
    std::optional<Result<UniqueFd>> answer;
    const auto ask = [&] {
        answer.reset();
        client_->open_settings([&answer](Result<UniqueFd> result) { answer = std::move(result); });
        run_until([&answer] { return answer.has_value(); });
    };
    ask();
    ASSERT_TRUE(answer->has_value());
    std::array<char, 100> text{};
    EXPECT_GT(::read((*answer)->get(), text.data(), text.size() - 1), 0);
    EXPECT_STREQ(text.data(), "{ \"log\": { \"level\": \"error\" } }");
    ::unlink((directory_.path() + "/config/endpointd.json").c_str());
    ask();
    EXPECT_EQ(answer->error().code, Errc::not_found);
    directory_.write("config/endpointd.json", "{}", 0666);
    ask();
    EXPECT_EQ(answer->error().code, Errc::invalid);
}

TEST(Starter, SaysThatTheRunnersProgramIsMissing) {
    const auto starter = fork_starter({"/c", "/s", "/r", "/no/such/endpointd-runner", STARTER_PATH, std::nullopt});
    ASSERT_FALSE(starter.has_value());
    EXPECT_EQ(starter.error().code, Errc::not_found);
    EXPECT_EQ(starter.error().text, "the runner's program /no/such/endpointd-runner: No such file or directory");
}

}  // namespace
}  // namespace endpointd::exec
