#pragma once
// What pushed configuration may read of this host: the names a stock agent has, so
// that configuration made for one loads, with the values one of Debian has, not with
// this host's. Nothing secret and nothing of the machine is among them. Pure; any thread.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "json/value.hpp"

namespace endpointd::policy {

// Where Debian has its plugins.
inline constexpr std::string_view kPluginDir = "/usr/lib/nagios/plugins";

// For dsl::Surroundings::constants. `zone`: that of the node; `plugin_dir`: what PluginDir and its kin
// read as, a text that nothing here ever opens.
std::vector<std::pair<std::string, json::Value>> host_constants(std::string_view node, std::string_view zone,
                                                                std::string_view plugin_dir = kPluginDir);

}  // namespace endpointd::policy
