#pragma once
// The commands that need no plugin: `dummy`, `icinga`, `cluster` and
// `cluster-zone`, as checks of this daemon by its parent. Pure: what they report
// on is handed in. Any thread.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "json/value.hpp"
#include "wire/check_result.hpp"

namespace endpointd::cluster {

struct EndpointHealth {
    std::string name, zone;
    bool connected = false;
    double seconds_since_message = 0;  // while connected
};

// What this daemon knows of itself at one moment.
struct NodeHealth {
    std::string node, version;
    double uptime = 0;                       // seconds
    std::vector<EndpointHealth> endpoints;   // all of zones.d but ourselves
    std::map<std::string, double> counters;  // performance data of `icinga`: label to value
    bool runner_available = true;
};

struct BuiltinResult {
    int state = 3;
    std::string output;
    std::vector<wire::Perfdata> performance_data;
};

// `parameters` are those that the catalog admitted for the built-in command `name`.
BuiltinResult run_builtin(std::string_view name, const json::Object& parameters, const NodeHealth& health);

}  // namespace endpointd::cluster
