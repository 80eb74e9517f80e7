#include "cluster/leases.hpp"

#include <gmock/gmock.h>

#include "fake_services.hpp"

namespace endpointd::cluster {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr WallTime kNoon{seconds(1'763'640'000)};
const char* const kResultsOnly = R"({"parents":{"master1":{"grant":["results"]}}})";

// The leases with a dispatcher that gets their rules, and a store that does what the test says.
class LeasesTest : public testing::Test {
protected:
    LeasesTest() : node_(kResultsOnly, true) {
        known_.topology = node_.rules->topology.get();
        node_.clock.step_wall(kNoon - node_.clock.wall());
        start();
    }

    // Another process with what the store has.
    void start() {
        leases_ = std::make_unique<Leases>(
            Leases::Ways{node_.clock, node_.log, [this](store::AuditEntry entry) { audit_.push_back(std::move(entry)); },
                         [this] { return audit_fails_; },
                         [this](const store::LeaseChange& change, std::function<void(bool)> done) {
                             if (hold_) return held_.push_back([this, change, done = std::move(done)] { done(write(change)); });
                             done(write(change));
                         },
                         [this] { apply(); }});
        store::StoredLeases kept;
        for (const auto& [id, lease] : disk_) kept.leases.push_back(lease);
        kept.next_id = next_id_;
        leases_->load(std::move(kept));
        apply();
    }
    bool write(const store::LeaseChange& change) {
        if (disk_full_) return false;
        for (const policy::Lease& lease : change.put) {
            disk_.insert_or_assign(lease.id, lease);
            next_id_ = std::max(next_id_, lease.id + 1);
        }
        for (const std::uint64_t id : change.dropped) disk_.erase(id);
        return true;
    }
    void apply() {
        ++applied_;
        auto rules = std::make_shared<Rules>(*node_.rules);
        rules->grants = std::make_shared<const policy::Grants>(node_.rules->grants->with_leases(leases_->grants()));
        node_.dispatcher.configure(rules);
    }

    Result<Leases::Granted> grant(const std::string& capability = "execute", Duration length = hours(2),
                                  const std::string& reason = "deploy") {
        std::optional<Result<Leases::Granted>> answer;
        leases_->grant({"master1", capability, length, {}, reason}, "root", known_,
                       [&](Result<Leases::Granted> granted) { answer = std::move(granted); });
        return answer ? *answer : Result<Leases::Granted>(fail(Errc::timed_out, "no answer"));
    }
    Result<policy::Lease> revoke(std::uint64_t id) {
        std::optional<Result<policy::Lease>> answer;
        leases_->revoke(id, "bob", [&](Result<policy::Lease> revoked) { answer = std::move(revoked); });
        return answer ? *answer : Result<policy::Lease>(fail(Errc::timed_out, "no answer"));
    }
    // Does a check of master1's run?
    bool runs() {
        const std::size_t before = node_.runs.size();
        node_.execute("free");
        if (node_.runs.size() == before) return false;
        node_.finish(before, 0, "ok");
        return true;
    }
    std::vector<std::string> said() const {
        std::vector<std::string> list;
        for (const store::AuditEntry& entry : audit_) {
            EXPECT_EQ(entry.decision, store::Decision::changed);
            EXPECT_EQ(entry.object_type, "Lease");
            EXPECT_FALSE(entry.parent);
            list.push_back(*entry.object_name + " " + entry.detail);
        }
        return list;
    }

    FakeServices node_;
    policy::KnownNames known_;
    std::map<std::uint64_t, policy::Lease> disk_;
    std::uint64_t next_id_ = 1;
    bool disk_full_ = false, audit_fails_ = false, hold_ = false;
    std::vector<std::function<void()>> held_;
    std::vector<store::AuditEntry> audit_;
    int applied_ = 0;
    std::unique_ptr<Leases> leases_;
};

TEST_F(LeasesTest, DeniedThenGrantedThenRevokedThenDenied) {
    EXPECT_FALSE(runs());
    const auto granted = grant();
    ASSERT_TRUE(granted) << granted.error().text;
    EXPECT_TRUE(runs());
    const auto revoked = revoke(granted->lease.id);
    ASSERT_TRUE(revoked);
    EXPECT_FALSE(runs());
    EXPECT_THAT(disk_, IsEmpty());
    EXPECT_THAT(said(), ElementsAre("lease:1 granted until 2025-11-20T14:00:00.000Z: execute of master1, granted by root: deploy",
                                    "lease:1 revoked by bob: execute of master1, granted by root: deploy"));
    EXPECT_THAT(*audit_[0].content, HasSubstr(R"("reason":"deploy")"));
    EXPECT_EQ(revoke(granted->lease.id).error().code, Errc::not_found);
}

TEST_F(LeasesTest, ExpireByThemselves) {
    ASSERT_TRUE(grant());
    EXPECT_EQ(leases_->next_end(), Duration(hours(2)));
    node_.clock.advance(hours(2));
    leases_->tick();
    EXPECT_FALSE(runs());
    EXPECT_THAT(disk_, IsEmpty());
    EXPECT_THAT(said().back(), "lease:1 expired: execute of master1, granted by root: deploy");
    EXPECT_FALSE(leases_->next_end());
}

TEST_F(LeasesTest, OutliveARestartAndEndWhenTheyWould) {
    ASSERT_TRUE(grant());
    node_.clock.advance(hours(1));
    start();
    EXPECT_TRUE(runs());
    node_.clock.advance(hours(1));
    start();
    EXPECT_FALSE(runs());
    EXPECT_THAT(disk_, IsEmpty());
    EXPECT_THAT(said().back(), HasSubstr("lease:1 expired"));
}

TEST_F(LeasesTest, AClockSetBackOverACrashGivesBackNoMoreThanAMinute) {
    ASSERT_TRUE(grant());
    for (int tick = 0; tick < 2 * 90; ++tick) {
        node_.clock.advance(seconds(30));
        leases_->tick();
    }
    node_.clock.step_wall(-hours(5000));
    start();
    EXPECT_LE(leases_->next_end(), Duration(minutes(30) + kLeasesKeptEvery));
}

TEST_F(LeasesTest, AnOrderlyStopKeepsWhatIsLeftToTheMoment) {
    ASSERT_TRUE(grant());
    node_.clock.advance(minutes(30) + seconds(1));
    leases_->keep_all();
    node_.clock.step_wall(-hours(5000));
    start();
    EXPECT_EQ(leases_->next_end(), Duration(minutes(90) - seconds(1)));
}

TEST_F(LeasesTest, AClockSetForwardEndsThemAtTheNextTick) {
    ASSERT_TRUE(grant());
    node_.clock.step_wall(hours(3));
    leases_->tick();
    EXPECT_FALSE(runs());
    node_.clock.step_wall(-hours(3));
    start();
    EXPECT_FALSE(runs());
}

TEST_F(LeasesTest, AreNotInForceUntilTheStoreHasThem) {
    hold_ = true;
    EXPECT_EQ(grant().error().text, "no answer");
    EXPECT_FALSE(runs());
    held_.clear();
    hold_ = false;
    disk_full_ = true;
    const auto refused = grant("results");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::unavailable);
    EXPECT_THAT(leases_->grants(), IsEmpty());
    EXPECT_THAT(said().back(), "lease:2 never came into force: it could not be stored");
}

TEST_F(LeasesTest, NothingIsGrantedWithoutARecord) {
    audit_fails_ = true;
    EXPECT_EQ(grant().error().code, Errc::unavailable);
    EXPECT_FALSE(runs());
    EXPECT_THAT(disk_, IsEmpty());
}

TEST_F(LeasesTest, AreOverAtOnceThoughTheStoreCannotBeTold) {
    ASSERT_TRUE(grant());
    disk_full_ = true;
    const auto revoked = revoke(1);
    ASSERT_FALSE(revoked);
    EXPECT_THAT(revoked.error().text, HasSubstr("lease:1 is over, but the store could not be told"));
    EXPECT_FALSE(runs());
    EXPECT_THAT(disk_, SizeIs(1));
    disk_full_ = false;
    leases_->tick();
    EXPECT_THAT(disk_, IsEmpty());
}

TEST_F(LeasesTest, SurviveAReload) {
    ASSERT_TRUE(grant());
    node_.configure(R"({"parents":{"other1":{"grant":["execute"]}}})");
    apply();
    EXPECT_TRUE(runs());
}

TEST_F(LeasesTest, ThatAreLostAreOnRecord) {
    disk_.emplace(4, policy::Lease{4, "master1", policy::Capability::execute, json::Object{{"fly", true}}, "r", "root", kNoon,
                                   kNoon + hours(1), hours(1)});
    start();
    EXPECT_FALSE(runs());
    ASSERT_THAT(audit_, SizeIs(1));
    EXPECT_EQ(audit_[0].decision, store::Decision::rejected);
    EXPECT_EQ(audit_[0].reason, store::Reason::malformed_message);
    EXPECT_THAT(audit_[0].detail, HasSubstr("lease:4"));
}

TEST_F(LeasesTest, WhatWasPushedUnderAConfigLeaseIsJudgedAnewWhenItEnds) {
    ASSERT_TRUE(grant("config"));
    ASSERT_FALSE(node_.evaluations.empty());
    EXPECT_TRUE(node_.dispatcher.config().may_update("master1").allowed);
    EXPECT_TRUE(node_.evaluations.back().world.grants->decide("master1", "master", {policy::Capability::config, {}, {}, {}}).allowed);
    const std::size_t before = node_.evaluations.size();
    node_.clock.advance(hours(2));
    leases_->tick();
    ASSERT_EQ(node_.evaluations.size(), before + 1);
    EXPECT_FALSE(node_.evaluations.back().world.grants->decide("master1", "master", {policy::Capability::config, {}, {}, {}}).allowed);
    EXPECT_FALSE(node_.dispatcher.config().may_update("master1").allowed);
}

TEST_F(LeasesTest, AreAppliedOnlyWhenTheyChange) {
    ASSERT_TRUE(grant());
    const int before = applied_;
    for (int tick = 0; tick < 10; ++tick) {
        node_.clock.advance(seconds(30));
        leases_->tick();
    }
    EXPECT_EQ(applied_, before);
}

}  // namespace
}  // namespace endpointd::cluster
