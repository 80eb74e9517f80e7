#pragma once
// The values that a check of a Host or Service has for the parameters of its command: from
// custom variables and attributes of the service and its host (protocol, 6.4), and, where
// a run asks, from their state. Borrows the catalog; one thread.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "catalog/catalog.hpp"
#include "dsl/evaluation.hpp"
#include "policy/macro_scope.hpp"

namespace endpointd::policy {

struct CollectedMacros {
    json::Object values;
    bool all_known = true;  // false: some are known to a run alone
    // A value that can never be put together, by the name of its parameter.
    std::optional<std::pair<std::string, std::string>> impossible;
};

class CheckMacros {
public:
    // `host`: of a Service. `states`: null unless this is for a run.
    CollectedMacros collect(const catalog::Command& command, const dsl::Object& object, const dsl::Object* host,
                            const StateMacros* states = nullptr);

private:
    // Parameters that no custom variable has to set: names of attributes, and names with a dot.
    const std::vector<std::string>& elsewhere(const catalog::Command& command, const dsl::ConfigType& type);

    std::map<std::pair<const catalog::Command*, const dsl::ConfigType*>, std::vector<std::string>> elsewhere_;
};

}  // namespace endpointd::policy
