#include "store/audit_log.hpp"

#include <gmock/gmock.h>

#include "fixture.hpp"

namespace endpointd::store {
namespace {

class AuditFolding : public StoreTest {
protected:
    AuditFolding() { open(); }
};

using AuditFlood = AuditFolding;
using AuditReviewing = AuditFolding;
using AuditContent = AuditFolding;

// --- Folding ----------------------------------------------------------------------

TEST_F(AuditFolding, ARepeatRaisesTheCountOfTheRecordThereIs) {
    const std::uint64_t first = append(denied("disk"));
    clock_.advance(std::chrono::seconds(3));
    EXPECT_EQ(append(denied("disk")), first);
    const AuditRecord found = record(first);
    EXPECT_EQ(found.count, 2u);
    EXPECT_EQ(found.time, kStart);
    EXPECT_EQ(found.last_seen, kStart + std::chrono::seconds(3));
    EXPECT_EQ(audit_->records(), 1u);
}

TEST_F(AuditFolding, EachPartOfTheKeyTellsRecordsApart) {
    std::vector<AuditEntry> entries(11, denied("disk"));
    entries[1].parent = "master2";
    entries[2].parent.reset();
    entries[3].method = "event::SetNextCheck";
    entries[4].object_type = "EventCommand";
    entries[5].object_name = "load";
    entries[6].file = "web1/_etc/x.conf";
    entries[7].line = 3;
    entries[8].decision = Decision::rejected;
    entries[9].reason = Reason::out_of_scope;
    entries[10].parameter = "disk_wfree";
    const auto ids = audit_->append(entries);
    ASSERT_TRUE(ids);
    EXPECT_THAT(*ids, testing::ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11));
}

TEST_F(AuditFolding, DetailZoneAndContentDoNotTellRecordsApart) {
    AuditEntry entry = denied("disk");
    append(entry);
    entry.detail = "something else";
    entry.zone = "dmz";
    entry.content = "other";
    EXPECT_EQ(append(entry), 1u);
    EXPECT_EQ(record(1).detail, "not in the local catalog");
}

TEST_F(AuditFolding, ExecutedAndChangedNeverFold) {
    AuditEntry entry = denied("restart");
    entry.reason = Reason::ok;
    for (const Decision decision : {Decision::executed, Decision::changed}) {
        entry.decision = decision;
        EXPECT_NE(append(entry), append(entry));
    }
}

TEST_F(AuditFolding, DroppedMacrosDo) {
    AuditEntry entry = denied("disk");
    entry.decision = Decision::changed;
    entry.reason = Reason::argument_refused;
    entry.parameter = "evil";
    entry.fold = true;
    EXPECT_EQ(append(entry), append(entry));
}

TEST_F(AuditFolding, GoesOnAfterARestart) {
    append(denied("disk"));
    append(denied("disk"));
    close();
    open();
    EXPECT_EQ(append(denied("disk")), 1u);
    EXPECT_EQ(record(1).count, 3u);
    EXPECT_EQ(append(denied("load")), 2u);
}

TEST_F(AuditFolding, FindsRecordsThatLeftTheMemoryAgain) {
    std::vector<AuditEntry> entries;
    for (std::size_t i = 0; i < kFoldIndex + 100; ++i) {
        entries.push_back(denied("c" + std::to_string(i), "p" + std::to_string(i / 500)));
        // Three occurrences: one of them is held in memory and must not be lost with it.
        entries.push_back(entries.back());
        entries.push_back(entries.back());
    }
    ASSERT_TRUE(audit_->append(entries));
    EXPECT_EQ(append(denied("c0", "p0")), 1u);
    EXPECT_EQ(record(1).count, 4u);
    EXPECT_EQ(said(verify()), "ok");
}

TEST_F(AuditFolding, ARepeatBecomesARowWhenTheCountHasDoubled) {
    for (int i = 0; i < 100; ++i) append(denied("disk"));
    EXPECT_EQ(record(1).count, 100u);
    close_hard();
    // 1, then repeats at 2, 4, 8, 16, 32 and 64: what came after was in memory only.
    EXPECT_EQ(look_up("SELECT count(*) FROM audit_row"), "7");
    open();
    EXPECT_EQ(record(1).count, 64u);
    EXPECT_EQ(said(verify()), "ok");
}

TEST_F(AuditFolding, ARepeatBecomesARowAfterAMinute) {
    for (int i = 0; i < 3; ++i) append(denied("disk"));
    ASSERT_TRUE(audit_->flush_due_at());
    clock_.advance(std::chrono::seconds(59));
    ASSERT_TRUE(audit_->flush_due());
    EXPECT_TRUE(audit_->flush_due_at());
    clock_.advance(std::chrono::seconds(1));
    ASSERT_TRUE(audit_->flush_due());
    EXPECT_FALSE(audit_->flush_due_at());
    close_hard();
    open();
    EXPECT_EQ(record(1).count, 3u);
}

TEST_F(AuditFolding, ARepeatAfterAMinuteIsARowAtOnce) {
    for (int i = 0; i < 4; ++i) append(denied("disk"));
    clock_.advance(std::chrono::seconds(60));
    append(denied("disk"));
    EXPECT_FALSE(audit_->flush_due_at());
}

TEST_F(AuditFolding, CountsAreFlushedAtAnOrderlyEnd) {
    for (int i = 0; i < 7; ++i) append(denied("disk"));
    close();
    EXPECT_EQ(said(verify_file()), "ok");
    open();
    EXPECT_EQ(record(1).count, 7u);
}

TEST_F(AuditFolding, AFailedTransactionLeavesNothingBehind) {
    append(denied("disk"));
    append(denied("disk"));
    ASSERT_TRUE(database_->limit_size(1));  // no page more than there is
    std::vector<AuditEntry> entries{denied("disk")};
    for (int i = 0; i < 200; ++i) entries.push_back(denied("new" + std::to_string(i)));
    const auto failed = audit_->append(entries);
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, Errc::io);
    EXPECT_EQ(failed.error().text, "query " + path("store.db") + ": no space left");
    EXPECT_EQ(audit_->records(), 1u);
    EXPECT_EQ(record(1).count, 2u);
    ASSERT_TRUE(database_->limit_size(1 << 30));
    const auto ids = audit_->append(entries);
    ASSERT_TRUE(ids) << ids.error().text;
    EXPECT_EQ((*ids)[1], 2u);
    EXPECT_EQ(record(1).count, 3u);
    EXPECT_EQ(said(verify()), "ok");
}

