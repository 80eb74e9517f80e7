// Which file is executed and how, what is put on record of it, and how the runner comes
// through what it cannot start.

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "exec/landlock.hpp"
#include "exec/record.hpp"
#include "exec/sandbox.hpp"
#include "files/digest.hpp"
#include "json/document.hpp"
#include "runner_fixture.hpp"

namespace endpointd::exec {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

class ExecutionTest : public RunnerFixture {
protected:
    std::string script(const std::string& name, const std::string& text) {
        return directory_.write("plugins/" + name, "#!/bin/sh\n" + text, 0755);
    }
    // A copy of a program of the system.
    std::string copy_of(const std::string& program, const std::string& name, mode_t mode) {
        std::ifstream in(program, std::ios::binary);
        return directory_.write("plugins/" + name, std::string(std::istreambuf_iterator<char>(in), {}), mode);
    }
    static std::string bytes_of(const std::string& path) {
        std::ifstream in(path, std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }
    // Line by line.
    std::vector<json::Object> record() const {
        std::vector<json::Object> lines;
        std::ifstream in(record_path());
        for (std::string line; std::getline(in, line);) {
            auto value = json::parse(line);
            if (!value || !value->object()) ADD_FAILURE() << line;
            else lines.push_back(*value->object());
        }
        return lines;
    }
    static std::string member(const json::Object& line, const std::string& key) {
        const json::Value* value = line.find(key);
        return value ? json::to_text(*value) : "";
    }
    Result<ReloadAnswer> reload() {
        std::optional<Result<ReloadAnswer>> prepared;
        client_->prepare_reload([&prepared](Result<ReloadAnswer> result) { prepared = std::move(result); });
        run_until([&prepared] { return prepared.has_value(); });
        std::optional<Result<void>> committed;
        client_->commit_reload([&committed](Result<void> result) { committed = std::move(result); });
        run_until([&committed] { return committed.has_value(); });
        return prepared.value_or(fail(Errc::timed_out, "no answer"));
    }
};

TEST_F(ExecutionTest, AScriptRunsByItsDescriptorAndTheFileThatIsThereNow) {
    const std::string path = script("says", "echo \"one by $0\"\n");
    add_command("says", path);
    start();
    EXPECT_EQ(run("says").output, "one by /dev/fd/3\n");
    const std::string replacement = script("says.new", "echo \"two by $0\"\n");
    ASSERT_EQ(std::rename(replacement.c_str(), path.c_str()), 0);
    EXPECT_EQ(run("says").output, "two by /dev/fd/3\n");
}

TEST_F(ExecutionTest, ByPathAScriptRunsByItsResolvedPath) {
    const std::string path = script("says", "echo \"one by $0\"\n");
    const std::string link = directory_.path() + "/plugins/link";
    ASSERT_EQ(::symlink("says", link.c_str()), 0);
    add_command("says", link, R"("by_path": true)");
    start();
    const Outcome outcome = run("says");
    EXPECT_EQ(outcome.output, "one by " + path + "\n");
    EXPECT_THAT(outcome.argv, ElementsAre(link)) << "what the catalog says";
    const std::string replacement = script("says.new", "echo \"two by $0\"\n");
    ASSERT_EQ(std::rename(replacement.c_str(), path.c_str()), 0);
    EXPECT_EQ(run("says").output, "two by " + path + "\n");
}

TEST_F(ExecutionTest, AScriptFindsWhatLiesBesideItOnlyByItsPath) {
    directory_.write("plugins/beside.sh", "echo found\n");
    const std::string path = script("sources", ". \"${0%/*}/beside.sh\"\n");
    add_command("descriptor", path);
    add_command("path", path, R"("by_path": true)");
    start();
    EXPECT_EQ(run("path").output, "found\n");
    EXPECT_THAT(run("descriptor").output, HasSubstr("/dev/fd/beside.sh"));
}

TEST_F(ExecutionTest, AProgramThatTheRunnerMayNotReadRunsUnlessItIsPinned) {
    const std::string path = copy_of("/usr/bin/true", "secretive", 0111);
    add_command("plain", path);
    add_command("pinned", path, "\"sha256\": \"" + files::sha256_hex(bytes_of("/usr/bin/true")) + "\"");
    start();
    const Outcome plain = run("plain");
    EXPECT_EQ(plain.verdict, Verdict::exited) << plain.text << plain.output;
    EXPECT_EQ(plain.exit_status, 0);
    const Outcome pinned = run("pinned");
    EXPECT_EQ(pinned.refusal, Refusal::plugin);
    EXPECT_THAT(pinned.text, StartsWith("plugin of 'pinned' refused: "));
    ASSERT_EQ(::chmod(path.c_str(), 0755), 0);
    EXPECT_EQ(run("pinned").verdict, Verdict::exited);
}

TEST_F(ExecutionTest, IsPutOnRecordLineByLine) {
    const std::string path = plugin("ok");
    add_command("greets", path,
                R"("arguments": { "-n": "$n$" }, "parameters": { "n": { "type": "integer" }, "m": { "type": "string", "default": "x" } })");
    add_plugin("sleeps", R"("timeout": "200ms")");
    add_plugin("kills_itself");
    start();
    EXPECT_EQ(run("greets", {{"n", 7}}).verdict, Verdict::exited);
    EXPECT_EQ(run("sleeps").verdict, Verdict::timed_out);
    EXPECT_EQ(run("kills_itself").verdict, Verdict::signalled);
    EXPECT_EQ(run("greets", {{"n", "x"}}).verdict, Verdict::refused);
    const auto lines = record();
    ASSERT_EQ(lines.size(), 4U) << "one that the runner started, three executions; what is refused was not executed";
    EXPECT_EQ(member(lines[0], "event"), "\"started\"");
    EXPECT_EQ(member(lines[0], "catalog"), "\"" + digest_ + "\"");
    EXPECT_EQ(member(lines[0], "pid"), std::to_string(runner_pid()));
    for (std::size_t i = 1; i < 4; ++i) EXPECT_EQ(member(lines[i], "event"), "\"executed\"");
    EXPECT_EQ(member(lines[1], "command"), "\"greets\"");
    EXPECT_EQ(member(lines[1], "kind"), "\"check\"");
    EXPECT_EQ(member(lines[1], "plugin"), "\"" + path + "\"");
    EXPECT_EQ(member(lines[1], "parameters_sha256"), "\"" + parameters_digest({{"m", "x"}, {"n", 7}}) + "\"") << "defaults included";
    EXPECT_EQ(member(lines[1], "verdict"), "\"exited\"");
    EXPECT_EQ(member(lines[1], "exit_status"), "0");
    EXPECT_EQ(member(lines[1], "signal"), "null");
    EXPECT_NE(member(lines[1], "user"), "\"\"");
    EXPECT_EQ(member(lines[2], "verdict"), "\"timed-out\"");
    EXPECT_EQ(member(lines[2], "exit_status"), "null");
    EXPECT_EQ(member(lines[2], "signal"), std::to_string(SIGTERM));
    EXPECT_EQ(member(lines[3], "verdict"), "\"signalled\"");
    EXPECT_EQ(member(lines[3], "signal"), std::to_string(SIGSEGV));
}

TEST_F(ExecutionTest, TheRecordNamesTheUserTheCommandRanAs) {
    if (!is_root()) GTEST_SKIP() << "only root can run as somebody else";
    add_plugin("ok", R"("run_as": "daemon")");
    add_command("own", plugin("ok"));
    start();
    run("ok");
    run("own");
    const auto lines = record();
    ASSERT_EQ(lines.size(), 3U);
    EXPECT_EQ(member(lines[1], "user"), "\"daemon\"");
    EXPECT_EQ(member(lines[2], "user"), "\"nobody\"");
}

TEST_F(ExecutionTest, TheRecordSaysWhenAnotherCatalogWasTakenAndAnotherRunnerStarted) {
    add_plugin("ok");
    start();
    add_command("new", plugin("ok"));
    const auto answer = reload();
    ASSERT_TRUE(answer.has_value()) << answer.error().text;
    EXPECT_FALSE(answer->restarts_runner);
    EXPECT_EQ(run("new").verdict, Verdict::exited);
    ::kill(runner_pid(), SIGKILL);
    run_until([this] { return ready_ == 2; });
    const auto lines = record();
    ASSERT_EQ(lines.size(), 4U);
    EXPECT_EQ(member(lines[1], "event"), "\"switched\"");
    EXPECT_EQ(member(lines[1], "catalog"), "\"" + answer->digest + "\"");
    EXPECT_EQ(member(lines[2], "command"), "\"new\"");
    EXPECT_EQ(member(lines[3], "event"), "\"started\"");
    EXPECT_EQ(member(lines[3], "catalog"), "\"" + answer->digest + "\"");
}

TEST_F(ExecutionTest, ASandboxThatCannotBeHadRefusesItsCommandAndNoOther) {
    const std::string path = plugin("ok");
    add_command("all", path, R"("sandbox": { "read": ["/usr", "/bin", "/lib", "/lib64", ")" + directory_.path() + R"("] })");
    add_command("few", path, R"("sandbox": { "read": ["/usr", "/bin", "/lib", "/lib64"] })");
    start();
    EXPECT_EQ(run("all").output, "OK - \n");
    // What is beside the state directory becomes a rule each. Names of one file are quickly made.
    const std::string file = directory_.write("n", "");
    for (std::size_t i = 0; i < kPathRules; ++i) ASSERT_EQ(::link(file.c_str(), (file + std::to_string(i)).c_str()), 0);
    ASSERT_TRUE(reload().has_value()) << "the next spawner looks anew";
    const Outcome outcome = run("all");
    EXPECT_EQ(outcome.verdict, Verdict::refused);
    EXPECT_EQ(outcome.refusal, Refusal::unavailable);
    EXPECT_EQ(outcome.text, "'all' cannot be started: its sandbox would take more than 16384 rules, or 3 MiB of paths: name fewer trees");
    EXPECT_EQ(run("few").output, "OK - \n");
    for (std::size_t i = 0; i < kPathRules; ++i) ASSERT_EQ(::unlink((file + std::to_string(i)).c_str()), 0);
    EXPECT_EQ(run("all").output, "OK - \n") << "and is asked for again by the next run";
    EXPECT_EQ(client_->counters().restarts, 0U);
}

TEST_F(ExecutionTest, LongNamesDoNotTakeTheLauncherDown) {
    const std::string path = plugin("ok");
    add_command("all", path, R"("sandbox": { "read": ["/usr", "/bin", "/lib", "/lib64", ")" + directory_.path() + R"("] })");
    const std::string file = directory_.write("n", "");
    // Few enough to be rules, too long together to be one request.
    const std::string name = file + std::string(240, 'n');
    for (std::size_t i = 0; i < kPathRules - 1000; ++i) ASSERT_EQ(::link(file.c_str(), (name + std::to_string(i)).c_str()), 0);
    start();
    EXPECT_EQ(run("all").refusal, Refusal::unavailable);
    EXPECT_EQ(client_->counters().restarts, 0U);
}

TEST_F(ExecutionTest, ADeadLauncherTakesItsRunnerWithItAndBothComeBack) {
    add_plugin("ok");
    add_plugin("sleeps");
    start();
    EXPECT_EQ(run("ok").verdict, Verdict::exited);
    std::optional<Outcome> lost;
    client_->run({"sleeps", RunKind::check, Duration(0), {}}, [&lost](Outcome outcome) { lost = std::move(outcome); });
    run_until([this] { return !plugins_left().empty(); });
    const pid_t first = runner_pid();
    pid_t launcher = 0;
    for (const pid_t child : children_of(first)) {
        std::ifstream in("/proc/" + std::to_string(child) + "/comm");
        std::string name;
        if (std::getline(in, name) && name == "endpointd-launc") launcher = child;
    }
    ASSERT_GT(launcher, 0);
    ::kill(launcher, SIGKILL);
    run_until([&lost] { return lost.has_value(); });
    EXPECT_EQ(lost->verdict, Verdict::runner_died);
    EXPECT_EQ(run("ok").output, "OK - \n");
    EXPECT_NE(runner_pid(), first);
    EXPECT_FALSE(exists(first));
    EXPECT_TRUE(all_gone());
    EXPECT_EQ(client_->counters().restarts, 1U);
}

TEST_F(ExecutionTest, ACatalogThatLetsACommandGainRightsTakesAnotherRunner) {
    add_command("status",
                script("status", "while read -r line; do case $line in NoNewPrivs*) echo \"$line\";; esac; done </proc/self/status\n"));
    start();
    const pid_t first = runner_pid();
    EXPECT_EQ(run("status").output, "NoNewPrivs:\t1\n");
    add_command("gains", directory_.path() + "/plugins/status", R"("allow_setuid": true)");
    auto answer = reload();
    ASSERT_TRUE(answer.has_value()) << answer.error().text;
    EXPECT_TRUE(answer->restarts_runner);
    EXPECT_EQ(run("gains").output, "NoNewPrivs:\t0\n");
    EXPECT_EQ(run("status").output, "NoNewPrivs:\t1\n");
    const pid_t second = runner_pid();
    EXPECT_NE(second, first);
    EXPECT_EQ(digest_, answer->digest);
    ASSERT_EQ(::unlink((directory_.path() + "/config/catalog.d/gains.json").c_str()), 0);
    answer = reload();
    ASSERT_TRUE(answer.has_value());
    EXPECT_TRUE(answer->restarts_runner) << "the right to gain rights goes as well";
    EXPECT_EQ(run("status").output, "NoNewPrivs:\t1\n");
    EXPECT_NE(runner_pid(), second);
}

TEST_F(ExecutionTest, StatusSaysHowTheRunnerIsConfined) {
    add_plugin("ok");
    start();
    const RunnerCounters counters = client_->counters();
    EXPECT_TRUE(counters.connected);
    EXPECT_EQ(counters.confinement.landlock, landlock_abi());
#ifndef ENDPOINTD_SANITIZED
    EXPECT_TRUE(counters.confinement.seccomp);
    std::ifstream in("/proc/" + std::to_string(counters.pid) + "/status");
    bool filtered = false;
    for (std::string line; std::getline(in, line);) filtered |= line == "Seccomp:\t2";
    EXPECT_TRUE(filtered) << "what status says holds for the process";
#endif
    EXPECT_FALSE(counters.confinement.root) << "no command has another user";
    if (landlock_abi() >= 6) {
        EXPECT_THAT(counters.confinement.missing, ElementsAre());
    }
}

TEST_F(ExecutionTest, APluginReplacedBesideSomethingHiddenRunsAtOnce) {
    // The fixture's directory holds the state directory, so each of its entries has a rule of its own.
    const std::string path = directory_.write("beside", "#!/bin/sh\necho one\n", 0755);
    add_command("beside", path);
    add_command("late", directory_.path() + "/late");
    start();
    EXPECT_EQ(run("beside").output, "one\n");
    ASSERT_EQ(::rename(directory_.write("new", "#!/bin/sh\necho two\n", 0755).c_str(), path.c_str()), 0);
    EXPECT_EQ(run("beside").output, "two\n");
    directory_.write("late", "#!/bin/sh\necho late\n", 0755);
    EXPECT_EQ(run("late").output, "late\n");
}

}  // namespace
}  // namespace endpointd::exec
