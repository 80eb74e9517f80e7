#pragma once
// Structs to the JSON shapes of interfaces.md where the owning module has no view
// of its own. Pure; any thread.

#include "admin/backend.hpp"
#include "base/findings.hpp"
#include "json/value.hpp"

namespace endpointd::admin {

// {"file","line","column","pointer","message"}; line and column are null where the file as a whole is meant.
json::Value finding_view(const Finding& finding);
json::Array findings_view(const std::vector<Finding>& findings);

// `config reload`: {"reloaded","errors","warnings"}
json::Value reload_view(const ReloadAnswer& answer);

// `config validate`: {"valid","errors","warnings"}
json::Value validate_view(const Findings& findings);

}  // namespace endpointd::admin
