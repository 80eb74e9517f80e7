#include "store/leases.hpp"

#include <gmock/gmock.h>

#include "fixture.hpp"

namespace endpointd::store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

policy::Lease lease(std::uint64_t id) {
    return {id,
            "zone:master",
            policy::Capability::execute,
            json::Object{{"commands", json::Array{"disk"}}, {"rate", "6/h"}},
            "deploy \xe2\x82\xac",
            "root",
            kStart,
            kStart + std::chrono::hours(2),
            std::chrono::hours(2) - Duration(1)};
}

class LeasesTest : public StoreTest {
protected:
    void write(const LeaseChange& change) {
        const auto done = write_leases(*database_, change);
        ASSERT_TRUE(done) << done.error().text;
    }
    StoredLeases reopened() {
        close();
        open();
        return read_leases(*database_);
    }
};

TEST_F(LeasesTest, AFreshStoreHasNone) {
    open();
    const StoredLeases kept = read_leases(*database_);
    EXPECT_THAT(kept.leases, IsEmpty());
    EXPECT_THAT(kept.problems, IsEmpty());
    EXPECT_EQ(kept.next_id, 1U);
}

TEST_F(LeasesTest, ComeBackAsTheyWere) {
    open();
    write({{lease(1), lease(2)}, {}});
    const StoredLeases kept = reopened();
    EXPECT_THAT(kept.leases, ElementsAre(lease(1), lease(2)));
    EXPECT_EQ(kept.next_id, 3U);
}

TEST_F(LeasesTest, OfWhichLessIsLeftAreReplaced) {
    open();
    write({{lease(1), lease(2)}, {}});
    policy::Lease less = lease(1);
    less.left = std::chrono::minutes(3);
    write({{less}, {2}});
    EXPECT_THAT(reopened().leases, ElementsAre(less));
}

TEST_F(LeasesTest, AnIdIsNeverUsedTwice) {
    open();
    write({{lease(1), lease(7)}, {}});
    write({{}, {1, 7}});
    const StoredLeases kept = reopened();
    EXPECT_THAT(kept.leases, IsEmpty());
    EXPECT_EQ(kept.next_id, 8U);
}

TEST_F(LeasesTest, ADamagedOneIsLeftOutAndItsIdIsNotUsedAgain) {
    for (const char* damaged : {"capability = 'fly'", "scope = '['", "scope = '[]'"}) {
        open();
        write({{lease(1), lease(2)}, {}});
        close();
        damage(std::string("UPDATE lease SET ") + damaged + " WHERE id = 2");
        open();
        const StoredLeases kept = read_leases(*database_);
        EXPECT_THAT(kept.leases, ElementsAre(lease(1))) << damaged;
        EXPECT_THAT(kept.problems, ElementsAre("lease:2 is damaged")) << damaged;
        EXPECT_EQ(kept.next_id, 3U);
        close();
    }
}

TEST_F(LeasesTest, ATableThatIsGoneCostsTheLeasesAndNotTheStart) {
    open();
    write({{lease(1)}, {}});
    close();
    damage("DROP TABLE lease");
    open();
    const StoredLeases kept = read_leases(*database_);
    EXPECT_THAT(kept.leases, IsEmpty());
    EXPECT_THAT(kept.problems, ElementsAre(HasSubstr("leases cannot be read in full")));
}

TEST_F(LeasesTest, AChangeThatFailsLeavesNothingOfItself) {
    open();
    write({{lease(1)}, {}});
    ASSERT_TRUE(database_->execute("CREATE TRIGGER no BEFORE DELETE ON lease BEGIN SELECT RAISE(FAIL, 'no'); END;"));
    EXPECT_FALSE(write_leases(*database_, {{lease(3)}, {1}}));
    EXPECT_THAT(read_leases(*database_).leases, ElementsAre(lease(1)));
}

}  // namespace
}  // namespace endpointd::store
