// A spawner without a runner: its messages, and what it does with hostile ones.

#include "exec/spawner.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>

#include "exec/channel.hpp"

namespace endpointd::exec {
namespace {

TEST(SpawnerProtocol, CarriesRequestAndReply) {
    const SpawnRequest request{7, "/x", {"/x", "", "a b"}, {"A=1"}};
    const auto same = decode_spawn_request(encode(request));
    ASSERT_TRUE(same.has_value());
    EXPECT_EQ(same->id, 7U);
    EXPECT_EQ(same->script, "/x");
    EXPECT_EQ(same->argv, request.argv);
    EXPECT_EQ(same->env, request.env);
    const auto reply = decode_spawn_reply(encode(SpawnReply{7, 4711, 13}));
    ASSERT_TRUE(reply.has_value());
    EXPECT_EQ(reply->pid, 4711);
    EXPECT_EQ(reply->error_code, 13);
}

TEST(SpawnerProtocol, RefusesEveryCutAndEveryTail) {
    const std::string bytes = encode(SpawnRequest{7, "/x", {"/x", "a"}, {"A=1"}});
    for (std::size_t size = 0; size < bytes.size(); ++size) EXPECT_FALSE(decode_spawn_request(bytes.substr(0, size)).has_value());
    EXPECT_FALSE(decode_spawn_request(bytes + "x").has_value());
    EXPECT_FALSE(decode_spawn_request(encode(SpawnRequest{7, "/x", {}, {}})).has_value()) << "no argv[0]";
}

TEST(Spawner, EndsWhenItsSocketClosesOrSpeaksNonsense) {
    for (const bool nonsense : {false, true}) {
        auto spawner = fork_spawner(std::nullopt);
        ASSERT_TRUE(spawner.has_value());
        Channel channel(std::move(spawner->socket), kSpawnReplyBytes, 1);
        if (nonsense) EXPECT_TRUE(channel.send("nonsense").has_value());
        else channel = Channel(UniqueFd(), 1);
        int status = -1;
        EXPECT_EQ(::waitpid(spawner->pid, &status, 0), spawner->pid);
        EXPECT_TRUE(WIFEXITED(status));
    }
}

TEST(Spawner, DoesNotStartAnythingWithoutItsTwoDescriptors) {
    auto spawner = fork_spawner(std::nullopt);
    ASSERT_TRUE(spawner.has_value());
    Channel channel(std::move(spawner->socket), kSpawnReplyBytes, 1);
    ASSERT_TRUE(channel.send(encode(SpawnRequest{1, "/bin/true", {"/bin/true"}, {}})).has_value());
    int status = -1;
    EXPECT_EQ(::waitpid(spawner->pid, &status, 0), spawner->pid);
    EXPECT_EQ(channel.receive()->state, Channel::Received::State::closed);
}

}  // namespace
}  // namespace endpointd::exec