// --- Foreign text -----------------------------------------------------------------

TEST_F(AuditFolding, ForeignTextIsBoundedAndRepaired) {
    AuditEntry entry = denied(std::string(100'000, 'x'));
    entry.detail = std::string(100'000, 'y');
    entry.parent =
        "bad\xff"
        "utf8";
    const AuditRecord found = record(append(entry));
    EXPECT_EQ(found.object_name->size(), limits::kAuditName);
    EXPECT_EQ(found.detail.size(), kAuditDetail);
    EXPECT_EQ(found.parent, "bad\xef\xbf\xbdutf8");
}

TEST_F(AuditFolding, AnEntryMayStandForMany) {
    AuditEntry entry = denied("c");
    entry.count = 1000;
    const std::uint64_t id = append(entry);
    EXPECT_EQ(record(id).count, 1000u);
    entry.count = 7;
    EXPECT_EQ(append(entry), id);
    EXPECT_EQ(append(denied("c")), id);
    EXPECT_EQ(record(id).count, 1008u);
    EXPECT_EQ(said(verify()), "ok");
}

// --- Floods -----------------------------------------------------------------------

TEST_F(AuditFlood, PastTheBoundNewRecordsFoldIntoOnePerKind) {
    std::vector<AuditEntry> entries;
    for (std::size_t i = 0; i < limits::kAuditRecordsPerMinute + 50; ++i) entries.push_back(denied("c" + std::to_string(i)));
    const auto ids = audit_->append(entries);
    ASSERT_TRUE(ids);
    const std::uint64_t flood = ids->back();
    EXPECT_EQ(flood, limits::kAuditRecordsPerMinute + 1);
    const AuditRecord found = record(flood);
    EXPECT_EQ(found.count, 50u);
    EXPECT_EQ(found.method, "event::ExecuteCommand");
    EXPECT_EQ(found.object_type, std::nullopt);
    EXPECT_EQ(found.object_name, std::nullopt);
    EXPECT_EQ(found.detail, "more new records than fit into a minute; further ones are counted here");
    EXPECT_EQ(said(verify()), "ok");
}

TEST_F(AuditFlood, OfMethodsToo) {
    std::vector<AuditEntry> entries;
    for (std::size_t i = 0; i < limits::kAuditRecordsPerMinute + 500; ++i) {
        entries.push_back(denied("c"));
        entries.back().method = "event::M" + std::to_string(i);
    }
    ASSERT_TRUE(audit_->append(entries));
    EXPECT_EQ(audit_->records(), limits::kAuditRecordsPerMinute + kFloodRecordsPerMinute + 1);
    const AuditRecord last = record(audit_->records());
    EXPECT_EQ(last.method, std::nullopt);
    EXPECT_EQ(last.count, 500 - kFloodRecordsPerMinute);
}

TEST_F(AuditFlood, KnownRecordsStillCount) {
    std::vector<AuditEntry> entries;
    for (std::size_t i = 0; i < limits::kAuditRecordsPerMinute + 1; ++i) entries.push_back(denied("c" + std::to_string(i)));
    ASSERT_TRUE(audit_->append(entries));
    EXPECT_EQ(append(denied("c7")), 8u);
}

TEST_F(AuditFlood, OfOneParentDoesNotTouchAnother) {
    std::vector<AuditEntry> entries;
    for (std::size_t i = 0; i < limits::kAuditRecordsPerMinute + 1; ++i) entries.push_back(denied("c" + std::to_string(i)));
    ASSERT_TRUE(audit_->append(entries));
    EXPECT_EQ(record(append(denied("mine", "master2"))).object_name, "mine");
}

TEST_F(AuditFlood, OfRefusalsDoesNotBlurWhatWasDone) {
    std::vector<AuditEntry> entries;
    for (std::size_t i = 0; i < limits::kAuditRecordsPerMinute + 1; ++i) entries.push_back(denied("c" + std::to_string(i)));
    entries.push_back(denied("restart"));
    entries.back().decision = Decision::executed;
    const auto ids = audit_->append(entries);
    ASSERT_TRUE(ids);
    EXPECT_EQ(record(ids->back()).object_name, "restart");
}

TEST_F(AuditFlood, OfAcceptedResultsBlursNeitherRefusalsNorWhatIsAcceptedOtherwise) {
    std::vector<AuditEntry> entries;
    const auto accepted = [](const std::string& name, const char* method) {
        AuditEntry entry = denied(name);
        entry.decision = Decision::accepted;
        entry.reason = Reason::ok;
        entry.method = method;
        return entry;
    };
    for (std::size_t i = 0; i < limits::kAuditRecordsPerMinute + 1; ++i)
        entries.push_back(accepted("s" + std::to_string(i), "event::CheckResult"));
    entries.push_back(denied("secret"));
    entries.push_back(accepted("web1", "config::Update"));
    const auto ids = audit_->append(entries);
    ASSERT_TRUE(ids);
    EXPECT_EQ(record((*ids)[entries.size() - 3]).object_name, std::nullopt);
    EXPECT_EQ(record((*ids)[entries.size() - 2]).object_name, "secret");
    EXPECT_EQ(record(ids->back()).object_name, "web1");
}

TEST_F(AuditFlood, EndsWithItsMinute) {
    std::vector<AuditEntry> entries;
    for (std::size_t i = 0; i < limits::kAuditRecordsPerMinute + 1; ++i) entries.push_back(denied("c" + std::to_string(i)));
    ASSERT_TRUE(audit_->append(entries));
    EXPECT_EQ(record(append(denied("late"))).object_name, std::nullopt);
    clock_.advance(std::chrono::seconds(60));
    EXPECT_EQ(record(append(denied("later"))).object_name, "later");
}

TEST_F(AuditFlood, TheOperatorsChangesAreNeverTooMany) {
    std::vector<AuditEntry> entries(limits::kAuditRecordsPerMinute + 10);
    for (AuditEntry& entry : entries) {
        entry.decision = Decision::changed;
        entry.reason = Reason::ok;
        entry.detail = "configuration reloaded";
    }
    const auto ids = audit_->append(entries);
    ASSERT_TRUE(ids);
    EXPECT_EQ(ids->back(), entries.size());
}

TEST_F(AuditFlood, OfContentLeavesDigestsOnly) {
    AuditEntry entry = denied("a");
    std::uint64_t last = 0;
    for (std::size_t i = 0; i <= kAuditContentPerMinute / limits::kAuditContent; ++i) {
        entry = denied("c" + std::to_string(i));
        entry.content = std::string(limits::kAuditContent, 'x');
        last = append(entry);
    }
    EXPECT_TRUE(audit_->show(last - 1)->content);
    EXPECT_FALSE(audit_->show(last)->content);
    EXPECT_TRUE(audit_->show(last)->record.content_sha256);
    EXPECT_EQ(said(verify()), "ok");
}

// --- Content ----------------------------------------------------------------------

TEST_F(AuditContent, IsKeptInFullWithinTheBound) {
    AuditEntry entry = denied("disk");
    entry.content = "object CheckCommand \"disk\" {\n}\n";
    const auto shown = audit_->show(append(entry));
    ASSERT_TRUE(shown);
    EXPECT_EQ(shown->content, entry.content);
    EXPECT_FALSE(shown->content_cut);
    EXPECT_EQ(shown->record.content_sha256, "c5f0d570cebe91f15357aa9b2b8e60549aa08947aedf6a5741d683099ad69ec3");
}

TEST_F(AuditContent, BeyondTheBoundIsCutButItsDigestIsOfAll) {
    AuditEntry entry = denied("a"), other = denied("b");
    entry.content = std::string(limits::kAuditContent, 'x') + "1";
    other.content = std::string(limits::kAuditContent, 'x') + "2";
    const auto shown = audit_->show(append(entry)), shown_other = audit_->show(append(other));
    ASSERT_TRUE(shown && shown_other);
    EXPECT_EQ(shown->content->size(), limits::kAuditContent);
    EXPECT_TRUE(shown->content_cut);
    EXPECT_NE(shown->record.content_sha256, shown_other->record.content_sha256);
    EXPECT_EQ(said(verify()), "ok");
}

TEST_F(AuditContent, OfAnyBytesIsShownAsText) {
    AuditEntry entry = denied("a");
    entry.content = std::string("a\0\xff", 3);
    const auto shown = audit_->show(append(entry));
    ASSERT_TRUE(shown);
    EXPECT_EQ(shown->content, std::string("a\0\xef\xbf\xbd", 5));
}

TEST_F(AuditContent, ThatIsEmptyOrMissingShowsAsNone) {
    AuditEntry entry = denied("a");
    entry.content = "";
    EXPECT_FALSE(audit_->show(append(entry))->content);
    EXPECT_FALSE(audit_->show(append(denied("b")))->content);
    const auto none = audit_->show(77);
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().text, "audit record 77 does not exist");
}

// --- Reviews ----------------------------------------------------------------------

TEST_F(AuditReviewing, MarksTheRecordsAndIsItselfOnRecord) {
    append(denied("a"));
    append(denied("b"));
    const auto id = audit_->review({1, 2}, "anna", "harmless");
    ASSERT_TRUE(id);
    EXPECT_EQ(record(2).reviewed, (AuditReview{kStart, "anna", "harmless"}));
    const AuditRecord own = record(*id);
    EXPECT_EQ(own.decision, Decision::changed);
    EXPECT_EQ(own.object_type, "audit");
    EXPECT_EQ(own.object_name, "1,2");
    EXPECT_EQ(own.detail, "reviewed by anna: harmless");
    EXPECT_EQ(said(verify()), "ok");
}

TEST_F(AuditReviewing, OfARecordThatIsNotThereMarksNone) {
    append(denied("a"));
    const auto id = audit_->review({1, 9}, "anna", "");
    ASSERT_FALSE(id);
    EXPECT_EQ(id.error().code, Errc::not_found);
    EXPECT_EQ(id.error().text, "audit record 9 does not exist");
    EXPECT_FALSE(record(1).reviewed);
    EXPECT_EQ(audit_->records(), 1u);
}

TEST_F(AuditReviewing, ASecondReviewReplacesTheFirst) {
    append(denied("a"));
    ASSERT_TRUE(audit_->review({1}, "anna", "?"));
    clock_.advance(std::chrono::seconds(1));
    ASSERT_TRUE(audit_->review({1}, "otto", "fine"));
    EXPECT_EQ(record(1).reviewed->by, "otto");
    EXPECT_EQ(said(verify()), "ok");
}

TEST_F(AuditReviewing, OfNothingOrTooMuchIsRefused) {
    EXPECT_EQ(audit_->review({}, "anna", "").error().code, Errc::invalid);
    EXPECT_EQ(audit_->review(std::vector<std::uint64_t>(kReviewIds + 1, 1), "anna", "").error().code, Errc::too_large);
}

}  // namespace
}  // namespace endpointd::store
