// Plugins gone bad: each ends within its limits, leaves nothing behind, and the
// next check runs as if nothing had been.

#include <gmock/gmock.h>
#include <signal.h>

#include "runner_fixture.hpp"

namespace endpointd::exec {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

class BadPluginTest : public RunnerFixture {
protected:
    void SetUp() override { add_plugin("ok"); }
    void next_check_runs() {
        EXPECT_TRUE(all_gone());
        const Outcome next = run("ok");
        EXPECT_EQ(next.verdict, Verdict::exited);
        EXPECT_EQ(next.output, "OK - \n");
        run_until([this] { return nothing_but_spawners(); });  // zombies are gone, too
    }
};

TEST_F(BadPluginTest, OneThatIgnoresTermIsKilledAtElevenTenthsOfItsTime) {
    add_plugin("ignores_term", R"("timeout": "500ms")");
    start();
    const Outcome outcome = run("ignores_term");
    EXPECT_EQ(outcome.verdict, Verdict::timed_out);
    EXPECT_EQ(outcome.signal, SIGKILL);
    EXPECT_EQ(outcome.exit_status, 128);
    EXPECT_EQ(outcome.output, "still here\n");
    EXPECT_GE(outcome.end - outcome.start, 0.55);
    EXPECT_EQ(client_->counters().timeouts, 1U);
    next_check_runs();
}

TEST_F(BadPluginTest, OneThatHangsIsTerminatedInTime) {
    add_plugin("sleeps", R"("timeout": "1h")");
    start();
    const Outcome outcome = run("sleeps", {}, milliseconds(200));
    EXPECT_EQ(outcome.verdict, Verdict::timed_out);
    EXPECT_EQ(outcome.signal, SIGTERM);
    EXPECT_GE(outcome.end - outcome.start, 0.2);
    next_check_runs();
}

TEST_F(BadPluginTest, AParentCanOnlyShortenTheTime) {
    add_plugin("sleeps", R"("timeout": "200ms")");
    start();
    EXPECT_EQ(run("sleeps", {}, std::chrono::hours(1)).verdict, Verdict::timed_out);
    next_check_runs();
}

TEST_F(BadPluginTest, OneWithoutATimeOfItsOwnGetsTheSettings) {
    settings(R"({ "runner": { "timeout": "1s" } })");
    add_plugin("sleeps");
    start();
    EXPECT_EQ(run("sleeps").verdict, Verdict::timed_out);
    next_check_runs();
}

TEST_F(BadPluginTest, OneThatDaemonisesLeavesNothing) {
    add_plugin("daemonises");
    start();
    const Outcome outcome = run("daemonises");
    EXPECT_EQ(outcome.verdict, Verdict::exited);
    EXPECT_EQ(outcome.output, "OK - daemonised\n");
    next_check_runs();
}

TEST_F(BadPluginTest, OneWhosePipeIsHeldOpenIsNotWaitedFor) {
    add_plugin("holds_the_pipe");
    start();
    const Outcome outcome = run("holds_the_pipe");
    EXPECT_EQ(outcome.verdict, Verdict::exited);
    EXPECT_EQ(outcome.exit_status, 1);
    EXPECT_EQ(outcome.output, "WARNING - holding\n");
    next_check_runs();
}

TEST_F(BadPluginTest, BackgroundChildrenGoWithTheirGroup) {
    add_plugin("leaves_children");
    start();
    EXPECT_EQ(run("leaves_children").output, "OK - left two\n");
    next_check_runs();
}

TEST_F(BadPluginTest, OneThatClosesItsOutputKeepsItsStatus) {
    add_plugin("closes_stdout");
    start();
    const Outcome outcome = run("closes_stdout");
    EXPECT_EQ(outcome.exit_status, 2);
    EXPECT_EQ(outcome.output, "CRITICAL - closed\n");
    next_check_runs();
}

TEST_F(BadPluginTest, OutputIsCappedAndTheRestDropped) {
    settings(R"({ "runner": { "max_output": "100KiB" } })");
    add_plugin("writes_much");
    start();
    const Outcome outcome = run("writes_much");
    EXPECT_EQ(outcome.verdict, Verdict::exited);
    EXPECT_EQ(outcome.exit_status, 1) << "it was not blocked, it came to its end";
    EXPECT_EQ(outcome.output, std::string(100 * 1024, 'x'));
    EXPECT_TRUE(outcome.truncated);
    next_check_runs();
}

TEST_F(BadPluginTest, OneThatWritesForEverIsEnded) {
    add_plugin("writes_for_ever", R"("timeout": "300ms")");
    start();
    const Outcome outcome = run("writes_for_ever");
    EXPECT_EQ(outcome.verdict, Verdict::timed_out);
    EXPECT_EQ(outcome.output.size(), 64U * 1024);
    next_check_runs();
}

TEST_F(BadPluginTest, AStatusOf128IsAStatus) {
    add_plugin("exits_128");
    start();
    const Outcome outcome = run("exits_128");
    EXPECT_EQ(outcome.verdict, Verdict::exited);
    EXPECT_EQ(outcome.exit_status, 128);
    next_check_runs();
}

TEST_F(BadPluginTest, ASignalIsNamed) {
    add_plugin("kills_itself");
    start();
    const Outcome outcome = run("kills_itself");
    EXPECT_EQ(outcome.verdict, Verdict::signalled);
    EXPECT_EQ(outcome.signal, SIGSEGV);
    EXPECT_EQ(outcome.exit_status, 128);
    EXPECT_THAT(outcome.output, HasSubstr("last words\n"));
    next_check_runs();
}

TEST_F(BadPluginTest, BytesComeAsTheyAre) {
    add_plugin("binary_output");
    start();
    EXPECT_EQ(run("binary_output").output, std::string("a\0b\377cerr", 8));
    next_check_runs();
}

TEST_F(BadPluginTest, AHelperThatLeftTheGroupLivesAsLongAsItsPlugin) {
    add_plugin("needs_its_helper", R"("sandbox": { "write": [")" + scratch() + R"("] })");
    start();
    std::optional<Outcome> outcome;
    client_->run({"needs_its_helper", RunKind::check, Duration(0), {}}, [&outcome](Outcome result) { outcome = std::move(result); });
    // Other runs end meanwhile, and each end is a look at the orphans.
    while (!outcome) EXPECT_EQ(run("ok").verdict, Verdict::exited);
    EXPECT_EQ(outcome->output, "helped\n");
    next_check_runs();
}

TEST_F(BadPluginTest, ManyOfThemAtOnceAreAllGone) {
    for (const char* name : {"daemonises", "holds_the_pipe", "leaves_children", "kills_itself"}) add_plugin(name);
    add_plugin("ignores_term", R"("timeout": "300ms")");
    start();
    int left = 0;
    for (int i = 0; i < 20; ++i) {
        for (const char* name : {"daemonises", "holds_the_pipe", "leaves_children", "kills_itself", "ignores_term"}) {
            ++left;
            client_->run({name, RunKind::check, Duration(0), {}}, [&left](const Outcome&) { --left; });
        }
    }
    run_until([&left] { return left == 0; });
    next_check_runs();
}

}  // namespace
}  // namespace endpointd::exec
