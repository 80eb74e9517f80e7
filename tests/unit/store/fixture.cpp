#include "fixture.hpp"

#include <sqlite3.h>

#include <cstdlib>
#include <filesystem>

namespace endpointd::store {

AuditEntry denied(std::string object, std::string parent) {
    AuditEntry entry;
    entry.parent = std::move(parent);
    entry.method = "event::ExecuteCommand";
    entry.object_type = "CheckCommand";
    entry.object_name = std::move(object);
    entry.decision = Decision::denied;
    entry.reason = Reason::unknown_command;
    entry.detail = "not in the local catalog";
    return entry;
}

StoreTest::StoreTest() {
    std::string name = testing::TempDir() + "endpointd-store-XXXXXX";
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    directory_ = name;
}

StoreTest::~StoreTest() {
    audit_.reset();
    database_.reset();
    std::filesystem::remove_all(directory_);
}

void StoreTest::open() {
    Result<std::unique_ptr<Database>> database = Database::open(path("store.db"));
    ASSERT_TRUE(database) << database.error().text;
    database_ = std::move(*database);
    const Result<void> migrated = migrate(*database_);
    ASSERT_TRUE(migrated) << migrated.error().text;
    Result<std::unique_ptr<AuditLog>> audit = AuditLog::open(*database_, clock_, path("audit.head"));
    ASSERT_TRUE(audit) << audit.error().text;
    audit_ = std::move(*audit);
}

void StoreTest::close() {
    ASSERT_TRUE(audit_->flush_all());
    const Result<void> written = audit_->write_head_file();
    ASSERT_TRUE(written) << written.error().text;
    close_hard();
}

void StoreTest::close_hard() {
    audit_.reset();
    database_.reset();
}

std::uint64_t StoreTest::append(const AuditEntry& entry) {
    const Result<std::uint64_t> id = audit_->append(entry);
    EXPECT_TRUE(id) << id.error().text;
    return id ? *id : 0;
}

AuditRecord StoreTest::record(std::uint64_t id) {
    const Result<AuditRecord> found = audit_->find(id);
    EXPECT_TRUE(found) << found.error().text;
    return found ? *found : AuditRecord{};
}

void StoreTest::damage(const std::string& sql) {
    sqlite3* handle = nullptr;
    ASSERT_EQ(sqlite3_open(path("store.db").c_str(), &handle), SQLITE_OK);
    char* message = nullptr;
    const int code = sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, &message);
    EXPECT_EQ(code, SQLITE_OK) << (message == nullptr ? "" : message);
    sqlite3_free(message);
    sqlite3_close(handle);
}

std::string StoreTest::look_up(const std::string& sql) {
    sqlite3* handle = nullptr;
    EXPECT_EQ(sqlite3_open(path("store.db").c_str(), &handle), SQLITE_OK);
    std::string found;
    const auto take = [](void* out, int, char** values, char**) {
        if (values[0] != nullptr) *static_cast<std::string*>(out) = values[0];
        return 0;
    };
    EXPECT_EQ(sqlite3_exec(handle, sql.c_str(), take, &found, nullptr), SQLITE_OK) << sqlite3_errmsg(handle);
    sqlite3_close(handle);
    return found;
}

AuditVerdict StoreTest::verify() {
    AuditVerifier verifier(*database_, path("audit.head"));
    for (;;) {
        const Result<bool> done = verifier.step(3);
        EXPECT_TRUE(done) << done.error().text;
        if (!done || *done) return verifier.verdict();
    }
}

AuditVerdict StoreTest::verify_file() {
    const Result<AuditVerdict> verdict = verify_state_directory(directory_);
    EXPECT_TRUE(verdict) << verdict.error().text;
    return verdict ? *verdict : AuditVerdict{};
}

std::string StoreTest::said(const AuditVerdict& verdict) {
    return verdict.broken ? std::to_string(verdict.broken->id) + ": " + verdict.broken->why : "ok";
}

}  // namespace endpointd::store
