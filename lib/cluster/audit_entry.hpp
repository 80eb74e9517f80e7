#pragma once
// The beginnings that audit records of the cluster code share. Pure; any thread.

#include "cluster/sender.hpp"
#include "dsl/zones.hpp"
#include "exec/outcome.hpp"
#include "policy/verdict.hpp"
#include "store/audit_record.hpp"
#include "wire/method_table.hpp"

namespace endpointd::cluster {

// Denied, for want of a capability, until its maker says otherwise.
store::AuditEntry audit_entry(const Sender& from, const dsl::Topology& topology, wire::Method method);

// Something that the store kept and that cannot be read any more.
store::AuditEntry lost_in_store(const std::string& problem);

store::Reason store_reason(exec::Refusal refusal) noexcept;

}  // namespace endpointd::cluster
