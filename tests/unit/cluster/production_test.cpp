#include "cluster/production.hpp"

#include <gmock/gmock.h>

#include "fake_services.hpp"

namespace endpointd::cluster {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class ProductionTest : public testing::Test {
protected:
    ProductionTest() : node_(R"({"parents":{"master1":{"grant":["config"]},"other1":{"grant":{"config":{"zones":["nothing"]}}}}})") {
        world_.topology = node_.rules->topology;
        world_.grants = node_.rules->grants;
        world_.catalog = node_.rules->catalog;
        world_.node = "web1";
    }
    static wire::ConfigUpdate of(const std::string& zone, const std::string& timestamp,
                                 std::vector<std::pair<std::string, std::string>> files) {
        wire::ConfigUpdate update;
        update.zones = {zone};
        if (!timestamp.empty()) update.files.push_back({zone, "/.timestamp", timestamp, true});
        for (auto& [path, content] : files) update.files.push_back({zone, path, content, false});
        return update;
    }
    UpdateOutcome push(const wire::ConfigUpdate& update, const std::string& parent = "master1") {
        UpdateOutcome outcome = judge_update(there_, parent, update, world_, {}, 1000);
        there_ = outcome.next;
        return outcome;
    }

    FakeServices node_;
    policy::World world_;
    Production there_;
};

TEST_F(ProductionTest, ANewZoneIsTaken) {
    EXPECT_THAT(push(of("web1", "5", {{"/_etc/a.conf", "a"}, {"/_etc/note.txt", "n"}})).changed, ElementsAre("web1"));
    ASSERT_EQ(there_.files->size(), 1U);
    EXPECT_EQ(there_.files->front(), (policy::PushedFile{"master1", "web1", "/_etc/a.conf", "a"}));
    EXPECT_EQ(there_.zone("web1")->timestamp, 5);
}

TEST_F(ProductionTest, TheSameTextAgainChangesNothingWhateverItsTimestampAndChecksums) {
    push(of("web1", "5", {{"/a.conf", "a"}}));
    const auto files = there_.files;
    wire::ConfigUpdate again = of("web1", "9", {{"/a.conf", "a"}});
    again.checksums.emplace()["web1"]["/a.conf"] = "00";
    const UpdateOutcome outcome = push(again);
    EXPECT_FALSE(outcome.anything());
    EXPECT_EQ(there_.files, files);
    EXPECT_EQ(there_.zone("web1")->timestamp, 5);
}

TEST_F(ProductionTest, OtherTextNeedsANewerTimestamp) {
    push(of("web1", "5", {{"/a.conf", "a"}}));
    for (const char* older : {"5", "4.9", "", "x"}) {
        const UpdateOutcome outcome = push(of("web1", *older == '\0' ? "0" : older, {{"/a.conf", "b"}}));
        EXPECT_THAT(outcome.stale, ElementsAre("web1")) << older;
        EXPECT_EQ(there_.files->front().content, "a");
    }
    EXPECT_THAT(push(of("web1", "5.1", {{"/a.conf", "b"}})).changed, ElementsAre("web1"));
}

TEST_F(ProductionTest, AZoneWithoutTimestampIsNewerThanNow) {
    push(of("web1", "1001", {{"/a.conf", "a"}}));
    EXPECT_THAT(push(of("web1", "", {{"/a.conf", "b"}})).changed, ElementsAre("web1"));
    EXPECT_EQ(there_.zone("web1")->timestamp, 1010);
}

TEST_F(ProductionTest, ATimestampOfTheFarFutureIsNotTheLastOne) {
    push(of("web1", "1e308", {{"/a.conf", "a"}}));
    EXPECT_EQ(there_.zone("web1")->timestamp, 1000 + kAheadOfClock);
    EXPECT_THAT(judge_update(there_, "master1", of("web1", "4700", {{"/a.conf", "b"}}), world_, {}, 4700).changed, ElementsAre("web1"));
}

TEST_F(ProductionTest, AFileThatIsGoneAndAFileThatMovedAreChanges) {
    push(of("web1", "5", {{"/a.conf", "a"}, {"/b.conf", "b"}}));
    EXPECT_TRUE(push(of("web1", "6", {{"/a.conf", "a"}})).anything());
    EXPECT_TRUE(push(of("web1", "7", {{"/c.conf", "a"}})).anything());
    EXPECT_TRUE(push(of("web1", "8", {})).anything());
    EXPECT_THAT(*there_.files, IsEmpty());
}

TEST_F(ProductionTest, AnUnsafePathRefusesTheWholeUpdate) {
    for (const char* path : {"/../x.conf", "//a.conf", "/a/../../b.txt"}) {
        const UpdateOutcome outcome = push(of("web1", "5", {{"/a.conf", "a"}, {path, "b"}}));
        EXPECT_TRUE(outcome.refused) << path;
        ASSERT_EQ(outcome.rejections.size(), 1U);
        EXPECT_EQ(outcome.rejections[0].reason, policy::Reason::bad_path);
        EXPECT_THAT(*there_.files, IsEmpty());
    }
}

TEST_F(ProductionTest, AnUnknownZoneIsLeftOutAndTheRestIsTaken) {
    wire::ConfigUpdate update = of("web1", "5", {{"/a.conf", "a"}});
    update.zones.push_back("nowhere");
    update.files.push_back({"nowhere", "/a.conf", "a", false});
    const UpdateOutcome outcome = push(update);
    EXPECT_THAT(outcome.changed, ElementsAre("web1"));
    ASSERT_EQ(outcome.rejections.size(), 1U);
    EXPECT_EQ(outcome.rejections[0].reason, policy::Reason::zone_not_authorized);
    EXPECT_EQ(there_.zone("nowhere"), nullptr);
}

TEST_F(ProductionTest, ASecondParentCannotReplaceAZoneThatIsOutOfItsScope) {
    push(of("web1", "5", {{"/a.conf", "a"}}));
    const UpdateOutcome outcome = push(of("web1", "6", {{"/a.conf", "b"}}), "other1");
    EXPECT_FALSE(outcome.anything());
    EXPECT_EQ(there_.files->front().content, "a");
    ASSERT_EQ(outcome.rejections.size(), 1U);
    EXPECT_EQ(outcome.rejections[0].reason, policy::Reason::out_of_scope);
}

}  // namespace
}  // namespace endpointd::cluster
