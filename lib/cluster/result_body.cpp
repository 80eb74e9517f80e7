#include "cluster/result_body.hpp"

#include <algorithm>

namespace endpointd::cluster {

schedule::PluginRun plugin_run(const exec::Outcome& outcome) {
    schedule::PluginRun run;
    run.exit_status = outcome.exit_status;
    run.signal = outcome.verdict == exec::Verdict::signalled ? outcome.signal : 0;
    run.timed_out = outcome.verdict == exec::Verdict::timed_out;
    run.output = outcome.output;
    return run;
}

wire::CheckResultBody result_body(const exec::Outcome& outcome, const std::string& node, WallTime now) {
    schedule::Checked checked = schedule::checked(plugin_run(outcome));
    wire::CheckResultBody body;
    body.check_source = body.scheduling_source = node;
    if (!outcome.argv.empty()) body.command = outcome.argv;
    body.execution_start = outcome.start > 0 ? outcome.start : to_unix(now);
    body.execution_end = outcome.end > 0 ? outcome.end : to_unix(now);
    body.schedule_start = body.schedule_end = to_unix(now);
    body.exit_status = checked.exit_status;
    body.state = checked.state;
    body.output = std::move(checked.output);
    body.performance_data.emplace(checked.performance_data.begin(), checked.performance_data.end());
    return body;
}

wire::CheckResultBody result_body(BuiltinResult result, const std::string& command, const std::string& node, WallTime now) {
    wire::CheckResultBody body;
    body.check_source = body.scheduling_source = node;
    body.command = command;
    body.execution_start = body.execution_end = body.schedule_start = body.schedule_end = to_unix(now);
    body.exit_status = body.state = result.state;
    body.output = std::move(result.output);
    body.performance_data = std::move(result.performance_data);
    return body;
}

wire::CheckResultBody unknown_body(std::string text, const std::string& node, WallTime now) {
    wire::CheckResultBody body;
    body.check_source = body.scheduling_source = node;
    body.execution_start = body.execution_end = body.schedule_start = body.schedule_end = to_unix(now);
    body.exit_status = body.state = 3;
    body.output = std::move(text);
    return body;
}

void redact(wire::CheckResultBody& body, std::span<const std::string> fields) {
    const auto hidden = [&](std::string_view field) { return std::ranges::find(fields, field) != fields.end(); };
    if (hidden("command")) body.command = std::monostate{};
    if (hidden("vars")) body.vars_before = body.vars_after = std::nullopt;
    if (hidden("output")) body.output.clear();
    if (hidden("performance_data")) body.performance_data.reset();
}

}  // namespace endpointd::cluster
