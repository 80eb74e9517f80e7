#include "store/wanted.hpp"

#include <gmock/gmock.h>

#include "fixture.hpp"

namespace endpointd::store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class WantedTest : public StoreTest {
protected:
    void write(const WantedChange& change) {
        const auto done = write_wanted(*database_, change);
        ASSERT_TRUE(done) << done.error().text;
    }
    StoredWanted reopened() {
        close();
        open();
        return read_wanted(*database_);
    }
    static WantedChange pushed(std::vector<policy::PushedFile> files) {
        WantedChange change;
        change.pushed.emplace();
        change.pushed->zones = {{"web1", "master1", 12.5}};
        change.pushed->files = std::make_shared<const std::vector<policy::PushedFile>>(std::move(files));
        return change;
    }
};

TEST_F(WantedTest, AFreshStoreWantsNothing) {
    open();
    const StoredWanted wanted = read_wanted(*database_);
    EXPECT_THAT(wanted.files, IsEmpty());
    EXPECT_THAT(wanted.problems, IsEmpty());
}

TEST_F(WantedTest, FilesComeBackInTheirOrderAndByteForByte) {
    open();
    const std::vector<policy::PushedFile> files = {{"master1", "web1", "/_etc/z.conf", std::string("a\0b\xff", 4)},
                                                   {"master1", "web1", "/_etc/a.conf", ""},
                                                   {"master1", "web1", "/_etc/big.conf", std::string(9'000'001, 'x')}};
    write(pushed(files));
    const StoredWanted wanted = reopened();
    EXPECT_EQ(wanted.files, files);
    EXPECT_THAT(wanted.zones, ElementsAre(PushedZone{"web1", "master1", 12.5}));
}

TEST_F(WantedTest, AnUpdateReplacesAllThatWasPushedAndNothingElse) {
    open();
    WantedChange change = pushed({{"master1", "web1", "/a.conf", "a"}});
    change.objects = {{"master1", "Host", "h", "web1", 3.25, "object Host \"h\" { }"}};
    write(change);
    write(pushed({{"master1", "web1", "/b.conf", "b"}}));
    const StoredWanted wanted = reopened();
    ASSERT_EQ(wanted.files.size(), 1U);
    EXPECT_EQ(wanted.files[0].path, "/b.conf");
    EXPECT_THAT(wanted.objects, ElementsAre(change.objects[0]));
}

TEST_F(WantedTest, RuntimeObjectsKeepTheirPlaceWhenTheyChange) {
    open();
    WantedChange change;
    change.objects = {{"m", "Service", "z!s", "", 1, "1"}, {"m", "Host", "a", "", 1, "2"}};
    write(change);
    WantedChange later;
    later.objects = {{"m", "Service", "z!s", "", 2, "1"}};
    write(later);
    const StoredWanted wanted = reopened();
    ASSERT_EQ(wanted.objects.size(), 2U);
    EXPECT_EQ(wanted.objects[0], later.objects[0]);
}

TEST_F(WantedTest, ModificationsAndTombstonesAreReplacedAndDropped) {
    open();
    WantedChange change;
    change.modifications = {{"m", "Host", "h", 2.000001, json::Object{{"vars.x", json::Array{1, "a"}}}, 3.5}, {"m", "Host", "gone", 1, {}}};
    change.tombstones = {{"Host", "old", 7, kStart}, {"Host", "older", 6, kStart}};
    write(change);
    WantedChange later;
    later.dropped_modifications = {{"Host", "gone"}};
    later.dropped_tombstones = {{"Host", "older"}};
    write(later);
    const StoredWanted wanted = reopened();
    EXPECT_THAT(wanted.modifications, ElementsAre(change.modifications[0]));
    EXPECT_THAT(wanted.tombstones, ElementsAre(change.tombstones[0]));
}

TEST_F(WantedTest, WritingEverythingForgetsWhatWasThere) {
    open();
    WantedChange change;
    change.objects = {{"m", "Host", "a", "", 1, "2"}};
    change.tombstones = {{"Host", "old", 7, kStart}};
    write(change);
    WantedChange everything;
    everything.everything = true;
    write(everything);
    const StoredWanted wanted = reopened();
    EXPECT_THAT(wanted.objects, IsEmpty());
    EXPECT_THAT(wanted.tombstones, IsEmpty());
}

