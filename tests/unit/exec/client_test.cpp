// The daemon's end: queue, places, cancelling.

#include <gmock/gmock.h>
#include <signal.h>

#include "runner_fixture.hpp"

namespace endpointd::exec {
namespace {

class ClientTest : public RunnerFixture {
protected:
    RunId run_in_background(const std::string& command) {
        return client_->run({command, RunKind::check, Duration(0), {}},
                            [this](Outcome outcome) { outcomes_.push_back(std::move(outcome)); });
    }
    void wait_for(std::size_t count) {
        run_until([this, count] { return outcomes_.size() == count; });
    }
    std::vector<Outcome> outcomes_;
};

TEST_F(ClientTest, ThousandsMayWaitAndAllAreRun) {
    add_command("true", "/usr/bin/true");
    start();
    constexpr std::size_t kMany = 3000;
    for (std::size_t i = 0; i < kMany; ++i) run_in_background("true");
    EXPECT_EQ(client_->counters().running, 64U);
    EXPECT_EQ(client_->counters().queued, kMany - 64);
    wait_for(kMany);
    for (const Outcome& outcome : outcomes_) ASSERT_EQ(outcome.verdict, Verdict::exited);
    EXPECT_EQ(client_->counters().executed, kMany);
    run_until([this] { return nothing_but_spawners(); });
}

TEST_F(ClientTest, NeverRunsMoreThanItMay) {
    settings(R"({ "runner": { "max_concurrent": 2 } })");
    add_plugin("sleeps");
    start({.max_concurrent = 5, .queue = 10});
    for (int i = 0; i < 5; ++i) run_in_background("sleeps");
    run_until([this] { return plugins_left().size() == 2; });
    EXPECT_EQ(client_->counters().running, 5U) << "the runner holds its own limit, whatever it is sent";
}

TEST_F(ClientTest, RefusesWhatTheQueueDoesNotHold) {
    add_plugin("sleeps", R"("timeout": "200ms")");
    start({.max_concurrent = 1, .queue = 2});
    for (int i = 0; i < 4; ++i) run_in_background("sleeps");
    EXPECT_TRUE(outcomes_.empty()) << "never from within the call";
    wait_for(4);
    EXPECT_EQ(outcomes_[0].verdict, Verdict::refused);
    EXPECT_EQ(outcomes_[0].refusal, Refusal::limit);
    EXPECT_EQ(outcomes_[3].verdict, Verdict::timed_out);
    EXPECT_EQ(client_->counters().refused, 1U);
}

TEST_F(ClientTest, CancelsWhatWaitsAndWhatRuns) {
    add_plugin("sleeps");
    add_plugin("ignores_term");
    start({.max_concurrent = 2, .queue = 10});
    const RunId polite = run_in_background("sleeps");
    const RunId stubborn = run_in_background("ignores_term");
    const RunId waiting = run_in_background("sleeps");
    run_until([this] { return plugins_left().size() == 3; });
    client_->cancel(waiting);
    wait_for(1);
    EXPECT_EQ(outcomes_[0].verdict, Verdict::cancelled);
    EXPECT_FALSE(outcomes_[0].ran());
    client_->cancel(polite);
    wait_for(2);
    EXPECT_EQ(outcomes_[1].verdict, Verdict::cancelled);
    EXPECT_EQ(outcomes_[1].signal, SIGTERM);
    client_->cancel(stubborn);
    client_->cancel(stubborn);
    wait_for(3);
    EXPECT_EQ(outcomes_[2].signal, SIGKILL);
    EXPECT_EQ(outcomes_[2].output, "still here\n");
    client_->cancel(polite);
    client_->cancel(987654);
    EXPECT_TRUE(all_gone());
}

TEST_F(ClientTest, NothingStartsAfterItsDeadlineOrOutlivesIt) {
    add_plugin("sleeps");
    start({.max_concurrent = 1, .queue = 10});
    const SteadyTime now = SystemClock().steady();
    const auto run_until_deadline = [this](SteadyTime deadline) {
        client_->run({"sleeps", RunKind::check, Duration(0), {}, deadline},
                     [this](Outcome outcome) { outcomes_.push_back(std::move(outcome)); });
    };
    run_until_deadline(now + std::chrono::milliseconds(500));
    run_until_deadline(now + std::chrono::milliseconds(250));  // waits for the first
    wait_for(2);
    EXPECT_EQ(outcomes_[0].verdict, Verdict::timed_out) << "its own time is longer";
    EXPECT_EQ(outcomes_[1].verdict, Verdict::cancelled);
    EXPECT_FALSE(outcomes_[1].ran());
    EXPECT_EQ(client_->counters().refused, 0U);
}

TEST_F(ClientTest, CarriesLargeParametersAndLargeOutput) {
    settings(R"({ "runner": { "max_output": "1MiB" } })");
    add_command("words", plugin("prints_arguments"),
                R"("arguments": { "-p": { "value": "$p$", "skip_key": true } },
                   "parameters": { "p": { "type": "array", "items": { "pattern": "x*" } } })");
    start();
    json::Array words(40, json::Value(std::string(4096, 'x')));
    const Outcome outcome = run("words", {{"p", words}});
    ASSERT_EQ(outcome.verdict, Verdict::exited) << outcome.text;
    EXPECT_EQ(outcome.output.size(), 40U * 4098);
    EXPECT_EQ(outcome.argv.size(), 41U);
    EXPECT_EQ(run("words", {{"p", json::Array(1000, json::Value(std::string(4096, 'x')))}}).refusal, Refusal::limit);
    EXPECT_EQ(run("words").verdict, Verdict::exited);
}

TEST_F(ClientTest, MayBeDestroyedFromACallback) {
    add_command("true", "/usr/bin/true");
    start();
    bool called = false;
    for (int i = 0; i < 10; ++i) {
        client_->run({"true", RunKind::check, Duration(0), {}}, [this, &called](const Outcome&) {
            EXPECT_FALSE(called) << "no callback after the end";
            called = true;
            client_.reset();
        });
    }
    run_until([&called] { return called; });
    io_.restart();
    io_.run_for(std::chrono::milliseconds(50));
}

TEST_F(ClientTest, RefusesARunAfterItsEnd) {
    start();
    stop();
    run_in_background("x");
    io_.restart();
    io_.run_for(std::chrono::milliseconds(20));
    EXPECT_TRUE(outcomes_.empty() || outcomes_[0].refusal == Refusal::unavailable);
}

}  // namespace
}  // namespace endpointd::exec
