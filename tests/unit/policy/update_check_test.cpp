#include <gmock/gmock.h>

#include "filter_scene.hpp"

namespace endpointd::policy {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> paths_of(const CheckedUpdate& checked) {
    std::vector<std::string> paths;
    for (const PushedFile& file : checked.files) paths.push_back(file.zone + file.path);
    return paths;
}

Reason reason_of(const CheckedUpdate& checked) { return checked.rejections.empty() ? Reason::ok : checked.rejections.front().reason; }

CheckedUpdate check(const World& world, std::vector<PushedFile> files, const UpdateLimits& limits = {}) {
    return check_update("master1", std::move(files), world, limits);
}

TEST(Paths, ThatLeaveTheZoneOrHideSomethingAreNone) {
    for (const std::string_view path : {"", "/", "//x", "/a//b", "/a/", "..", "/..", "/../x", "/a/../b", "/a/..", ".", "/./a", "/a/."})
        EXPECT_FALSE(is_safe_path(path)) << path;
    EXPECT_FALSE(is_safe_path(std::string_view("/a\0b", 4)));
    EXPECT_FALSE(is_safe_path("/a\nb"));
    EXPECT_FALSE(is_safe_path("/a\x7f"));
    EXPECT_FALSE(is_safe_path("/\xff"));
    EXPECT_FALSE(is_safe_path(std::string(kPathLength + 1, 'a')));
    for (const std::string_view path : {"/_etc/hosts.conf", "a", "/..a", "/a..", "/...", "/.timestamp", "/a b/c\\d"})
        EXPECT_TRUE(is_safe_path(path)) << path;
    EXPECT_TRUE(is_safe_path(std::string(kPathLength, 'a')));
}

TEST(Updates, AreRefusedWithoutTheCapability) {
    const CheckedUpdate checked = check(world_with({}), {{"", "own", "/a.conf", ""}});
    EXPECT_TRUE(checked.refused);
    EXPECT_EQ(reason_of(checked), Reason::capability_denied);
    EXPECT_THAT(checked.files, IsEmpty());
}

TEST(Updates, ThatWantASignatureAreRefusedWithoutOne) {
    const World world = world_with_config(R"({"signed_by":"ops"})");
    const CheckedUpdate checked = check(world, {{"", "own", "/a.conf", ""}});
    EXPECT_TRUE(checked.refused);
    EXPECT_EQ(reason_of(checked), Reason::unsigned_zone);
    const World either =
        world_with({R"({"parents":{"master1":{"grant":{"config":{"signed_by":"ops"}}},"zone:master":{"grant":["config"]}}})"});
    EXPECT_FALSE(check(either, {{"", "own", "/a.conf", ""}}).refused);
}

TEST(Updates, OverALimitAreRefused) {
    const World world = world_with_config("{}");
    const std::vector<PushedFile> two{{"", "own", "/a.conf", "12345"}, {"", "own", "/b.conf", "12345"}};
    EXPECT_FALSE(check(world, two, {2, 10}).refused);
    EXPECT_EQ(reason_of(check(world, two, {1, 10})), Reason::limit_exceeded);
    EXPECT_TRUE(check(world, two, {1, 10}).refused);
    EXPECT_EQ(reason_of(check(world, two, {2, 9})), Reason::limit_exceeded);
}

TEST(Updates, OneBadPathRefusesAll) {
    const World world = world_with_config("{}");
    EXPECT_EQ(reason_of(check(world, {{"", "own", "/a.conf", ""}, {"", "own", "/../b.conf", ""}})), Reason::bad_path);
    EXPECT_EQ(reason_of(check(world, {{"", "other", "/../b.conf", ""}})), Reason::bad_path);
    const CheckedUpdate twice = check(world, {{"", "own", "/a.conf", ""}, {"", "own", "a.conf", ""}});
    EXPECT_TRUE(twice.refused);
    EXPECT_EQ(reason_of(twice), Reason::bad_path);
}

TEST(Updates, OfZonesThatAreNotOursAreLeftOut) {
    const CheckedUpdate checked = check(world_with_config("{}"), {{"", "own", "/a.conf", ""},
                                                                  {"", "below", "/a.conf", ""},
                                                                  {"", "everywhere", "/a.conf", ""},
                                                                  {"", "master", "/a.conf", ""},
                                                                  {"", "other", "/a.conf", ""},
                                                                  {"", "other", "/b.conf", ""},
                                                                  {"", "nowhere", "/a.conf", ""}});
    EXPECT_FALSE(checked.refused);
    EXPECT_THAT(paths_of(checked), ElementsAre("below/a.conf", "everywhere/a.conf", "own/a.conf"));
    ASSERT_EQ(checked.rejections.size(), 3u);
    for (const Rejection& rejection : checked.rejections) EXPECT_EQ(rejection.reason, Reason::zone_not_authorized);
    EXPECT_FALSE(checked.rejections[0].same_as(checked.rejections[1])) << "each has a record of its own";
    EXPECT_EQ(checked.files[0].parent, "master1");
}

TEST(Updates, AreSortedAsUpstreamLoadsADirectory) {
    const CheckedUpdate checked = check(world_with_config("{}"), {{"", "own", "/b/x.conf", ""},
                                                                  {"", "own", "/z.conf", ""},
                                                                  {"", "own", "/a/c/x.conf", ""},
                                                                  {"", "own", "/a/d.conf", ""},
                                                                  {"", "own", "/a.conf", ""},
                                                                  {"", "own", "/a-b/x.conf", ""}});
    EXPECT_THAT(paths_of(checked),
                ElementsAre("own/a.conf", "own/z.conf", "own/a/d.conf", "own/a/c/x.conf", "own/a-b/x.conf", "own/b/x.conf"));
}

TEST(ManagingObjects, NeedsTheCapabilityOfTheTypeAndTheNameInScope) {
    const World world = world_with({R"({"parents":{"master1":{"grant":{"config":{"types":["Host"],"hosts":["web*"]},)"
                                    R"("downtime":{"services":["web1!disk"]},"comment":{"hosts":["web1"]}}}}})"});
    const auto reason = [&](std::string_view type, std::string_view name) {
        const Verdict verdict = may_manage("master1", type, name, world);
        EXPECT_EQ(verdict.allowed, verdict.reason == Reason::ok);
        return verdict.reason;
    };
    EXPECT_EQ(reason("Host", "web1"), Reason::ok);
    EXPECT_EQ(reason("Host", "db1"), Reason::out_of_scope);
    EXPECT_EQ(reason("Host", "db1!web1"), Reason::out_of_scope);
    EXPECT_EQ(reason("HostGroup", "g"), Reason::type_not_granted);
    EXPECT_EQ(reason("Downtime", "web1!disk!uuid"), Reason::ok);
    EXPECT_EQ(reason("Downtime", "web1!uuid"), Reason::out_of_scope);
    EXPECT_EQ(reason("Comment", "web1!uuid"), Reason::ok);
    EXPECT_EQ(reason("Comment", "web1!disk!uuid"), Reason::out_of_scope);
    EXPECT_EQ(reason("CheckCommand", "evil"), Reason::command_pushed);
    EXPECT_EQ(reason("CheckCommand", "disk"), Reason::command_shadowed);
    for (const std::string_view type : {"Endpoint", "Zone", "ApiUser", "ApiListener", "FileLogger", "GraphiteWriter", "Nonsense", ""})
        EXPECT_EQ(reason(type, "x"), Reason::type_not_granted) << type;
    EXPECT_EQ(may_manage("master2", "Host", "web1", world).reason, Reason::capability_denied);
}

}  // namespace
}  // namespace endpointd::policy
