#include "cluster/command_answer.hpp"

#include <algorithm>

#include "wire/encode.hpp"

namespace endpointd::cluster {

schedule::PluginRun plugin_run(const exec::Outcome& outcome) {
    schedule::PluginRun run;
    run.exit_status = outcome.exit_status;
    run.signal = outcome.verdict == exec::Verdict::signalled ? outcome.signal : 0;
    run.timed_out = outcome.verdict == exec::Verdict::timed_out;
    run.output = outcome.output;
    return run;
}

CommandAnswer::CommandAnswer(std::string node, const wire::ExecuteCommand& request, std::vector<std::string> redact)
    : node_(std::move(node)),
      type_(request.command_type),
      command_(request.command),
      host_(request.host),
      service_(request.service),
      source_(request.source),
      redact_(std::move(redact)) {}

bool CommandAnswer::redacted(std::string_view field) const noexcept { return std::ranges::find(redact_, field) != redact_.end(); }

std::string CommandAnswer::encode(wire::CheckResultBody body) const {
    body.check_source = node_;
    body.scheduling_source = node_;
    return wire::encode(wire::CheckResult{host_, service_, std::move(body)});
}

std::string CommandAnswer::refusal(std::string text, WallTime now) const {
    const double time = to_unix(now);
    if (source_) return wire::encode(wire::ExecutedCommand{*source_, host_, service_, kRefusedExit, std::move(text), time, time});
    if (type_ != wire::CommandType::check) return {};
    wire::CheckResultBody body;
    body.execution_start = body.execution_end = body.schedule_start = body.schedule_end = time;
    body.exit_status = 3;
    body.state = 3;
    body.output = std::move(text);
    return encode(std::move(body));
}

std::string CommandAnswer::result(const exec::Outcome& outcome, WallTime now) const {
    const schedule::PluginRun run = plugin_run(outcome);
    if (source_) {
        return wire::encode(wire::ExecutedCommand{*source_, host_, service_, static_cast<double>(schedule::reported_exit_status(run)),
                                                  redacted("output") ? std::string() : schedule::reported_output(run), outcome.start,
                                                  outcome.end});
    }
    if (type_ != wire::CommandType::check) return {};
    schedule::Checked checked = schedule::checked(run);
    wire::CheckResultBody body;
    if (!redacted("command") && !outcome.argv.empty()) body.command = outcome.argv;
    body.execution_start = outcome.start > 0 ? outcome.start : to_unix(now);
    body.execution_end = outcome.end > 0 ? outcome.end : to_unix(now);
    body.schedule_start = body.schedule_end = to_unix(now);
    body.exit_status = checked.exit_status;
    body.state = checked.state;
    if (!redacted("output")) body.output = std::move(checked.output);
    if (redacted("performance_data")) body.performance_data.reset();
    else body.performance_data.emplace(checked.performance_data.begin(), checked.performance_data.end());
    return encode(std::move(body));
}

std::string CommandAnswer::result(const BuiltinResult& result, WallTime now) const {
    const double time = to_unix(now);
    if (source_) {
        return wire::encode(wire::ExecutedCommand{*source_, host_, service_, static_cast<double>(result.state),
                                                  redacted("output") ? std::string() : result.output, time, time});
    }
    if (type_ != wire::CommandType::check) return {};
    wire::CheckResultBody body;
    if (!redacted("command")) body.command = command_;
    body.execution_start = body.execution_end = body.schedule_start = body.schedule_end = time;
    body.exit_status = result.state;
    body.state = result.state;
    if (!redacted("output")) body.output = result.output;
    if (redacted("performance_data")) body.performance_data.reset();
    else body.performance_data = result.performance_data;
    return encode(std::move(body));
}

}  // namespace endpointd::cluster
