// What a taken-over daemon could send to its runner: nothing outside the catalog
// is executed, and what cannot be read ends the runner with all it started.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <poll.h>
#include <unistd.h>

#include <random>

#include "exec/runs.hpp"
#include "raw_daemon.hpp"

namespace endpointd::exec {
namespace {

using HostileDaemonTest = RawDaemon;

TEST_F(HostileDaemonTest, NonsenseEndsTheRunnerAndWhatItStarted) {
    add_plugin("sleeps");
    const std::string good = *encode(Request(run_of(5, "sleeps")));
    for (const std::string& bytes : {std::string("nonsense"), std::string(1, '\0'), good + "x", good.substr(0, good.size() - 1),
                                     std::string(kRequestBytes + 1, 'x')}) {
        start_runner();
        send(run_of(1, "sleeps"));
        while (plugins_left().empty()) ::poll(nullptr, 0, 1);
        static_cast<void>(channel_->send(bytes));
        while (channel_->waiting() && channel_->flush()) {
        }
        EXPECT_FALSE(next_reply().has_value());
        await_end();
        EXPECT_TRUE(all_gone());
    }
}

TEST_F(HostileDaemonTest, DescriptorsAreNotTaken) {
    start_runner();
    std::vector<UniqueFd> fds;
    fds.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    ASSERT_TRUE(channel_->send(*encode(Request(AskStatus{})), std::move(fds)).has_value());
    EXPECT_FALSE(next_reply().has_value());
    await_end();
}

TEST_F(HostileDaemonTest, NamesThatAreNoEntryAreNoCommands) {
    add_plugin("ok");
    start_runner();
    std::uint64_t id = 1;
    for (const char* name : {"", "/bin/sh", "../ok", "ok ", "OK", "ok.json", "sh -c id", "dummy", "icinga"}) {
        send(run_of(++id, name));
        const auto reply = next_reply();
        ASSERT_TRUE(reply.has_value());
        EXPECT_EQ(std::get<Done>(*reply).id, id);
        EXPECT_EQ(std::get<Done>(*reply).outcome.refusal, Refusal::unknown_command) << name;
    }
    RunCommand with_nul = run_of(++id, std::string("ok\0", 3));
    send(with_nul);
    EXPECT_EQ(std::get<Done>(*next_reply()).outcome.refusal, Refusal::unknown_command);
}

TEST_F(HostileDaemonTest, ParametersAreJudgedAgain) {
    add_plugin("prints_arguments", R"("arguments": { "-n": "$n$" }, "parameters": { "n": { "pattern": "[a-z]+" } })");
    start_runner();
    std::uint64_t id = 0;
    for (const json::Value& value :
         std::initializer_list<json::Value>{"-x", "a;b", "A", "", "a\n", std::string("a\0", 2), 1, json::Array{"a"}}) {
        RunCommand run = run_of(++id, "prints_arguments");
        run.request.parameters.set("n", value);
        send(run);
        EXPECT_EQ(std::get<Done>(*next_reply()).outcome.refusal, Refusal::parameter) << json::to_text(value);
    }
}

TEST_F(HostileDaemonTest, AnIdInUseIsIgnoredAndOneOutOfRangeRefused) {
    add_plugin("sleeps", R"("timeout": "300ms")");
    start_runner();
    send(run_of(7, "sleeps"));
    send(run_of(7, "sleeps"));
    send(run_of(UINT64_MAX, "sleeps"));
    EXPECT_EQ(std::get<Done>(*next_reply()).outcome.refusal, Refusal::malformed);
    EXPECT_EQ(std::get<Done>(*next_reply()).outcome.verdict, Verdict::timed_out);
    send(AskStatus{});
    const auto reply = next_reply();
    EXPECT_EQ(std::get<Status>(*reply).running, 0U);
}

TEST_F(HostileDaemonTest, RequestsOutOfOrderChangeNothing) {
    add_plugin("ok");
    start_runner();
    send(CommitReload{});
    send(AbortReload{});
    send(Cancel{99});
    send(run_of(1, "ok"));
    EXPECT_EQ(std::get<Done>(*next_reply()).outcome.verdict, Verdict::exited);
    send(PrepareReload{});
    send(PrepareReload{});
    send(CommitReload{});
    send(CommitReload{});
    EXPECT_TRUE(std::holds_alternative<ReloadPrepared>(*next_reply()));
    EXPECT_TRUE(std::holds_alternative<ReloadCommitted>(*next_reply()));
    send(AskStatus{});
    EXPECT_TRUE(std::holds_alternative<Status>(*next_reply()));
}

TEST_F(HostileDaemonTest, AFloodOfRequestsIsBounded) {
    settings(R"({ "runner": { "max_concurrent": 4 } })");
    add_plugin("sleeps");
    start_runner();
    for (std::uint64_t id = 1; id <= kRunnerWaiting + 100; ++id) {
        ASSERT_TRUE(channel_->send(*encode(Request(run_of(id, "sleeps")))).has_value());
        while (channel_->waiting()) ASSERT_TRUE(channel_->flush().has_value());
    }
    const auto reply = next_reply();
    ASSERT_TRUE(reply.has_value());
    EXPECT_EQ(std::get<Done>(*reply).outcome.refusal, Refusal::limit);
    EXPECT_LE(plugins_left().size(), 4U);
}

TEST_F(HostileDaemonTest, RandomBytesNeverStartAnything) {
    // The catalog's only command leaves a file behind.
    const std::string proof = scratch() + "/ran";
    add_command(
        "proof", "/usr/bin/touch",
        R"("sandbox": { "write": [")" + scratch() + R"("] }, "arguments": { "file": { "value": ")" + proof + R"(", "skip_key": true } })");
    std::mt19937 random(20'261'120);
    for (int round = 0; round < 5; ++round) {
        start_runner();
        for (int i = 0; i < 200; ++i) {
            std::string bytes = *encode(Request(run_of(static_cast<std::uint64_t>(i), "prooF")));
            const std::size_t at = random() % 9;  // never within the name
            bytes[at] = static_cast<char>(random());
            if (!channel_->send(bytes)) break;
        }
        channel_.reset();
        await_end();
    }
    EXPECT_NE(::access(proof.c_str(), F_OK), 0);
    // What the test looks for would be there.
    start_runner();
    send(run_of(1, "proof"));
    EXPECT_EQ(std::get<Done>(*next_reply()).outcome.exit_status, 0);
    EXPECT_EQ(::access(proof.c_str(), F_OK), 0);
}

}  // namespace
}  // namespace endpointd::exec
