#include "store/audit_record.hpp"

#include <array>

#include "base/units.hpp"

namespace endpointd::store {

namespace {

constexpr std::array<std::string_view, 5> kDecisions{"rejected", "accepted", "denied", "executed", "changed"};

static_assert(kDecisions.size() == static_cast<std::size_t>(Decision::changed) + 1);

}  // namespace

std::string_view name_of(Decision decision) noexcept { return kDecisions[static_cast<std::size_t>(decision)]; }
std::optional<Decision> decision_named(std::string_view name) noexcept {
    for (std::size_t i = 0; i < kDecisions.size(); ++i)
        if (kDecisions[i] == name) return static_cast<Decision>(i);
    return std::nullopt;
}

json::Object record_json(const AuditRecord& record) {
    json::Value reviewed;
    if (record.reviewed)
        reviewed = json::Object{{"time", to_rfc3339(record.reviewed->time)}, {"by", record.reviewed->by}, {"note", record.reviewed->note}};
    return {
        {"id", record.id},
        {"time", to_rfc3339(record.time)},
        {"last_seen", to_rfc3339(record.last_seen)},
        {"count", record.count},
        {"parent", record.parent},
        {"zone", record.zone},
        {"method", record.method},
        {"object_type", record.object_type},
        {"object_name", record.object_name},
        {"file", record.file},
        {"line", record.line},
        {"decision", name_of(record.decision)},
        {"reason", name_of(record.reason)},
        {"detail", record.detail},
        {"content_sha256", record.content_sha256},
        {"reviewed", std::move(reviewed)},
        {"hash", record.hash},
    };
}

json::Object detail_json(const AuditDetail& detail) {
    json::Object object = record_json(detail.record);
    object.set("parameter", detail.record.parameter);
    object.set("content", detail.content);
    return object;
}

json::Object page_json(const AuditPage& page) {
    json::Array records;
    records.reserve(page.records.size());
    for (const AuditRecord& record : page.records) records.emplace_back(record_json(record));
    return {{"records", std::move(records)}, {"next", page.next}};
}

json::Object verdict_json(const AuditVerdict& verdict) {
    json::Value broken;
    if (verdict.broken) broken = json::Object{{"id", verdict.broken->id}, {"why", verdict.broken->why}};
    return {{"ok", verdict.ok()}, {"records", verdict.records}, {"head", verdict.head}, {"broken", std::move(broken)}};
}

}  // namespace endpointd::store
