// What `audit verify` finds: one test for each kind of damage.

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/unique_fd.hpp"
#include "fixture.hpp"

namespace endpointd::store {
namespace {

class AuditDamage : public StoreTest {
protected:
    // Rows: 1 record 1, 2 record 2, 3 repeat of 2, 4 record 3 (with content),
    // 5 review of 1, 6 record 4 (about the review), 7 record 5.
    AuditDamage() {
        open();
        append(denied("a"));
        append(denied("b"));
        append(denied("b"));
        AuditEntry pushed = denied("c");
        pushed.content = "object CheckCommand \"c\" { }";
        append(pushed);
        EXPECT_TRUE(audit_->review({1}, "anna", "fine"));
        append(denied("d"));
        close();
        EXPECT_EQ(said(verify_file()), "ok");
    }

    std::string verdict_after(const std::string& sql) {
        damage(sql);
        return said(verify_file());
    }
};

TEST_F(AuditDamage, NoneIsOk) {
    const AuditVerdict verdict = verify_file();
    EXPECT_TRUE(verdict.ok());
    EXPECT_EQ(verdict.records, 5u);
    EXPECT_EQ(verdict.head, look_up("SELECT hash FROM audit_row WHERE seq = 7"));
}

TEST_F(AuditDamage, FlippedByteInAPayload) {
    EXPECT_EQ(verdict_after("UPDATE audit_row SET payload = replace(payload, 'not in', 'Not in') WHERE seq = 2"), "2: row 2 was changed");
}

TEST_F(AuditDamage, FlippedByteInTheLastPayload) {
    EXPECT_EQ(verdict_after("UPDATE audit_row SET payload = replace(payload, 'not in', 'Not in') WHERE seq = 7"), "5: row 7 was changed");
}

TEST_F(AuditDamage, ChangedHash) {
    EXPECT_EQ(verdict_after("UPDATE audit_row SET hash = replace(hash, substr(hash, 1, 1), 'g') WHERE seq = 4"), "3: row 4 was changed");
}

TEST_F(AuditDamage, ChangedKind) { EXPECT_EQ(verdict_after("UPDATE audit_row SET kind = 'trim' WHERE seq = 3"), "2: row 3 was changed"); }

TEST_F(AuditDamage, ChangedCountInTheChain) {
    EXPECT_EQ(verdict_after("UPDATE audit_row SET payload = replace(payload, '\"count\":2', '\"count\":1') WHERE seq = 3"),
              "2: row 3 was changed");
}

TEST_F(AuditDamage, ChangedCountInTheTable) {
    EXPECT_EQ(verdict_after("UPDATE audit_record SET count = 1 WHERE id = 2"),
              "2: its count in the table of records is 1, the chain says 2");
}

TEST_F(AuditDamage, RaisedCountInTheTable) {
    EXPECT_EQ(verdict_after("UPDATE audit_record SET count = 9 WHERE id = 1"),
              "1: its count in the table of records is 9, the chain says 1");
}

TEST_F(AuditDamage, ChangedLastSeen) {
    EXPECT_EQ(verdict_after("UPDATE audit_record SET last_seen = last_seen + 1 WHERE id = 5"),
              "5: when it was last seen differs between the table of records and the chain");
}

TEST_F(AuditDamage, RemovedReview) {
    EXPECT_EQ(verdict_after("UPDATE audit_record SET review_time = NULL, review_by = NULL, review_note = NULL WHERE id = 1"),
              "1: its review differs between the table of records and the chain");
}

TEST_F(AuditDamage, InventedReview) {
    EXPECT_EQ(verdict_after("UPDATE audit_record SET review_time = 1, review_by = 'x', review_note = '' WHERE id = 3"),
              "3: its review differs between the table of records and the chain");
}

TEST_F(AuditDamage, ChangedColumnOfTheTable) {
    EXPECT_EQ(verdict_after("UPDATE audit_record SET parent = 'master9' WHERE id = 3"), "3: the table of records differs from row 4");
}

TEST_F(AuditDamage, RecordRemovedFromTheTable) {
    EXPECT_EQ(verdict_after("DELETE FROM audit_record WHERE id = 3"), "3: it is missing in the table of records");
}

TEST_F(AuditDamage, RecordInventedInTheTable) {
    EXPECT_EQ(
        verdict_after("INSERT INTO audit_record SELECT 77, 77, time, last_seen, count, parent, decision, reason, object_type, object_name,"
                      " fold_key, NULL, NULL, NULL FROM audit_record WHERE id = 1"),
        "77: it stands in the table of records, but not in the chain");
}

TEST_F(AuditDamage, ChangedContent) {
    EXPECT_EQ(verdict_after("UPDATE audit_content SET content = CAST('harmless' AS BLOB) WHERE id = 3"), "3: its content was changed");
}

TEST_F(AuditDamage, MissingContent) { EXPECT_EQ(verdict_after("DELETE FROM audit_content"), "3: its content is missing"); }

TEST_F(AuditDamage, MissingFirstRow) { EXPECT_EQ(verdict_after("DELETE FROM audit_row WHERE seq = 1"), "1: row 1 is missing"); }

TEST_F(AuditDamage, MissingRecordInTheMiddle) { EXPECT_EQ(verdict_after("DELETE FROM audit_row WHERE seq = 4"), "3: row 4 is missing"); }

TEST_F(AuditDamage, MissingRepeatInTheMiddle) { EXPECT_EQ(verdict_after("DELETE FROM audit_row WHERE seq = 3"), "2: row 3 is missing"); }

TEST_F(AuditDamage, MissingRowWithItsRecord) {
    EXPECT_EQ(verdict_after("DELETE FROM audit_row WHERE seq = 4; DELETE FROM audit_record WHERE id = 3; DELETE FROM audit_content"),
              "3: row 4 is missing");
}

TEST_F(AuditDamage, MissingLastRow) {
    EXPECT_EQ(verdict_after("DELETE FROM audit_row WHERE seq = 7; DELETE FROM audit_record WHERE id = 5"), "5: row 7 is missing");
}

TEST_F(AuditDamage, MissingLastRowWithTheHeadMovedBack) {
    EXPECT_EQ(verdict_after("DELETE FROM audit_row WHERE seq = 7; DELETE FROM audit_record WHERE id = 5;"
                            "UPDATE audit_head SET rows = 6, seq = 6, last_id = 4, records = 4,"
                            " hash = (SELECT hash FROM audit_row WHERE seq = 6)"),
              "5: audit.head has seen row 7, the store ends at row 6: its newest rows are missing, or it is an older copy");
}

TEST_F(AuditDamage, MissingRowWithTheRestRenumbered) {
    EXPECT_EQ(verdict_after("DELETE FROM audit_row WHERE seq = 4; UPDATE audit_row SET seq = seq - 1 WHERE seq > 4"),
              "1: row 4 does not follow from the row before");
}

TEST_F(AuditDamage, SwappedRows) {
    EXPECT_EQ(verdict_after("UPDATE audit_row SET seq = 100 WHERE seq = 1; UPDATE audit_row SET seq = 1 WHERE seq = 2;"
                            "UPDATE audit_row SET seq = 2 WHERE seq = 100"),
              "2: row 1 does not follow from the row before");
}

TEST_F(AuditDamage, SwappedRowsWithTheirLinksMended) {
    EXPECT_EQ(verdict_after("UPDATE audit_row SET payload = (SELECT payload FROM audit_row WHERE seq = 1) WHERE seq = 2"),
              "2: row 2 was changed");
}

TEST_F(AuditDamage, AddedRow) {
    EXPECT_EQ(verdict_after("INSERT INTO audit_row SELECT 8, kind, payload, hash, hash FROM audit_row WHERE seq = 7"),
              "6: row 8 was changed");
}

TEST_F(AuditDamage, DeletedHeadRow) { EXPECT_EQ(verdict_after("DELETE FROM audit_head"), "0: the head of the audit is missing"); }

TEST_F(AuditDamage, ChangedHeadHash) {
    EXPECT_EQ(verdict_after("UPDATE audit_head SET hash = 'x'"), "5: the head's hash is not that of row 7");
}

TEST_F(AuditDamage, ChangedNumberOfRows) {
    EXPECT_EQ(verdict_after("UPDATE audit_head SET rows = 8"), "5: the head counts 8 rows, there are 7");
}

TEST_F(AuditDamage, ChangedNumberOfRecords) {
    EXPECT_EQ(verdict_after("UPDATE audit_head SET records = 4"), "5: the head counts 4 records, there are 5");
}

TEST_F(AuditDamage, BeginningCutOffWithoutATrimRow) {
    EXPECT_EQ(verdict_after(
                  "DELETE FROM audit_row WHERE seq < 4; DELETE FROM audit_record WHERE id < 3;"
                  "UPDATE audit_head SET rows = 4, first_seq = 4, records = 3, first_prev = (SELECT prev FROM audit_row WHERE seq = 4)"),
              "3: the audit begins at row 4, which no trim row says");
}

TEST_F(AuditDamage, BeginningDeclaredTrimmedButStillThere) {
    EXPECT_EQ(verdict_after("UPDATE audit_head SET rows = 4, first_seq = 4, first_prev = (SELECT prev FROM audit_row WHERE seq = 4)"),
              "1: row 1 stands before row 4, which the head names as the first");
}

TEST_F(AuditDamage, ContentsDeclaredTrimmedWithoutATrimRow) {
    EXPECT_EQ(verdict_after("DELETE FROM audit_content; UPDATE audit_head SET contents_from = 4"),
              "1: the audit begins at row 1, which no trim row says");
}

TEST_F(AuditDamage, AllRowsGone) {
    EXPECT_EQ(verdict_after("DELETE FROM audit_row; DELETE FROM audit_record; DELETE FROM audit_content"), "1: row 1 is missing");
}

TEST_F(AuditDamage, StoreReplacedByAnEmptyOne) {
    for (const char* name : {"store.db", "store.db-wal", "store.db-shm"}) std::filesystem::remove(path(name));
    open();
    EXPECT_NE(audit_->head_problem(), "");
    append(denied("z"));
    close();
    EXPECT_EQ(said(verify_file()),
              "2: audit.head has seen row 7, the store ends at row 1: its newest rows are missing, or it is an older copy");
}

TEST_F(AuditDamage, StoreReplacedByAnOlderCopy) {
    std::filesystem::copy_file(path("store.db"), path("old.db"));
    open();
    append(denied("e"));
    close();
    std::filesystem::rename(path("old.db"), path("store.db"));
    EXPECT_EQ(said(verify_file()),
              "6: audit.head has seen row 8, the store ends at row 7: its newest rows are missing, or it is an older copy");
}

TEST_F(AuditDamage, OlderCopyThatGrewPastTheHeadFileIsStillFound) {
    std::filesystem::copy_file(path("store.db"), path("old.db"));
    open();
    append(denied("e"));
    close();
    std::filesystem::rename(path("old.db"), path("store.db"));
    open();
    append(denied("f"));
    append(denied("g"));
    close();
    EXPECT_EQ(said(verify_file()), "7: row 8 is not the one that audit.head has seen");
}

TEST_F(AuditDamage, TruncatedHeadFile) {
    ASSERT_EQ(::truncate(path("audit.head").c_str(), 20), 0);
    EXPECT_EQ(said(verify_file()), "5: audit.head is damaged");
    open();
    EXPECT_EQ(audit_->head_problem(), "audit.head is damaged");
    close();
    EXPECT_EQ(said(verify_file()), "5: audit.head is damaged");
}

TEST_F(AuditDamage, MissingHeadFile) {
    std::filesystem::remove(path("audit.head"));
    EXPECT_EQ(said(verify_file()), "5: audit.head is missing");
}

TEST_F(AuditDamage, ChangedHeadFile) {
    std::ofstream(path("audit.head")) << R"({"hash":"x","rows":7,"seq":7})"
                                      << "\n";
    EXPECT_EQ(said(verify_file()), "5: row 7 is not the one that audit.head has seen");
}

TEST_F(AuditDamage, HeadFileThatLagsBehindIsNone) {
    std::filesystem::copy_file(path("audit.head"), path("earlier.head"));
    open();
    append(denied("e"));
    close();
    std::filesystem::rename(path("earlier.head"), path("audit.head"));
    EXPECT_EQ(said(verify_file()), "ok");
}

TEST_F(AuditDamage, RemovingTheHeadFileAcceptsWhatIsThere) {
    std::ofstream(path("audit.head")) << "nonsense";
    std::filesystem::remove(path("audit.head"));
    open();
    EXPECT_EQ(audit_->head_problem(), "");
    close();
    EXPECT_EQ(said(verify_file()), "ok");
}

TEST_F(AuditDamage, IsBuiltUponAndNeverRepaired) {
    damage("DELETE FROM audit_row WHERE seq = 7");
    open();
    EXPECT_EQ(append(denied("later")), 6u);
    close();
    EXPECT_EQ(said(verify_file()), "5: row 7 is missing");
}

TEST_F(AuditDamage, AMissingHeadIsItselfOnRecord) {
    damage("DELETE FROM audit_head");
    open();
    const AuditRecord found = record(6);
    EXPECT_EQ(found.decision, Decision::changed);
    EXPECT_EQ(found.object_type, "audit");
    EXPECT_EQ(found.detail, "the head of the audit was missing and is built anew from its last row 7");
    EXPECT_EQ(append(denied("later")), 7u);
    EXPECT_EQ(said(verify()), "ok");
}

TEST_F(AuditDamage, AHeadMovedBackIsItselfOnRecord) {
    damage("UPDATE audit_head SET seq = 6");
    open();
    EXPECT_EQ(record(6).detail, "the head of the audit named row 6 as the last, but there is row 7");
}

TEST_F(AuditDamage, OfTheFileItselfIsAnErrorAndNoVerdict) {
    const UniqueFd file(::open(path("store.db").c_str(), O_WRONLY | O_CLOEXEC));
    const std::string garbage(2000, '\xa5');
    for (off_t page = 1; page < 12; ++page) ASSERT_EQ(::pwrite(file.get(), garbage.data(), garbage.size(), page * 4096), 2000);
    const auto verdict = verify_state_directory(directory_);
    ASSERT_FALSE(verdict);
    EXPECT_EQ(verdict.error().code, Errc::malformed);
}

TEST_F(AuditDamage, VerifyingWhileRowsAreAppendedIsNone) {
    open();
    AuditVerifier verifier(*database_, path("audit.head"));
    for (int i = 0;; ++i) {
        const Result<bool> done = verifier.step(2);
        ASSERT_TRUE(done);
        if (*done) break;
        if (i == 0) {
            append(denied("a"));
            append(denied("new"));
            append(denied("new"));
            ASSERT_TRUE(audit_->review({2, 3}, "otto", ""));
        }
    }
    EXPECT_EQ(said(verifier.verdict()), "ok");
    EXPECT_EQ(verifier.verdict().records, 7u);
}

}  // namespace
}  // namespace endpointd::store