TEST_F(WantedTest, ADamagedFileIsLeftOutAndItsZoneIsOpenToTheNextUpdate) {
    open();
    write(pushed({{"master1", "web1", "/a.conf", "object Host \"a\" { }"}, {"master1", "web1", "/b.conf", "b"}}));
    close();
    damage("UPDATE pushed_file SET content = x'00' WHERE path = '/a.conf'");
    open();
    const StoredWanted wanted = read_wanted(*database_);
    ASSERT_EQ(wanted.files.size(), 1U);
    EXPECT_EQ(wanted.files[0].path, "/b.conf");
    EXPECT_EQ(wanted.zones[0].timestamp, 0);
    EXPECT_THAT(wanted.problems, ElementsAre(HasSubstr("web1/a.conf is damaged")));
}

TEST_F(WantedTest, AFileThatLostAPartIsLeftOut) {
    open();
    write(pushed({{"master1", "web1", "/a.conf", std::string(9'000'000, 'x')}, {"master1", "web1", "/b.conf", "b"}}));
    close();
    damage("DELETE FROM pushed_file WHERE path = '/a.conf' AND part = 1");
    open();
    EXPECT_EQ(read_wanted(*database_).files.size(), 1U);
}

TEST_F(WantedTest, ATableThatIsGoneCostsItsOwnPartOnly) {
    open();
    WantedChange change = pushed({{"master1", "web1", "/a.conf", "a"}});
    change.objects = {{"m", "Host", "a", "", 1, "2"}};
    write(change);
    close();
    damage("DROP TABLE pushed_file");
    open();
    const StoredWanted wanted = read_wanted(*database_);
    EXPECT_THAT(wanted.objects, ElementsAre(change.objects[0]));
    EXPECT_EQ(wanted.zones[0].timestamp, 0);
    EXPECT_THAT(wanted.problems, ElementsAre(HasSubstr("pushed files cannot be read")));
}

TEST_F(WantedTest, AttributesThatAreNoObjectAreLeftOut) {
    open();
    WantedChange change;
    change.modifications = {{"m", "Host", "h", 2, {}}, {"m", "Host", "i", 2, {}}};
    write(change);
    close();
    damage("UPDATE modification SET attributes = x'5b' WHERE name = 'h'");
    open();
    const StoredWanted wanted = read_wanted(*database_);
    ASSERT_EQ(wanted.modifications.size(), 1U);
    EXPECT_THAT(wanted.problems, ElementsAre(HasSubstr("'h' are damaged")));
}

TEST_F(WantedTest, WhatWasRefusedIsKeptGroupByGroup) {
    open();
    ToldRejection::Digest one, other;
    one.fill('1');
    other.fill('2');
    WantedChange change;
    change.told = {{"plan", one, 0}, {"plan", other, 3}, {"update:m", one, 4}};
    EXPECT_FALSE(change.empty());
    write(change);
    WantedChange later;
    later.told = {{"plan", one, 9}};
    later.dropped_told = {{"plan", other}};
    write(later);
    EXPECT_THAT(reopened().told, testing::UnorderedElementsAre(ToldRejection{"plan", one, 9}, ToldRejection{"update:m", one, 4}));
    WantedChange everything;
    everything.everything = true;
    write(everything);
    EXPECT_THAT(reopened().told, IsEmpty());
}

TEST_F(WantedTest, AChangeThatFailsLeavesNothingOfItself) {
    open();
    WantedChange change;
    change.objects = {{"m", "Host", "a", "", 1, "2"}};
    change.tombstones = {{"Host", "x", 1, kStart}};
    ASSERT_TRUE(database_->execute("DROP TABLE tombstone"));
    EXPECT_FALSE(write_wanted(*database_, change));
    EXPECT_THAT(read_wanted(*database_).objects, IsEmpty());
}

}  // namespace
}  // namespace endpointd::store
