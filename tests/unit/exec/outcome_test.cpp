// What a run leaves behind, in words and numbers, with the real runner.

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "files/digest.hpp"
#include "runner_fixture.hpp"

namespace endpointd::exec {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class OutcomeTest : public RunnerFixture {};

TEST_F(OutcomeTest, HoldsOutputStatusArgvAndTimes) {
    const std::string path = plugin("ok");
    add_command("greets", path, R"("arguments": { "-n": "$name$" }, "parameters": { "name": { "pattern": "[a-z]+" } })");
    start();
    const Outcome outcome = run("greets", {{"name", "web"}});
    EXPECT_EQ(outcome.verdict, Verdict::exited);
    EXPECT_EQ(outcome.exit_status, 0);
    EXPECT_EQ(outcome.output, "OK - -n web\n");
    EXPECT_THAT(outcome.argv, ElementsAre(path, "-n", "web"));
    EXPECT_NEAR(outcome.start, to_unix(clock_.wall()), 60);
    EXPECT_GE(outcome.end, outcome.start);
    EXPECT_FALSE(outcome.truncated);
}

TEST_F(OutcomeTest, RunsBinariesByTheirDescriptor) {
    add_command("true", "/usr/bin/true");
    add_command("false", "/usr/bin/false");
    start();
    EXPECT_EQ(run("true").exit_status, 0);
    EXPECT_EQ(run("false").exit_status, 1);
    const RunnerCounters counters = client_->counters();
    EXPECT_EQ(counters.executed, 2U);
    EXPECT_EQ(counters.running, 0U);
    EXPECT_EQ(counters.refused, 0U);
}

TEST_F(OutcomeTest, GivesAPluginACleanPlace) {
    add_plugin("describes_itself");
    start();
    const std::string output = run("describes_itself").output;
    EXPECT_THAT(output, HasSubstr("uid=" + std::to_string(daemon_uid()) + " "));
    EXPECT_THAT(output, HasSubstr("nice=" + std::to_string(std::min(::nice(0) + 5, 19)) + " cwd=/ umask=0022 core=0\n"));
    EXPECT_THAT(output, HasSubstr("SigBlk:\t0000000000000000\n"));
    EXPECT_THAT(output, HasSubstr("SigIgn:\t0000000000000000\n"));
    EXPECT_THAT(output, HasSubstr("leads its session\n"));
    EXPECT_THAT(output, HasSubstr("stdin=/dev/null\n"));
    // 10 or 255 is the shell's own copy of the script.
    EXPECT_THAT(output, testing::ContainsRegex("stdin=/dev/null\nfd 0\nfd 1\n(fd 10\n)?fd 2\n(fd 255\n)?fd 3\nenvironment:"));
    EXPECT_THAT(
        output.substr(output.find("environment:")),
        HasSubstr("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\nLANG=C.UTF-8\nLC_NUMERIC=C\nHOME=/\nFIXTURE=" +
                  directory_.path() + "\n"));
    EXPECT_THAT(output, Not(HasSubstr("ASAN_OPTIONS")));
}

TEST_F(OutcomeTest, KeepsEveryWordOfAnArrayApart) {
    add_command("words", plugin("prints_arguments"),
                R"("arguments": { "-p": { "value": "$p$" } }, "parameters": { "p": { "type": "array", "items": { "pattern": ".*" } } })");
    start();
    EXPECT_EQ(run("words", {{"p", json::Array{"a b", "$(id)", "'; id", "*"}}}).output, "[-p][a b][-p][$(id)][-p]['; id][-p][*]");
}

TEST_F(OutcomeTest, NamesTheReasonOfAProgramThatIsNotThere) {
    const std::string path = directory_.path() + "/plugins/none";
    add_command("none", path);
    start();
    const Outcome outcome = run("none");
    EXPECT_EQ(outcome.verdict, Verdict::spawn_failed);
    EXPECT_EQ(outcome.exit_status, 128);
    EXPECT_EQ(outcome.output, "execvpe(" + path + ") failed: No such file or directory\n");
    EXPECT_THAT(outcome.argv, ElementsAre(path));
}

TEST_F(OutcomeTest, NamesTheReasonOfAFailedExec) {
    const std::string no_interpreter = directory_.write("plugins/bad", "#!/no/such/interpreter\n", 0755);
    const std::string no_format = directory_.write("plugins/text", "just text\n", 0755);
    const std::string not_executable = directory_.write("plugins/plain", "#!/bin/sh\n", 0644);
    add_command("interpreter", no_interpreter);
    add_command("format", no_format);
    add_command("mode", not_executable);
    add_plugin("ok");
    start();
    for (int i = 0; i < 3; ++i) {
        const Outcome outcome = run("interpreter");
        EXPECT_EQ(outcome.verdict, Verdict::spawn_failed);
        EXPECT_EQ(outcome.output, "execvpe(" + no_interpreter + ") failed: No such file or directory\n");
        EXPECT_EQ(run("format").output, "execvpe(" + no_format + ") failed: Exec format error\n");
        EXPECT_EQ(run("mode").output, "execvpe(" + not_executable + ") failed: Permission denied\n");
    }
    EXPECT_EQ(run("ok").verdict, Verdict::exited);
    run_until([this] { return nothing_but_spawners(); });  // no zombie stays
}

TEST_F(OutcomeTest, RefusesAPluginThatOthersMayWrite) {
    add_plugin("ok");
    start();
    ASSERT_EQ(run("ok").verdict, Verdict::exited);
    ASSERT_EQ(::chmod((directory_.path() + "/plugins/ok").c_str(), 0775), 0);
    const Outcome outcome = run("ok");
    EXPECT_EQ(outcome.verdict, Verdict::refused);
    EXPECT_EQ(outcome.refusal, Refusal::plugin);
    EXPECT_EQ(outcome.text, "plugin of 'ok' refused: " + directory_.path() +
                                "/plugins/ok: is writable by group or others (mode 0775): chmod go-w " + directory_.path() + "/plugins/ok");
    EXPECT_FALSE(outcome.ran());
    EXPECT_EQ(client_->counters().refused, 1U);
}

TEST_F(OutcomeTest, RefusesAPluginThatDiffersFromItsPinAndRunsItOnceItIsBack) {
    const std::string content = "#!/bin/sh\necho pinned\n";
    const std::string path = directory_.write("plugins/pinned", content, 0755);
    add_command("pinned", path, "\"sha256\": \"" + files::sha256_hex(content) + "\"");
    start();
    EXPECT_EQ(run("pinned").output, "pinned\n");
    directory_.write("plugins/pinned", "#!/bin/sh\necho PINNED\n", 0755);
    const Outcome outcome = run("pinned");
    EXPECT_EQ(outcome.refusal, Refusal::plugin);
    EXPECT_EQ(outcome.text, "plugin of 'pinned' refused: its content differs from the pinned sha256");
    directory_.write("plugins/pinned", content, 0755);
    EXPECT_EQ(run("pinned").output, "pinned\n");
}

TEST_F(OutcomeTest, AWrapperRunsTheInnerCommandByItsOwnEntry) {
    add_command(
        "wrapper", directory_.write("plugins/wrapper", "#!/bin/sh\nexec \"$@\"\n", 0755),
        R"("arguments": { "inner": { "value": "$inner$", "skip_key": true } }, "parameters": { "inner": { "type": "command-ref" } })");
    add_plugin("ok", R"("arguments": { "-n": "$n$" }, "parameters": { "n": { "type": "integer", "max": 9 } })");
    start();
    EXPECT_EQ(run("wrapper", {{"inner", "ok"}, {"n", 9}}).output, "OK - -n 9\n");
    EXPECT_THAT(run("wrapper", {{"inner", "ok"}, {"n", 10}}).text, testing::StartsWith("parameter 'n' refused: "));
    EXPECT_EQ(run("wrapper", {{"inner", "/bin/sh"}}).refusal, Refusal::parameter);
    EXPECT_EQ(run("wrapper", {{"inner", "wrapper"}}).refusal, Refusal::parameter);
}

TEST_F(OutcomeTest, AWrapperDoesNotStartWhereTheInnerPluginIsRefused) {
    const std::string content = "#!/bin/sh\necho inner\n";
    add_command(
        "wrapper", directory_.write("plugins/wrapper", "#!/bin/sh\nexec \"$@\"\n", 0755),
        R"("arguments": { "inner": { "value": "$inner$", "skip_key": true } }, "parameters": { "inner": { "type": "command-ref" } })");
    add_command("pinned", directory_.write("plugins/pinned", content, 0755), "\"sha256\": \"" + files::sha256_hex(content) + "\"");
    start();
    EXPECT_EQ(run("wrapper", {{"inner", "pinned"}}).output, "inner\n");
    const std::string path = directory_.write("plugins/pinned", "#!/bin/sh\necho INNER\n", 0755);
    const Outcome changed = run("wrapper", {{"inner", "pinned"}});
    EXPECT_EQ(changed.refusal, Refusal::plugin);
    EXPECT_EQ(changed.text, "plugin of 'pinned' refused: its content differs from the pinned sha256");
    directory_.write("plugins/pinned", content, 0755);
    ASSERT_EQ(::chmod(path.c_str(), 0775), 0);
    EXPECT_EQ(run("wrapper", {{"inner", "pinned"}}).refusal, Refusal::plugin);
    ASSERT_EQ(::unlink(path.c_str()), 0);
    EXPECT_EQ(run("wrapper", {{"inner", "pinned"}}).verdict, Verdict::spawn_failed);
}

TEST_F(OutcomeTest, RefusesWhatTheCatalogDoesNotAllow) {
    add_plugin("ok",
               R"("arguments": { "-n": { "value": "$n$", "required": true } }, "parameters": { "n": { "type": "integer", "max": 9 } })");
    start();
    EXPECT_EQ(run("rm").text, "command 'rm' is not in the local catalog");
    EXPECT_EQ(run("dummy").refusal, Refusal::unknown_command) << "built in: there is nothing to start";
    EXPECT_EQ(run("ok", {{"n", 1}}, Duration(0), RunKind::action).refusal, Refusal::wrong_kind);
    const Outcome outcome = run("ok", {{"n", 10}});
    EXPECT_EQ(outcome.refusal, Refusal::parameter);
    EXPECT_THAT(outcome.text, testing::StartsWith("parameter 'n' refused: "));
    EXPECT_EQ(run("ok").text, "parameter 'n' is missing: argument '-n' of 'ok' requires it");
    EXPECT_EQ(run("ok").refusal, Refusal::missing);
    EXPECT_EQ(run("ok", {{"n", json::Object{}}}).refusal, Refusal::malformed);
    EXPECT_EQ(run("ok", {{"n", 9}, {"unknown", "dropped"}}).output, "OK - -n 9\n");
}

TEST_F(OutcomeTest, RunsAsTheUserThatTheEntryNames) {
    if (!is_root()) GTEST_SKIP() << "only root can run as somebody else";
    add_plugin("describes_itself", R"("run_as": "daemon")");
    add_command("root", plugin("describes_itself"), R"("run_as": "root")");
    add_command("plain", plugin("describes_itself"));
    start();
    EXPECT_THAT(run("describes_itself").output, HasSubstr("uid=1 gid=1 groups=1\n"));
    EXPECT_THAT(run("root").output, HasSubstr("uid=0 "));
    EXPECT_THAT(run("plain").output, HasSubstr("uid=" + std::to_string(daemon_uid()) + " gid=65534 groups=65534\n"));
}

TEST_F(OutcomeTest, SaysThatAnotherUserTakesRoot) {
    if (is_root()) GTEST_SKIP() << "root may be anybody";
    add_plugin("ok", R"("run_as": "daemon")");
    start();
    const Outcome outcome = run("ok");
    EXPECT_EQ(outcome.refusal, Refusal::unavailable);
    EXPECT_EQ(outcome.text, "'ok' cannot be started: run_as daemon needs endpointd to be started as root");
}

TEST_F(OutcomeTest, SaysThatThereIsNoSuchUser) {
    add_plugin("ok", R"("run_as": "no-such-user-here")");
    start();
    EXPECT_EQ(run("ok").text, "'ok' cannot be started: user no-such-user-here does not exist");
}

}  // namespace
}  // namespace endpointd::exec
