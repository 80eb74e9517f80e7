#pragma once
// The host's own zones.d: who is who, and the objects that are the host's. Everything
// that is wrong is an error of the configuration, with file and line. Pure; any
// thread; the result owns all it holds.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dsl/evaluation.hpp"
#include "dsl/zones.hpp"

namespace endpointd::dsl {

struct LocalNode {
    std::string_view name;  // NodeName
    std::string_view zone;  // the setting node.zone, or empty
};

struct Local {
    Topology topology;
    std::vector<Object> objects;  // Host, Service, ... with their zones, in the order of commit; without Endpoint and Zone
};

// Reads zones.d (`files` in the order in which they are to be read) with the
// constants offered. The objects of a file in `<zone>/` belong to that zone, where
// there is one of that name, those of the others to the node's own. Commands, and
// objects of types that have no meaning here, are left out with a warning. Every
// error and warning goes to `findings`; none is returned if there was an error.
std::optional<Local> load_local(const std::vector<SourceFile>& files, const LocalNode& node,
                                std::vector<std::pair<std::string, json::Value>> constants, const Limits& limits, Findings& findings);

}  // namespace endpointd::dsl
