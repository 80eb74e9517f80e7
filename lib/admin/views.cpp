#include "admin/views.hpp"

namespace endpointd::admin {

json::Value finding_view(const Finding& finding) {
    const bool placed = finding.line != 0;
    return json::Object{{"file", finding.file},
                        {"line", placed ? json::Value(finding.line) : json::Value()},
                        {"column", placed ? json::Value(finding.column) : json::Value()},
                        {"pointer", finding.pointer},
                        {"message", finding.message}};
}

json::Array findings_view(const std::vector<Finding>& findings) {
    json::Array list;
    list.reserve(findings.size());
    for (const Finding& finding : findings) list.push_back(finding_view(finding));
    return list;
}

json::Value reload_view(const ReloadAnswer& answer) {
    return json::Object{{"reloaded", answer.reloaded},
                        {"errors", findings_view(answer.findings.errors)},
                        {"warnings", findings_view(answer.findings.warnings)}};
}

json::Value validate_view(const Findings& findings) {
    return json::Object{
        {"valid", findings.ok()}, {"errors", findings_view(findings.errors)}, {"warnings", findings_view(findings.warnings)}};
}

namespace {

void show_times(json::Object& object, const store::AuditRecord& record) {
    object.set("time", to_rfc3339(record.time));
    object.set("last_seen", to_rfc3339(record.last_seen));
    if (!record.reviewed) return;
    if (json::Value* const reviewed = object.find("reviewed"); reviewed && reviewed->object()) {
        reviewed->object()->set("time", to_rfc3339(record.reviewed->time));
    }
}

}  // namespace

json::Object record_view(const store::AuditRecord& record) {
    json::Object object = store::record_json(record);
    show_times(object, record);
    return object;
}

json::Object detail_view(const store::AuditDetail& detail) {
    json::Object object = store::detail_json(detail);
    show_times(object, detail.record);
    return object;
}

json::Object page_view(const store::AuditPage& page) {
    json::Array records;
    records.reserve(page.records.size());
    for (const store::AuditRecord& record : page.records) records.emplace_back(record_view(record));
    return json::Object{{"records", std::move(records)}, {"next", page.next}};
}

}  // namespace endpointd::admin
