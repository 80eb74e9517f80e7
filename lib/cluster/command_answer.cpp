#include "cluster/command_answer.hpp"

#include <algorithm>

#include "wire/encode.hpp"

namespace endpointd::cluster {

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
    redact(body, redact_);
    return wire::encode(wire::CheckResult{host_, service_, std::move(body)});
}

std::string CommandAnswer::refusal(std::string text, WallTime now) const {
    const double time = to_unix(now);
    if (source_) return wire::encode(wire::ExecutedCommand{*source_, host_, service_, kRefusedExit, std::move(text), time, time});
    if (type_ != wire::CommandType::check) return {};
    // Our own words are never redacted.
    return wire::encode(wire::CheckResult{host_, service_, unknown_body(std::move(text), node_, now)});
}

std::string CommandAnswer::result(const exec::Outcome& outcome, WallTime now) const {
    const schedule::PluginRun run = plugin_run(outcome);
    if (source_) {
        return wire::encode(wire::ExecutedCommand{*source_, host_, service_, static_cast<double>(schedule::reported_exit_status(run)),
                                                  redacted("output") ? std::string() : schedule::reported_output(run), outcome.start,
                                                  outcome.end});
    }
    if (type_ != wire::CommandType::check) return {};
    return encode(result_body(outcome, node_, now));
}

std::string CommandAnswer::result(const BuiltinResult& result, WallTime now) const {
    const double time = to_unix(now);
    if (source_) {
        return wire::encode(wire::ExecutedCommand{*source_, host_, service_, static_cast<double>(result.state),
                                                  redacted("output") ? std::string() : result.output, time, time});
    }
    if (type_ != wire::CommandType::check) return {};
    return encode(result_body(result, command_, node_, now));
}

}  // namespace endpointd::cluster
