#include <array>
#include <cmath>

#include "wire/decode_parts.hpp"

namespace endpointd::wire {

namespace {

constexpr std::array<std::pair<CommandType, std::string_view>, 3> kCommandTypes{{
    {CommandType::check, "check_command"},
    {CommandType::event, "event_command"},
    {CommandType::notification, "notification_command"},
}};

// Seconds; a longer timeout is none, and far below what Duration holds.
constexpr double kLongestTimeout = 365.0 * 86400;

CommandType command_type(const Fields& params) {
    const std::string text = params.text("command_type");
    for (const auto& [type, name] : kCommandTypes)
        if (text == name) return type;
    params.complaint().add(params.place("command_type"), "expected check_command, event_command or notification_command");
    return CommandType::check;
}

// A number, or a text with one: "30", "30s". Whole seconds, as upstream (protocol, 6.6).
std::optional<Duration> check_timeout(const Fields& params) {
    const json::Value* value = params.find("check_timeout");
    if (!value) return std::nullopt;
    double seconds = -1;
    if (const double* number = value->number()) {
        seconds = *number;
    } else if (const std::string* text = value->string()) {
        if (const auto duration = parse_duration(*text)) seconds = std::chrono::duration<double>(duration.value()).count();
    } else {
        params.complaint().wrong_type(params.place("check_timeout"), "number or string", *value);
        return std::nullopt;
    }
    if (!(seconds >= 0)) {
        params.complaint().add(params.place("check_timeout"), "expected a number of seconds, 0 or more");
        return std::nullopt;
    }
    return std::chrono::seconds(static_cast<long>(std::min(std::trunc(seconds), kLongestTimeout)));
}

Execution execution(const std::string& id, const Fields& fields) {
    Execution execution;
    execution.id = id;
    execution.pending = fields.maybe_flag("pending").value_or(false);
    execution.deadline = fields.maybe_number("deadline");
    execution.endpoint = fields.maybe_text("endpoint");
    execution.exit = fields.maybe_number("exit");
    execution.output = fields.maybe_text("output");
    execution.start = fields.maybe_number("start");
    execution.end = fields.maybe_number("end");
    return execution;
}

}  // namespace

std::string_view name_of(CommandType type) noexcept { return kCommandTypes[static_cast<std::size_t>(type)].second; }

ExecuteCommand decode_execute_command(const Fields& params) {
    ExecuteCommand message;
    message.command = params.text("command");
    message.command_type = command_type(params);
    message.host = params.text("host");
    message.service = params.present_text("service");
    message.check_timeout = check_timeout(params);
    if (const json::Object* macros = params.maybe_object("macros")) message.macros = *macros;
    message.source = params.present_text("source");
    message.deadline = params.maybe_number("deadline");
    message.endpoint = params.maybe_text("endpoint");
    message.user = params.maybe_text("user");
    message.notification = params.maybe_text("notification");
    return message;
}

UpdateExecutions decode_update_executions(const Fields& params) {
    UpdateExecutions message;
    message.host = params.text("host");
    message.service = params.present_text("service");
    const json::Object* executions = params.object("executions");
    if (!executions) return message;
    message.executions.reserve(executions->size());
    for (const auto& [id, value] : *executions) {
        const std::string where = params.place("executions") + "." + escaped(id, 64);
        const json::Object* object = value.object();
        if (object) message.executions.push_back(execution(id, Fields(*object, where, params.complaint())));
        else params.complaint().wrong_type(where, "object", value);
    }
    return message;
}

}  // namespace endpointd::wire
