#include "store/outbox.hpp"

#include <gmock/gmock.h>

#include "fixture.hpp"
#include "store/store_thread.hpp"

namespace endpointd::store {
namespace {

OutboxMessage message(std::uint64_t id, std::size_t bytes = 10) {
    OutboxMessage one;
    one.id = id;
    one.ts = kStart + Duration(id * 10);
    one.created = kStart + std::chrono::seconds(id);
    one.zone = "web";
    one.origin = id % 2 == 0 ? "master1" : "";
    one.host = "h";
    if (id % 3 != 0) one.service = "s";
    one.method = "event::CheckResult";
    one.payload = std::string(bytes, 'x');
    return one;
}

OutboxMark mark(std::uint64_t id) { return {id, message(id).ts}; }

constexpr std::uint64_t kPlenty = 1 << 20;

class OutboxTest : public StoreTest {
protected:
    OutboxTest() { open_table(); }
    void open_table() {
        close();
        open();
        auto opened = OutboxTable::open(*database_);
        ASSERT_TRUE(opened) << opened.error().text;
        table_.emplace(std::move(*opened));
    }
    void close() {
        table_.reset();
        if (database_) StoreTest::close();
    }
    void append(std::uint64_t first, std::uint64_t last, std::uint64_t most = kPlenty) {
        std::vector<OutboxMessage> messages;
        for (std::uint64_t id = first; id <= last; ++id) messages.push_back(message(id));
        const auto size = table_->append(messages, most);
        ASSERT_TRUE(size) << size.error().text;
    }
    std::vector<std::uint64_t> ids(OutboxMark after = {}) {
        std::vector<std::uint64_t> found;
        for (const OutboxMessage& one : table_->page(after).value()) found.push_back(one.id);
        return found;
    }

    std::optional<OutboxTable> table_;
};

TEST_F(OutboxTest, GivesBackWhatItTookOverARestart) {
    append(1, 4);
    open_table();
    const std::vector<OutboxMessage> page = table_->page({}).value();
    ASSERT_EQ(page.size(), 4U);
    for (std::uint64_t id = 1; id <= 4; ++id) EXPECT_EQ(page[id - 1], message(id));
    EXPECT_EQ(table_->state().last, mark(4));
    std::uint64_t bytes = 0;
    for (const OutboxMessage& one : page) bytes += size_of(one);
    EXPECT_EQ(table_->size().bytes, bytes);
    EXPECT_EQ(table_->size().messages, 4U);
}

TEST_F(OutboxTest, AMarkWhoseIdIsTooEarlyIsStillExact) {
    append(1, 5);
    EXPECT_THAT(ids(mark(3)), testing::ElementsAre(4, 5));
    EXPECT_THAT(ids({1, mark(3).ts}), testing::ElementsAre(4, 5));
    EXPECT_THAT(ids(mark(5)), testing::IsEmpty());
}

TEST_F(OutboxTest, APageIsBoundedInMessagesAndBytes) {
    append(1, kOutboxPageMessages + 5);
    EXPECT_EQ(ids().size(), kOutboxPageMessages);
    const std::uint64_t next = kOutboxPageMessages + 6;
    ASSERT_TRUE(table_->append({message(next, kOutboxPageBytes), message(next + 1)}, 2 * kPlenty));
    EXPECT_EQ(ids(mark(next - 1)).size(), 1U);
}

TEST_F(OutboxTest, TheLastTimeStampOutlivesItsMessage) {
    append(1, 3);
    OutboxSettlement settlement;
    settlement.trim = 3;
    EXPECT_EQ(table_->settle(settlement).value().messages, 0U);
    open_table();
    EXPECT_EQ(table_->state().last, mark(3));
    OutboxSettlement raised;
    raised.last = OutboxMark{3, mark(9).ts};
    ASSERT_TRUE(table_->settle(raised));
    raised.last = OutboxMark{3, mark(5).ts};
    ASSERT_TRUE(table_->settle(raised));
    open_table();
    EXPECT_EQ(table_->state().last.ts, mark(9).ts);
}

TEST_F(OutboxTest, PositionsAreKeptReplacedAndForgotten) {
    OutboxSettlement settlement;
    settlement.positions = {{"zone:master", mark(1)}, {"web2", mark(2)}};
    settlement.remote = {{"master1", 1795193700.1234567}};
    ASSERT_TRUE(table_->settle(settlement));
    settlement.positions = {{"zone:master", mark(7)}, {"web2", std::nullopt}};
    ASSERT_TRUE(table_->settle(settlement));
    open_table();
    EXPECT_EQ(table_->state().positions, (std::map<std::string, OutboxMark>{{"zone:master", mark(7)}}));
    EXPECT_EQ(table_->state().remote, (std::map<std::string, double>{{"master1", 1795193700.1234567}}));
}

TEST_F(OutboxTest, DropsTheOldestBeyondItsSizeAndSaysHowMany) {
    append(1, 10);
    const std::uint64_t bytes = table_->size().bytes;
    const auto size = table_->append({message(11)}, bytes / 2);
    ASSERT_TRUE(size);
    EXPECT_GE(size->dropped, 5U);
    EXPECT_LE(size->bytes, bytes / 2);
    EXPECT_EQ(size->messages, 11 - size->dropped);
    EXPECT_EQ(ids().back(), 11U);
    EXPECT_EQ(ids().front(), size->dropped + 1);
}

TEST_F(OutboxTest, DropsWhatIsTooOldAndCountsOnlyWhatSomebodyNeeded) {
    append(1, 6);
    OutboxSettlement settlement;
    settlement.trim = 2;
    settlement.oldest = kStart + std::chrono::seconds(5);
    const auto size = table_->settle(settlement);
    ASSERT_TRUE(size);
    EXPECT_EQ(size->dropped, 2U);
    EXPECT_THAT(ids(), testing::ElementsAre(5, 6));
}

TEST_F(OutboxTest, ABatchIsTakenAsAWholeOrNotAtAll) {
    append(1, 2);
    EXPECT_FALSE(table_->append({message(3), message(1)}, kPlenty));
    EXPECT_EQ(table_->size().messages, 2U);
    EXPECT_EQ(table_->state().last, mark(2));
    EXPECT_THAT(ids(), testing::ElementsAre(1, 2));
    append(3, 3);
    EXPECT_THAT(ids(), testing::ElementsAre(1, 2, 3));
}

TEST_F(OutboxTest, MessagesThatCannotBeReadCostThemselvesAndNotTheStart) {
    append(1, 3);
    OutboxSettlement settlement;
    settlement.positions = {{"zone:master", mark(1)}};
    ASSERT_TRUE(table_->settle(settlement));
    close();
    damage("DROP TABLE outbox; CREATE TABLE outbox(id INTEGER PRIMARY KEY) STRICT;");
    open();
    auto opened = OutboxTable::open(*database_);
    ASSERT_TRUE(opened) << opened.error().text;
    EXPECT_NE(opened->state().problem, "");
    EXPECT_EQ(opened->state().last, mark(3));
    EXPECT_EQ(opened->state().positions.size(), 1U);
}

}  // namespace
}  // namespace endpointd::store
