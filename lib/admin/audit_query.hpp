#pragma once
// A request's query as the audit's filter. endpointctl uses the same functions to
// judge its arguments before it asks. Pure; any thread.

#include <string>
#include <string_view>
#include <vector>

#include "admin/query.hpp"
#include "base/clock.hpp"
#include "store/audit_record.hpp"

namespace endpointd::admin {

// since, until, parent, decision, reason, type, name, unreviewed, limit, before.
// Invalid: an unknown one, a value out of its set or range; the text names what is known.
Result<store::AuditFilter> audit_filter(const Query& query, WallTime now);

Result<store::Decision> decision_of(std::string_view name);
Result<store::Reason> reason_of(std::string_view name);

// A record's id, or any whole number of at most `most`, from `least`.
Result<std::uint64_t> whole_number(std::string_view what, std::string_view text, std::uint64_t least, std::uint64_t most);

// The largest record id: what a JSON number holds exactly.
inline constexpr std::uint64_t kLargestId = (std::uint64_t{1} << 53) - 1;

}  // namespace endpointd::admin
