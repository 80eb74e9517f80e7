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

}  // namespace endpointd::admin
