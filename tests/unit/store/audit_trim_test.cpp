#include <gmock/gmock.h>

#include "fixture.hpp"

namespace endpointd::store {
namespace {

using std::chrono::hours;
constexpr std::uint64_t kNoLimit = 1ull << 40;

class AuditTrim : public StoreTest {
protected:
    AuditTrim() { open(); }

    void trim(Duration age, std::uint64_t size) {
        for (;;) {
            const Result<bool> more = audit_->trim(age, size);
            ASSERT_TRUE(more) << more.error().text;
            if (!*more) return;
        }
    }
};

TEST_F(AuditTrim, DoesNothingWhenNothingIsOldOrMuch) {
    append(denied("a"));
    trim(hours(24), kNoLimit);
    EXPECT_EQ(audit_->records(), 1u);
    close();
    EXPECT_EQ(look_up("SELECT count(*) FROM audit_row"), "1");
}

TEST_F(AuditTrim, RemovesWhatIsOldAndTheChainStillVerifies) {
    append(denied("old"));
    append(denied("older"));
    clock_.advance(hours(25));
    append(denied("new"));
    trim(hours(24), kNoLimit);
    EXPECT_EQ(audit_->records(), 1u);
    EXPECT_FALSE(audit_->find(1));
    EXPECT_EQ(record(3).object_name, "new");
    EXPECT_EQ(said(verify()), "ok");
    close();
    EXPECT_EQ(said(verify_file()), "ok");
}

TEST_F(AuditTrim, NeverGivesAnIdTwice) {
    append(denied("old"));
    clock_.advance(hours(25));
    trim(hours(24), kNoLimit);
    EXPECT_EQ(audit_->records(), 0u);
    close();
    open();
    EXPECT_EQ(append(denied("old")), 2u);
    EXPECT_EQ(said(verify()), "ok");
}

TEST_F(AuditTrim, CarriesARecordOverThatIsStillSeen) {
    AuditEntry entry = denied("busy");
    entry.content = "what was sent";
    append(entry);
    append(denied("quiet"));
    ASSERT_TRUE(audit_->review({1}, "anna", "known"));
    clock_.advance(hours(20));
    append(entry);
    append(entry);
    clock_.advance(hours(5));
    append(denied("new"));
    trim(hours(24), kNoLimit);
    const AuditRecord kept = record(1);
    EXPECT_EQ(kept.count, 3u);
    EXPECT_EQ(kept.time, kStart);
    EXPECT_EQ(kept.last_seen, kStart + hours(20));
    EXPECT_EQ(kept.reviewed->by, "anna");
    EXPECT_EQ(audit_->show(1)->content, "what was sent");
    EXPECT_FALSE(audit_->find(2));
    EXPECT_EQ(said(verify()), "ok");
    // And goes on counting, in memory and after a restart.
    EXPECT_EQ(append(entry), 1u);
    close();
    open();
    EXPECT_EQ(append(entry), 1u);
    EXPECT_EQ(record(1).count, 5u);
    EXPECT_EQ(said(verify()), "ok");
}

TEST_F(AuditTrim, ATrimmedRecordIsNewWhenItComesAgain) {
    append(denied("a"));
    append(denied("a"));
    clock_.advance(hours(25));
    trim(hours(24), kNoLimit);
    EXPECT_EQ(append(denied("a")), 2u);
    EXPECT_EQ(record(2).count, 1u);
}

TEST_F(AuditTrim, BySizeRemovesTheOldestUntilItFits) {
    for (int i = 0; i < 500; ++i) {
        append(denied("c" + std::to_string(i)));
        clock_.advance(std::chrono::seconds(1));
    }
    EXPECT_TRUE(audit_->wants_trim(100'000));
    trim(hours(24), 100'000);
    EXPECT_LE(audit_->bytes(), 100'000u);
    EXPECT_GT(audit_->bytes(), 80'000u);
    EXPECT_FALSE(audit_->find(1));
    EXPECT_TRUE(audit_->find(500));
    EXPECT_EQ(said(verify()), "ok");
    close();
    EXPECT_EQ(said(verify_file()), "ok");
}

TEST_F(AuditTrim, BySizeEndsWhenEverythingIsStillSeen) {
    for (int round = 0; round < 2; ++round) {
        for (int i = 0; i < 300; ++i) append(denied("c" + std::to_string(i)));
        clock_.advance(std::chrono::seconds(61));
    }
    trim(hours(24), 50'000);
    EXPECT_LE(audit_->bytes(), 50'000u);
    EXPECT_EQ(said(verify()), "ok");
}

TEST_F(AuditTrim, BySizeDropsContentsBeforeRecords) {
    for (int i = 0; i < 15; ++i) {
        AuditEntry entry = denied("c" + std::to_string(i));
        entry.content = std::string(60'000, 'x');
        append(entry);
    }
    trim(hours(24), 400'000);
    EXPECT_EQ(audit_->records(), 15u);
    EXPECT_FALSE(audit_->show(1)->content);
    EXPECT_TRUE(audit_->show(15)->content);
    EXPECT_LE(audit_->bytes(), 400'000u);
    EXPECT_EQ(said(verify()), "ok");
}

TEST_F(AuditTrim, AgainAndAgainStillVerifies) {
    for (int day = 0; day < 20; ++day) {
        for (int i = 0; i < 20; ++i) append(denied("c" + std::to_string(i * (1 + day % 3))));
        clock_.advance(hours(7));
        trim(hours(24), kNoLimit);
        ASSERT_EQ(said(verify()), "ok") << day;
    }
    EXPECT_EQ(record(1).count, 20u);
    close();
    EXPECT_EQ(said(verify_file()), "ok");
    open();
    EXPECT_EQ(audit_->head_problem(), "");
}

TEST_F(AuditTrim, InManyStepsRemovesAll) {
    std::vector<AuditEntry> entries;
    for (int i = 0; i < 2500; ++i) entries.push_back(denied("c" + std::to_string(i), "p" + std::to_string(i / 500)));
    ASSERT_TRUE(audit_->append(entries));
    clock_.advance(hours(25));
    const Result<bool> more = audit_->trim(hours(24), kNoLimit);
    ASSERT_TRUE(more);
    EXPECT_TRUE(*more);
    EXPECT_EQ(said(verify()), "ok");
    trim(hours(24), kNoLimit);
    EXPECT_EQ(audit_->records(), 0u);
    EXPECT_EQ(said(verify()), "ok");
}

}  // namespace
}  // namespace endpointd::store
