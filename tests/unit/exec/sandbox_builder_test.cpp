// From a catalog entry to its sandbox: who shares one, whom it runs as, what it may use.

#include "exec/sandbox_builder.hpp"

#include <gmock/gmock.h>
#include <pwd.h>
#include <unistd.h>

#include <vector>

#include "exec/landlock.hpp"

namespace endpointd::exec {
namespace {

using testing::ElementsAre;
using testing::Pair;
using testing::UnorderedElementsAre;

catalog::Catalog load(const std::string& commands) {
    Findings findings;
    catalog::Catalog loaded =
        catalog::Catalog::load({{"/etc/catalog.d/t.json", "t.json", "{ \"commands\": { " + commands + " } }"}}, findings);
    for (const Finding& finding : findings.errors) ADD_FAILURE() << finding.message;
    return loaded;
}

// Entry "NAME" with these members beside kind and command.
std::string entry(const std::string& name, const std::string& members, const std::string& program = "/usr/bin/true") {
    return "\"" + name + R"(": { "kind": "check", "command": [")" + program + "\"]" + (members.empty() ? "" : ", " + members) + " }";
}

catalog::Command command(const std::string& members, const std::string& program = "/usr/bin/true") {
    const catalog::Catalog loaded = load(entry("c", members, program));
    const catalog::Command* found = loaded.find("c");
    EXPECT_NE(found, nullptr);
    return found ? *found : catalog::Command{};
}

std::string key(const std::string& members, std::uint32_t identity = 0, const std::string& program = "/usr/bin/true") {
    return sandbox_spec(command(members, program), identity).key;
}

TEST(SandboxSpec, CommandsThatAskForTheSameShareASandbox) {
    const std::string plain = key("");
    EXPECT_EQ(key("", 0, "/usr/bin/false"), plain) << "both are below what may be read";
    EXPECT_EQ(key(R"("timeout": "5s", "env": { "A": "b" }, "description": "another")"), plain);
    EXPECT_EQ(key(R"("sandbox": { "memory": "1GiB", "cpu": "1s", "processes": 5, "open_files": 9 })"), plain)
        << "limits are each run's own, and none of the sandbox's";
    EXPECT_EQ(key(R"("sandbox": { "read": ["/"], "write": [], "network": false, "unix_sockets": false })"), plain);
}

TEST(SandboxSpec, WhatDiffersInAnythingThatConfinesDoesNot) {
    const std::vector<std::string> keys{
        key(""),
        key("", 1),
        key(R"("allow_setuid": true)"),
        key(R"("sandbox": { "network": true })"),
        key(R"("sandbox": { "unix_sockets": true })"),
        key(R"("sandbox": { "network": true, "unix_sockets": true })"),
        key(R"("sandbox": { "read": ["/usr"] })"),
        key(R"("sandbox": { "read": ["/usr", "/etc"] })"),
        key(R"("sandbox": { "read": ["/usr/etc"] })"),
        key(R"("sandbox": { "write": ["/usr"] })"),
        key(R"("sandbox": { "read": ["/usr"], "write": ["/etc"] })"),
        key(R"("sandbox": { "read": ["/etc"] })"),
        key(R"("sandbox": { "read": ["/etc"] })", 0, "/usr/bin/false"),
    };
    for (std::size_t i = 0; i < keys.size(); ++i)
        for (std::size_t j = 0; j < i; ++j) EXPECT_NE(keys[i], keys[j]) << i << " and " << j;
}

TEST(SandboxSpec, NamesTheProgramOnlyWhereNoTreeHoldsIt) {
    EXPECT_EQ(sandbox_spec(command(""), 0).program, "");
    EXPECT_EQ(sandbox_spec(command(R"("sandbox": { "read": ["/usr/bin"] })"), 0).program, "");
    EXPECT_EQ(sandbox_spec(command(R"("sandbox": { "read": ["/usr/bin/true"] })"), 0).program, "");
    EXPECT_EQ(sandbox_spec(command(R"("sandbox": { "read": ["/etc"], "write": ["/usr"] })"), 0).program, "");
    EXPECT_EQ(sandbox_spec(command(R"("sandbox": { "read": ["/etc"] })"), 0).program, "/usr/bin/true");
    EXPECT_EQ(sandbox_spec(command(R"("sandbox": { "read": ["/usr/bi"] })"), 0).program, "/usr/bin/true");
}

TEST(SandboxBuilder, MakesTheProfileThatTheSpecAsksFor) {
    const SandboxBuilder builder(HiddenPaths{});
    const auto plain = builder.build(sandbox_spec(command(R"("sandbox": { "read": ["/usr"] })"), 0));
    ASSERT_TRUE(plain.has_value()) << plain.error().text;
    EXPECT_TRUE(plain->no_new_privs);
    EXPECT_TRUE(plain->landlock);
    EXPECT_EQ(plain->paths.front().path, "/usr");
    EXPECT_EQ(plain->paths.front().access, access::kRead | access::kExecute);
    EXPECT_FALSE(plain->filter.empty());
    const auto gains = builder.build(sandbox_spec(command(R"("allow_setuid": true, "sandbox": { "network": true })"), 0));
    ASSERT_TRUE(gains.has_value());
    EXPECT_FALSE(gains->no_new_privs);
    EXPECT_NE(gains->filter, plain->filter);
}

TEST(ResourceLimitsOf, AreTheEntrysWithACommonCeilingForProcesses) {
    const ResourceLimits limits =
        resource_limits(command(R"("sandbox": { "memory": "64MiB", "cpu": "1500ms", "processes": 7, "open_files": 40 })"), 3);
    EXPECT_EQ(limits.memory, 64ULL << 20);
    EXPECT_EQ(limits.cpu, 2U) << "the kernel counts whole seconds";
    EXPECT_EQ(limits.processes, 7U * 3 + kOtherProcesses);
    EXPECT_EQ(limits.open_files, 40U);
    EXPECT_EQ(limits.file_size, kFileSize);
}

TEST(ResourceLimitsOf, NeverAreNoCpuTimeAtAll) {
    catalog::Command least = command("");
    least.sandbox.cpu = Duration(1);
    EXPECT_EQ(resource_limits(least, 1).cpu, 1U) << "0 would be no limit";
}

class IdentitiesTest : public testing::Test {
protected:
    // A user that every system has, and who is not `own`.
    static constexpr uid_t kOwn = 65534;
    const User own_{"nobody", kOwn, kOwn};
};

TEST_F(IdentitiesTest, ArePerUserAndOnceEach) {
    const auto loaded = load(entry("a", R"("run_as": "daemon")") + ", " + entry("b", R"("run_as": "daemon")") + ", " +
                             entry("c", R"("run_as": "root")") + ", " + entry("d", "") + ", " + entry("e", R"("run_as": "nobody")"));
    const auto identities = identities_of(loaded, own_, true);
    ASSERT_TRUE(identities.has_value()) << identities.error().text;
    EXPECT_THAT(identities->named, UnorderedElementsAre(Pair("daemon", 1U), Pair("root", 2U), Pair("nobody", 0U)));
    ASSERT_EQ(identities->list.size(), 3U);
    EXPECT_EQ(identities->list[0].uid, kOwn) << "the first one is always the daemon's";
    EXPECT_EQ(identities->list[1].uid, ::getpwnam("daemon")->pw_uid);
    EXPECT_EQ(identities->list[2].uid, 0U);
    EXPECT_FALSE(identities->gains_rights);
}

TEST_F(IdentitiesTest, LeaveOutWhomTheSystemDoesNotKnow) {
    const auto loaded = load(entry("a", R"("run_as": "no-such-user-here")") + ", " + entry("b", R"("run_as": "daemon")"));
    const auto identities = identities_of(loaded, own_, true);
    ASSERT_TRUE(identities.has_value());
    EXPECT_THAT(identities->named, ElementsAre(Pair("daemon", 1U)));
}

TEST_F(IdentitiesTest, AreOnlyOurselvesWhereNobodyIsRoot) {
    const auto loaded = load(entry("a", R"("run_as": "daemon")") + ", " + entry("b", R"("run_as": "nobody")"));
    const auto identities = identities_of(loaded, own_, false);
    ASSERT_TRUE(identities.has_value());
    EXPECT_THAT(identities->named, ElementsAre(Pair("nobody", 0U))) << "our own name is no change of user";
    EXPECT_THAT(identities->list, ElementsAre(own_identity()));
}

TEST_F(IdentitiesTest, SayWhetherACommandMayGainRights) {
    const auto with = identities_of(load(entry("a", R"("allow_setuid": true)")), own_, true);
    const auto without = identities_of(load(entry("a", "")), own_, true);
    ASSERT_TRUE(with.has_value() && without.has_value());
    EXPECT_TRUE(with->gains_rights);
    EXPECT_FALSE(*with == *without) << "that takes another runner";
    EXPECT_TRUE(*without == *identities_of(load(entry("b", "") + ", " + entry("c", "")), own_, true));
}

}  // namespace
}  // namespace endpointd::exec
