#include "admin/audit_query.hpp"

#include <charconv>

#include "admin/moment.hpp"
#include "base/units.hpp"

namespace endpointd::admin {
namespace {

// The names of a closed set whose last member is `last`.
template <class Enum>
std::string names_up_to(Enum last) {
    std::string names;
    for (int i = 0; i <= static_cast<int>(last); ++i) names += (i == 0 ? "" : ", ") + std::string(name_of(static_cast<Enum>(i)));
    return names;
}

}  // namespace

Result<store::Decision> decision_of(std::string_view name) {
    if (const auto decision = store::decision_named(name)) return *decision;
    return fail(Errc::invalid, "unknown decision '" + escaped(name, 64) + "'; known: " + names_up_to(store::Decision::changed));
}

Result<store::Reason> reason_of(std::string_view name) {
    if (const auto reason = policy::reason_from(name)) return *reason;
    return fail(Errc::invalid, "unknown reason '" + escaped(name, 64) + "'; known: " + names_up_to(store::Reason::ok));
}

Result<std::uint64_t> whole_number(std::string_view what, std::string_view text, std::uint64_t least, std::uint64_t most) {
    std::uint64_t number = 0;
    const auto [end, why] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (why != std::errc() || end != text.data() + text.size() || number < least || number > most) {
        return fail(Errc::invalid, std::string(what) + " '" + escaped(text, 64) + "' is no whole number from " + std::to_string(least) +
                                       " to " + std::to_string(most));
    }
    return number;
}

Result<store::AuditFilter> audit_filter(const Query& query, WallTime now) {
    const Result<void> known =
        only_known(query, {"since", "until", "parent", "decision", "reason", "type", "name", "unreviewed", "limit", "before"});
    if (!known) return known.error();
    store::AuditFilter filter;
    for (const auto& [name, value] : query) {
        if (const Result<std::optional<std::string>> once = unique_value(query, name); !once) return once.error();
        if (name == "since" || name == "until") {
            const Result<WallTime> moment = parse_moment(value, now);
            if (!moment) return moment.error();
            (name == "since" ? filter.since : filter.until) = *moment;
        } else if (name == "parent") {
            filter.parent = value;
        } else if (name == "decision") {
            const Result<store::Decision> decision = decision_of(value);
            if (!decision) return decision.error();
            filter.decision = *decision;
        } else if (name == "reason") {
            const Result<store::Reason> reason = reason_of(value);
            if (!reason) return reason.error();
            filter.reason = *reason;
        } else if (name == "type") {
            filter.object_type = value;
        } else if (name == "name") {
            filter.object_name = value;
        } else if (name == "unreviewed") {
            if (value != "true" && value != "false") return fail(Errc::invalid, "unreviewed is true or false");
            filter.unreviewed = value == "true";
        } else if (name == "limit") {
            const Result<std::uint64_t> limit = whole_number("limit", value, 1, store::kAuditListLimit);
            if (!limit) return limit.error();
            filter.limit = static_cast<std::size_t>(*limit);
        } else {
            const Result<std::uint64_t> before = whole_number("before", value, 1, kLargestId);
            if (!before) return before.error();
            filter.before = *before;
        }
    }
    return filter;
}

}  // namespace endpointd::admin
