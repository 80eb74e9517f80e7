#pragma once
// How a run ended, as a check result for the wire (protocol, 5.4, 6.6); nothing is left
// out of it here. Pure; any thread.

#include <span>
#include <string>

#include "base/clock.hpp"
#include "cluster/builtin.hpp"
#include "exec/outcome.hpp"
#include "schedule/check_result.hpp"
#include "wire/check_result.hpp"

namespace endpointd::cluster {

// The runner's words for how a plugin ended, as the check result's rules take them.
schedule::PluginRun plugin_run(const exec::Outcome& outcome);

// `node` is this node's name: who executed and scheduled it.
wire::CheckResultBody result_body(const exec::Outcome& outcome, const std::string& node, WallTime now);
wire::CheckResultBody result_body(BuiltinResult result, const std::string& command, const std::string& node, WallTime now);
// An UNKNOWN in our own words.
wire::CheckResultBody unknown_body(std::string text, const std::string& node, WallTime now);

// Takes the fields named in `redact` ("command", "vars", "performance_data", "output") out of it.
void redact(wire::CheckResultBody& body, std::span<const std::string> fields);

}  // namespace endpointd::cluster
