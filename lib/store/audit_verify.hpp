#pragma once
// Checks the audit from its first row kept to its last: every hash, every id,
// the table of records against what the rows say, the contents against their
// digests, and both heads. Reads only. Works in steps, so that a running daemon
// goes on writing in between; `endpointctl audit verify` does it in one go when
// no daemon runs.

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "store/audit_record.hpp"

namespace endpointd::store {

class Database;

class AuditVerifier {
public:
    // `database` outlives the verifier. Rows may be appended between steps, never
    // trimmed. `head_file`: path of audit.head; empty: none is expected.
    AuditVerifier(Database& database, std::string head_file);
    ~AuditVerifier();

    // Reads up to `rows` rows; true: the verdict is final. An error means that the
    // database could not be read, which is no verdict.
    Result<bool> step(std::size_t rows);
    const AuditVerdict& verdict() const noexcept;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

// Opens `<state_directory>/store.db` read-only and checks it. Errc::unavailable: a daemon has
// it open (ask that one); Errc::not_found: there is no store.
Result<AuditVerdict> verify_state_directory(const std::string& state_directory);

}  // namespace endpointd::store
