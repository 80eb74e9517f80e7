#pragma once
// `status --check`: the answer of `status` as a monitoring plugin's line. Pure.

#include <string>

#include "json/value.hpp"

namespace endpointd::ctl {

struct PluginLine {
    int state = 3;  // 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN: the exit status as well
    std::string text;
};

// CRITICAL: not healthy (`health` says why; empty: it is), or no parent connected
// where there is one. WARNING: some parents are not connected.
PluginLine plugin_line(const json::Value& status, const std::string& health);

// UNKNOWN with this reason.
PluginLine unknown_line(const std::string& why);

}  // namespace endpointd::ctl
