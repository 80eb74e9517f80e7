#include <gmock/gmock.h>

#include "fixture.hpp"

namespace endpointd::store {
namespace {

class AuditList : public StoreTest {
protected:
    AuditList() { open(); }

    std::vector<std::uint64_t> ids(const AuditFilter& filter) {
        const Result<AuditPage> page = audit_->list(filter);
        EXPECT_TRUE(page);
        next_ = page->next;
        std::vector<std::uint64_t> found;
        for (const AuditRecord& record : page->records) found.push_back(record.id);
        return found;
    }

    std::optional<std::uint64_t> next_;
};

using testing::ElementsAre;
using testing::IsEmpty;

TEST_F(AuditList, IsEmptyAtFirst) {
    EXPECT_THAT(ids({}), IsEmpty());
    EXPECT_EQ(next_, std::nullopt);
    EXPECT_EQ(said(verify()), "ok");
}

TEST_F(AuditList, ShowsTheNewestFirstPageByPage) {
    for (const char* name : {"a", "b", "c", "d", "e"}) append(denied(name));
    AuditFilter filter;
    filter.limit = 2;
    EXPECT_THAT(ids(filter), ElementsAre(5, 4));
    filter.before = next_;
    EXPECT_THAT(ids(filter), ElementsAre(3, 2));
    filter.before = next_;
    EXPECT_THAT(ids(filter), ElementsAre(1));
    EXPECT_EQ(next_, std::nullopt);
}

TEST_F(AuditList, HasNoNextPageWhenTheRestFits) {
    append(denied("a"));
    append(denied("b"));
    AuditFilter filter;
    filter.limit = 2;
    EXPECT_THAT(ids(filter), ElementsAre(2, 1));
    EXPECT_EQ(next_, std::nullopt);
}

TEST_F(AuditList, FiltersByEachColumn) {
    AuditEntry pushed = denied("web1!http", "master2");
    pushed.object_type = "Service";
    pushed.decision = Decision::rejected;
    pushed.reason = Reason::command_pushed;
    append(denied("disk"));
    append(pushed);
    append(denied("load"));
    AuditFilter filter;
    filter.parent = "master2";
    EXPECT_THAT(ids(filter), ElementsAre(2));
    filter = {};
    filter.decision = Decision::denied;
    EXPECT_THAT(ids(filter), ElementsAre(3, 1));
    filter = {};
    filter.reason = Reason::command_pushed;
    EXPECT_THAT(ids(filter), ElementsAre(2));
    filter = {};
    filter.object_type = "*Command";
    EXPECT_THAT(ids(filter), ElementsAre(3, 1));
    filter = {};
    filter.object_name = "web?!*";
    EXPECT_THAT(ids(filter), ElementsAre(2));
    filter.object_name = "WEB1*";
    EXPECT_THAT(ids(filter), IsEmpty());
}

TEST_F(AuditList, AGlobNeverMatchesARecordWithoutAName) {
    AuditEntry entry = denied("a");
    entry.object_name.reset();
    append(entry);
    AuditFilter filter;
    filter.object_name = "*";
    EXPECT_THAT(ids(filter), IsEmpty());
}

TEST_F(AuditList, TakesRecordsThatWereSeenWithinTheTime) {
    append(denied("old"));
    append(denied("again"));
    clock_.advance(std::chrono::hours(1));
    append(denied("again"));
    append(denied("new"));
    AuditFilter filter;
    filter.since = kStart + std::chrono::minutes(30);
    EXPECT_THAT(ids(filter), ElementsAre(3, 2));
    filter = {};
    filter.until = kStart + std::chrono::minutes(30);
    EXPECT_THAT(ids(filter), ElementsAre(2, 1));
}

TEST_F(AuditList, CountsHeldInMemoryShow) {
    for (int i = 0; i < 7; ++i) append(denied("a"));
    EXPECT_EQ(audit_->list({})->records[0].count, 7u);
    EXPECT_EQ(audit_->show(1)->record.count, 7u);
}

TEST_F(AuditList, LeavesOutWhatWasReviewed) {
    append(denied("a"));
    append(denied("b"));
    ASSERT_TRUE(audit_->review({1}, "anna", ""));
    AuditFilter filter;
    filter.unreviewed = true;
    EXPECT_THAT(ids(filter), ElementsAre(3, 2));
}

TEST_F(AuditList, ADamagedRowHidesNoOther) {
    append(denied("a"));
    append(denied("b"));
    close();
    damage("UPDATE audit_row SET payload = 'nonsense' WHERE seq = 1");
    open();
    const auto page = audit_->list({});
    ASSERT_TRUE(page);
    EXPECT_EQ(page->records.at(0).detail, "not in the local catalog");
    EXPECT_EQ(page->records.at(1).detail, "this record is damaged: see audit verify");
    EXPECT_EQ(page->records.at(1).object_name, "a");
}

TEST_F(AuditList, ExportGoesThroughAllOldestFirst) {
    for (const char* name : {"a", "b", "c", "d", "e"}) append(denied(name));
    std::vector<std::uint64_t> seen;
    std::uint64_t after = 0;
    for (;;) {
        const auto page = audit_->export_page(after, 2, std::nullopt);
        ASSERT_TRUE(page);
        if (page->empty()) break;
        for (const AuditRecord& record : *page) seen.push_back(after = record.id);
    }
    EXPECT_THAT(seen, ElementsAre(1, 2, 3, 4, 5));
}

TEST_F(AuditList, ExportTakesWhatWasSeenSince) {
    append(denied("old"));
    clock_.advance(std::chrono::hours(1));
    append(denied("new"));
    const auto page = audit_->export_page(0, 100, kStart + std::chrono::seconds(1));
    ASSERT_TRUE(page);
    ASSERT_EQ(page->size(), 1u);
    EXPECT_EQ(page->front().id, 2u);
}

}  // namespace
}  // namespace endpointd::store
