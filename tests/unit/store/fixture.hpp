#pragma once
// A state directory of its own for each test, a clock turned by hand, and a hand
// that damages the database behind the store's back. Gone with the test.

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "base/clock.hpp"
#include "store/audit_log.hpp"
#include "store/audit_verify.hpp"
#include "store/database.hpp"

namespace endpointd::store {

inline constexpr WallTime kStart{std::chrono::seconds(1'763'600'000)};

AuditEntry denied(std::string object, std::string parent = "master1");

class StoreTest : public testing::Test {
protected:
    StoreTest();
    ~StoreTest() override;

    std::string path(std::string_view name) const { return directory_ + "/" + std::string(name); }

    // Opens (or opens again) store.db and its audit.
    void open();
    void close();       // orderly: counts flushed, head file written
    void close_hard();  // as if the process had been killed

    std::uint64_t append(const AuditEntry& entry);
    AuditRecord record(std::uint64_t id);

    // Runs any SQL on store.db, which must be closed.
    void damage(const std::string& sql);
    std::string look_up(const std::string& sql);

    AuditVerdict verify();       // of the open audit
    AuditVerdict verify_file();  // as endpointctl does, of the closed one
    // "ID: why", or "ok".
    static std::string said(const AuditVerdict& verdict);

    std::string directory_;
    ManualClock clock_{kStart};
    std::unique_ptr<Database> database_;
    std::unique_ptr<AuditLog> audit_;
};

}  // namespace endpointd::store
