#include "store/audit_record.hpp"

#include <gtest/gtest.h>

#include "store/audit_chain.hpp"

namespace endpointd::store {
namespace {

TEST(AuditNames, AreTheOnesOperatorsSee) {
    EXPECT_EQ(name_of(Decision::executed), "executed");
    EXPECT_EQ(name_of(Reason::unsigned_zone), "unsigned");
    EXPECT_EQ(name_of(Reason::plugin_changed), "plugin-changed");
    EXPECT_EQ(name_of(Reason::command_pushed), "command-pushed");
    for (int i = 0; i <= static_cast<int>(Reason::ok); ++i)
        EXPECT_EQ(policy::reason_from(name_of(static_cast<Reason>(i))), static_cast<Reason>(i));
    for (int i = 0; i <= static_cast<int>(Decision::changed); ++i)
        EXPECT_EQ(decision_named(name_of(static_cast<Decision>(i))), static_cast<Decision>(i));
    EXPECT_FALSE(policy::reason_from("Ok"));
    EXPECT_FALSE(decision_named(""));
}

TEST(AuditRecordJson, HasEveryKeyOfARecordAndNoOther) {
    AuditRecord record;
    record.id = 7;
    record.time = record.last_seen = WallTime(std::chrono::milliseconds(1'500'000'000'250));
    record.parent = "master1";
    record.line = 3;
    record.parameter = "p";
    record.reviewed = AuditReview{record.time, "anna", "seen"};
    record.hash = "h";
    EXPECT_EQ(
        json::to_text(record_json(record)),
        R"({"content_sha256":null,"count":1,"decision":"denied","detail":"","file":null,"hash":"h","id":7,"last_seen":"2017-07-14T02:40:00.250Z",)"
        R"("line":3,"method":null,"object_name":null,"object_type":null,"parent":"master1","reason":"capability-denied",)"
        R"("reviewed":{"by":"anna","note":"seen","time":"2017-07-14T02:40:00.250Z"},"time":"2017-07-14T02:40:00.250Z","zone":null})");
}

TEST(AuditRecordJson, OfAPageAndAVerdict) {
    EXPECT_EQ(json::to_text(page_json(AuditPage{})), R"({"next":null,"records":[]})");
    AuditVerdict verdict;
    verdict.records = 2;
    verdict.head = "abc";
    EXPECT_EQ(json::to_text(verdict_json(verdict)), R"({"broken":null,"head":"abc","ok":true,"records":2})");
    verdict.broken = AuditVerdict::Broken{2, "row 3 is missing"};
    EXPECT_EQ(json::to_text(verdict_json(verdict)), R"({"broken":{"id":2,"why":"row 3 is missing"},"head":"abc","ok":false,"records":2})");
}

TEST(StoredText, IsKeptWholeUpToTheBound) {
    EXPECT_EQ(stored_text(std::string(512, 'a'), 512), std::string(512, 'a'));
    const std::string cut = stored_text(std::string(513, 'a'), 512);
    EXPECT_EQ(cut.size(), 512u);
    EXPECT_EQ(cut.substr(0, 492), std::string(492, 'a'));
    EXPECT_EQ(cut.substr(492, 4), "...#");
}

TEST(StoredText, KeepsLongNamesApart) {
    EXPECT_NE(stored_text(std::string(1000, 'a') + "1", 512), stored_text(std::string(1000, 'a') + "2", 512));
}

TEST(StoredText, IsRepairedAndStaysWithinTheBound) {
    EXPECT_EQ(stored_text("a\xff", 512), "a\xef\xbf\xbd");
    for (const std::size_t size : {200u, 511u, 512u, 513u, 5000u}) {
        const std::string text = stored_text(std::string(size, '\xff'), 512);
        EXPECT_LE(text.size(), 512u) << size;
        EXPECT_EQ(text, stored_text(text, 512)) << size;
    }
}

TEST(StoredText, IsNotCutWithinACharacter) {
    std::string text;
    while (text.size() < 600) text += "\xe2\x82\xac";
    const std::string cut = stored_text(text, 512);
    EXPECT_EQ(cut.find("\xef\xbf\xbd"), std::string::npos);
}

TEST(RowHash, CoversEveryPart) {
    const std::string hash = row_hash("p", 1, "record", "{}");
    EXPECT_EQ(hash.size(), 64u);
    EXPECT_NE(hash, row_hash("q", 1, "record", "{}"));
    EXPECT_NE(hash, row_hash("p", 2, "record", "{}"));
    EXPECT_NE(hash, row_hash("p", 1, "repeat", "{}"));
    EXPECT_NE(hash, row_hash("p", 1, "record", "{} "));
}

TEST(RecordPayload, ReadsBackAsItWasWritten) {
    StoredRecord stored;
    stored.record.id = 12;
    stored.record.time = WallTime(Duration(1'763'600'000'123'457));
    stored.record.last_seen = stored.record.time + std::chrono::seconds(5);
    stored.record.count = 4;
    stored.record.parent = "m\xc3\xbcller";
    stored.record.line = 4'000'000'000;
    stored.record.parameter = "";
    stored.record.reviewed = AuditReview{stored.record.time, "a", "b"};
    stored.fold = stored.flood = true;
    stored.content_kept = "abc";
    const std::string payload = kept_payload(stored);
    const Result<StoredRecord> read = record_from_payload(kKeptRow, payload);
    ASSERT_TRUE(read);
    EXPECT_EQ(kept_payload(*read), payload);
    EXPECT_EQ(fold_key(*read), fold_key(stored));
}

TEST(RecordPayload, OfSomebodyElsesMakingIsRefused) {
    for (const char* payload : {"", "[]", "{}", R"({"id":-1})", R"({"id":1,"time":1,"detail":"","decision":"maybe","reason":"ok"})"})
        EXPECT_FALSE(record_from_payload(kRecordRow, payload)) << payload;
}

}  // namespace
}  // namespace endpointd::store
