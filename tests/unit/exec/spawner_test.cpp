// Launcher and spawner without a runner: their messages, and what they do with hostile ones.

#include "exec/spawner.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>

#include "exec/channel.hpp"
#include "exec/fd_pass.hpp"
#include "exec/launcher_client.hpp"

namespace endpointd::exec {
namespace {

// A launcher as a child of ours, which is to it what the runner is.
class LauncherTest : public testing::Test {
protected:
    void SetUp() override {
        auto pair = make_socket_pair(true);
        ASSERT_TRUE(pair.has_value());
        launcher_pid_ = ::fork();
        if (launcher_pid_ == 0) {
            pair->ours.reset();
            launcher_main(std::move(pair->theirs));
        }
        pair->theirs.reset();
        launcher_.emplace(std::move(pair->ours));
    }
    void TearDown() override {
        launcher_.reset();
        if (launcher_pid_ > 0) ::waitpid(launcher_pid_, nullptr, 0);
    }
    // A spawner of our own user without any confinement.
    LauncherClient::Started start_spawner() {
        SandboxProfile profile;
        profile.landlock = false;
        auto started = launcher_->start_spawner(0, profile);
        EXPECT_TRUE(started.has_value()) << started.error().text;
        return started ? std::move(*started) : LauncherClient::Started{};
    }
    pid_t launcher_pid_ = 0;
    std::optional<LauncherClient> launcher_;
};

ChannelMessage next_message(Channel& channel) {
    for (;;) {
        auto received = channel.receive();
        if (!received || received->state == Channel::Received::State::closed) return {};
        if (received->state == Channel::Received::State::message) return std::move(received->message);
        pollfd wait{channel.fd(), POLLIN, 0};
        if (::poll(&wait, 1, 60'000) <= 0) return {};
    }
}

TEST(SpawnerProtocol, CarriesRequestAndReply) {
    const SpawnRequest request{7, "/x", true, {"/x", "", "a b"}, {"A=1"}, {1, 2, 3, 4, 5}};
    const auto same = decode_spawn_request(encode(request));
    ASSERT_TRUE(same.has_value());
    EXPECT_EQ(same->id, 7U);
    EXPECT_EQ(same->path, "/x");
    EXPECT_TRUE(same->script);
    EXPECT_EQ(same->argv, request.argv);
    EXPECT_EQ(same->env, request.env);
    EXPECT_EQ(same->limits.cpu, 1U);
    EXPECT_EQ(same->limits.open_files, 5U);
    const auto reply = decode_spawn_reply(encode(SpawnReply{7, 4711, 13}));
    ASSERT_TRUE(reply.has_value());
    EXPECT_EQ(reply->pid, 4711);
    EXPECT_EQ(reply->error_code, 13);
}

TEST(SpawnerProtocol, RefusesEveryCutAndEveryTail) {
    const std::string bytes = encode(SpawnRequest{7, "/x", false, {"/x", "a"}, {"A=1"}, {}});
    for (std::size_t size = 0; size < bytes.size(); ++size) EXPECT_FALSE(decode_spawn_request(bytes.substr(0, size)).has_value());
    EXPECT_FALSE(decode_spawn_request(bytes + "x").has_value());
    EXPECT_FALSE(decode_spawn_request(encode(SpawnRequest{7, "/x", false, {}, {}, {}})).has_value()) << "no argv[0]";
}

TEST(SpawnerProtocol, CarriesAsManyWordsAsAnArgvMayHave) {
    // A request that its spawner cannot read ends the spawner, and others' requests with it.
    const SpawnRequest request{7, "", false, std::vector<std::string>(limits::kArgvBytes), {std::string(limits::kArgvBytes, 'e')}, {}};
    const std::string bytes = encode(request);
    EXPECT_LE(bytes.size() + limits::kArgvBytes, kSpawnRequestBytes) << "secrets come on top";
    const auto same = decode_spawn_request(bytes);
    ASSERT_TRUE(same.has_value());
    EXPECT_EQ(same->argv.size(), limits::kArgvBytes);
}

TEST(SpawnerProtocol, RefusesWhatTheKernelWouldReadAsLess) {
    const std::string cut("/x\0y", 4);
    EXPECT_FALSE(decode_spawn_request(encode(SpawnRequest{7, cut, false, {"/x"}, {}, {}})).has_value());
    EXPECT_FALSE(decode_spawn_request(encode(SpawnRequest{7, "/x", false, {cut}, {}, {}})).has_value());
    EXPECT_FALSE(decode_spawn_request(encode(SpawnRequest{7, "/x", false, {"/x"}, {cut}, {}})).has_value());
}

TEST(SpawnerProtocol, AFlagIsOneOrZero) {
    std::string bytes = encode(SpawnRequest{7, "", true, {"/x"}, {}, {}});
    ASSERT_EQ(bytes[12], 1) << "behind the id and the empty path's length";
    bytes[12] = 2;
    EXPECT_FALSE(decode_spawn_request(bytes).has_value());
    for (const LauncherRequest& request :
         {LauncherRequest(Settle{{{1, 2, {}}}, true}), LauncherRequest(StartSpawner{0, {}}), LauncherRequest(KillChild{7, true, 9})}) {
        std::string changed = encode(request);
        const std::size_t at = std::holds_alternative<Settle>(request) ? 1 : 5;
        ASSERT_EQ(changed[at], 1);
        changed[at] = 2;
        EXPECT_FALSE(decode_launcher_request(changed).has_value());
    }
}

TEST(LauncherProtocol, RefusesEveryCutAndEveryTail) {
    SandboxProfile profile{true, true, {{"/usr", 5}, {"/dev/null", 3}}, std::string(16, 'f')};
    for (const LauncherRequest& request :
         {LauncherRequest(Settle{{{1, 2, {3, 4}}, {5, 6, {}}}, false}), LauncherRequest(StartSpawner{1, profile}),
          LauncherRequest(KillChild{7, true, 9}), LauncherRequest(AskRun{8})}) {
        const std::string bytes = encode(request);
        const auto same = decode_launcher_request(bytes);
        ASSERT_TRUE(same.has_value());
        EXPECT_EQ(encode(*same), bytes);
        for (std::size_t size = 0; size < bytes.size(); ++size) EXPECT_FALSE(decode_launcher_request(bytes.substr(0, size)).has_value());
        EXPECT_FALSE(decode_launcher_request(bytes + "x").has_value());
    }
    profile.filter.pop_back();
    EXPECT_FALSE(decode_launcher_request(encode(LauncherRequest(StartSpawner{0, profile}))).has_value()) << "half an instruction";
    profile = {true, true, {{std::string("/a\0b", 4), 1}}, ""};
    EXPECT_FALSE(decode_launcher_request(encode(LauncherRequest(StartSpawner{0, profile}))).has_value()) << "NUL in a path";
}

TEST_F(LauncherTest, StartsNothingBeforeItIsSettled) {
    EXPECT_FALSE(launcher_->start_spawner(0, {}).has_value());
    EXPECT_TRUE(launcher_->gone());
}

TEST_F(LauncherTest, IsSettledOnce) {
    ASSERT_TRUE(launcher_->settle({own_identity()}, true).has_value());
    EXPECT_FALSE(launcher_->settle({own_identity()}, true).has_value());
    EXPECT_TRUE(launcher_->gone());
}

TEST_F(LauncherTest, KnowsNoIdentityBeyondThoseSettled) {
    ASSERT_TRUE(launcher_->settle({own_identity()}, true).has_value());
    EXPECT_EQ(launcher_->start_spawner(1, {}).error().text, "no such identity");
}

TEST_F(LauncherTest, LetsNobodyGainRightsWhereNoCommandMay) {
    ASSERT_TRUE(launcher_->settle({own_identity()}, true).has_value());
    SandboxProfile profile;
    profile.no_new_privs = false;
    EXPECT_EQ(launcher_->start_spawner(0, profile).error().text, "no command of this catalog may gain rights");
}

TEST_F(LauncherTest, GivesUpRootWhereNoCommandHasAnotherUser) {
    if (::geteuid() != 0) GTEST_SKIP() << "not root";
    const auto root = launcher_->settle({Identity{65534, 65534, {}}}, true);
    ASSERT_TRUE(root.has_value()) << root.error().text;
    EXPECT_FALSE(root->root);
}

TEST_F(LauncherTest, SignalsNobodyButTheRunnersChildren) {
    ASSERT_TRUE(launcher_->settle({own_identity()}, true).has_value());
    // Its own kind of question, past the client's own attempt: init is nobody's child of ours.
    EXPECT_EQ(launcher_->marked_run(1), std::nullopt);
    EXPECT_EQ(launcher_->marked_run(::getpid()), std::nullopt);
}

TEST_F(LauncherTest, ASpawnerEndsWhenItsSocketClosesOrSpeaksNonsense) {
    ASSERT_TRUE(launcher_->settle({own_identity()}, true).has_value());
    for (const bool nonsense : {false, true}) {
        auto spawner = start_spawner();
        Channel channel(std::move(spawner.socket), kSpawnReplyBytes, 1);
        const auto ready = decode_spawner_ready(next_message(channel).bytes);
        ASSERT_TRUE(ready.has_value());
        EXPECT_EQ(ready->error, "");
        if (nonsense) EXPECT_TRUE(channel.send("nonsense").has_value());
        else channel = Channel(UniqueFd(), 1);
        int status = -1;
        EXPECT_EQ(::waitpid(spawner.pid, &status, 0), spawner.pid) << "it is a child of ours";
        EXPECT_TRUE(WIFEXITED(status));
    }
}

TEST_F(LauncherTest, ASpawnerThatCannotConfineItselfSaysWhyAndEnds) {
    ASSERT_TRUE(launcher_->settle({own_identity()}, true).has_value());
    SandboxProfile profile;
    profile.filter = std::string(8, '\xff');
    auto spawner = launcher_->start_spawner(0, profile);
    ASSERT_TRUE(spawner.has_value());
    Channel channel(std::move(spawner->socket), kSpawnReplyBytes, 1);
    const auto ready = decode_spawner_ready(next_message(channel).bytes);
    ASSERT_TRUE(ready.has_value());
    EXPECT_EQ(ready->error, "install a seccomp filter: Invalid argument");
    EXPECT_EQ(::waitpid(spawner->pid, nullptr, 0), spawner->pid);
}

TEST_F(LauncherTest, ASpawnerStartsNothingWithoutItsTwoDescriptors) {
    ASSERT_TRUE(launcher_->settle({own_identity()}, true).has_value());
    auto spawner = start_spawner();
    Channel channel(std::move(spawner.socket), kSpawnReplyBytes, 1);
    ASSERT_TRUE(channel.send(encode(SpawnRequest{1, "/bin/true", false, {"/bin/true"}, {}, {}})).has_value());
    int status = -1;
    EXPECT_EQ(::waitpid(spawner.pid, &status, 0), spawner.pid);
    next_message(channel);  // that it was ready
    EXPECT_EQ(channel.receive()->state, Channel::Received::State::closed);
}

}  // namespace
}  // namespace endpointd::exec
