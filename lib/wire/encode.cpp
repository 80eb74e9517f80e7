#include "wire/encode.hpp"

#include "json/object_text.hpp"

namespace endpointd::wire {

namespace {

// Everything around `params`, whose members are written by whoever has it.
json::ObjectText open_message(Method method, Relayed relayed = {}) {
    json::ObjectText text;
    text.member("jsonrpc", "2.0").member("method", name_of(method));
    if (!relayed.origin_zone.empty()) text.member("originZone", relayed.origin_zone);
    text.object("params");
    return text;
}

std::string close_message(json::ObjectText text, Relayed relayed = {}) {
    text.end();
    if (relayed.ts) text.member("ts", *relayed.ts);
    return std::move(text).take();
}

void service(json::ObjectText& text, const std::optional<std::string>& service) {
    if (service) text.member("service", *service);
}

void line(json::ObjectText& text, const ExecutedLine& line) {
    if (const auto* words = std::get_if<std::vector<std::string>>(&line)) {
        text.array("command");
        for (const std::string& word : *words) text.item(word);
        text.end();
    } else if (const auto* whole = std::get_if<std::string>(&line)) text.member("command", *whole);
    else text.member("command", nullptr);
}

void perfdata(json::ObjectText& text, const std::optional<std::vector<Perfdata>>& items) {
    if (!items) {
        text.member("performance_data", nullptr);
        return;
    }
    text.array("performance_data");
    for (const Perfdata& item : *items) {
        if (const auto* token = std::get_if<std::string>(&item)) {
            text.item(*token);
            continue;
        }
        const auto& value = std::get<PerfdataValue>(item);
        text.item_object().member("counter", value.counter).member("crit", value.crit).member("label", value.label);
        text.member("max", value.max).member("min", value.min).member("type", "PerfdataValue").member("unit", value.unit);
        text.member("value", value.value).member("warn", value.warn).end();
    }
    text.end();
}

void vars(json::ObjectText& text, std::string_view key, const std::optional<CheckVars>& vars) {
    if (!vars) text.member(key, nullptr);
    else
        text.object(key)
            .member("attempt", vars->attempt)
            .member("reachable", vars->reachable)
            .member("state", vars->state)
            .member("state_type", vars->state_type)
            .end();
}

// Without `performance_data` and `type` the receiver takes the result for an empty OK (protocol, 5.4).
void body(json::ObjectText& text, const CheckResultBody& cr) {
    text.object("cr").member("active", cr.active).member("check_source", cr.check_source);
    line(text, cr.command);
    text.member("execution_end", cr.execution_end).member("execution_start", cr.execution_start);
    text.member("exit_status", cr.exit_status).member("output", cr.output);
    perfdata(text, cr.performance_data);
    text.member("previous_hard_state", cr.previous_hard_state);
    text.member("schedule_end", cr.schedule_end).member("schedule_start", cr.schedule_start);
    text.member("scheduling_source", cr.scheduling_source).member("state", cr.state).member("ttl", cr.ttl).member("type", "CheckResult");
    vars(text, "vars_after", cr.vars_after);
    vars(text, "vars_before", cr.vars_before);
    text.end();
}

}  // namespace

std::string encode(const Hello& message) {
    json::ObjectText text = open_message(Method::hello);
    if (message.version) text.member("capabilities", static_cast<double>(message.capabilities)).member("version", *message.version);
    return close_message(std::move(text));
}

std::string encode(const Heartbeat&) { return close_message(open_message(Method::heartbeat)); }

std::string encode(const SetLogPosition& message) {
    return close_message(std::move(open_message(Method::set_log_position).member("log_position", message.log_position)));
}

std::string encode(const CheckResult& message, Relayed relayed) {
    json::ObjectText text = open_message(Method::check_result, relayed);
    body(text, message.cr);
    text.member("host", message.host);
    service(text, message.service);
    return close_message(std::move(text), relayed);
}

std::string encode(const SetNextCheck& message, Relayed relayed) {
    json::ObjectText text = open_message(Method::set_next_check, relayed);
    text.member("host", message.host).member("next_check", message.next_check);
    service(text, message.service);
    return close_message(std::move(text), relayed);
}

std::string encode(const SetLastCheckStarted& message, Relayed relayed) {
    json::ObjectText text = open_message(Method::set_last_check_started, relayed);
    text.member("host", message.host).member("last_check_started", message.last_check_started);
    service(text, message.service);
    return close_message(std::move(text), relayed);
}

std::string encode(const SetForceNextCheck& message, Relayed relayed) {
    json::ObjectText text = open_message(Method::set_force_next_check, relayed);
    text.member("forced", message.forced).member("host", message.host);
    service(text, message.service);
    return close_message(std::move(text), relayed);
}

std::string encode(const SetAcknowledgement& message, Relayed relayed) {
    json::ObjectText text = open_message(Method::set_acknowledgement, relayed);
    text.member("acktype", static_cast<int>(message.acktype)).member("author", message.author);
    text.member("change_time", message.change_time).member("comment", message.comment).member("expiry", message.expiry);
    text.member("host", message.host).member("notify", message.notify).member("persistent", message.persistent);
    service(text, message.service);
    return close_message(std::move(text), relayed);
}

std::string encode(const ClearAcknowledgement& message, Relayed relayed) {
    json::ObjectText text = open_message(Method::clear_acknowledgement, relayed);
    text.member("author", message.author).member("change_time", message.change_time).member("host", message.host);
    service(text, message.service);
    return close_message(std::move(text), relayed);
}

std::string encode(const SetRemovalInfo& message, Relayed relayed) {
    json::ObjectText text = open_message(Method::set_removal_info, relayed);
    text.member("object_name", message.object_name).member("object_type", message.object_type);
    text.member("remove_time", message.remove_time).member("removed_by", message.removed_by);
    return close_message(std::move(text), relayed);
}

std::string encode(const ConfigUpdateObject& message, Relayed relayed) {
    json::ObjectText text = open_message(Method::config_update_object, relayed);
    // The presence of config and zone means something: objects from files have no text (protocol, 4.3).
    if (message.config) text.member("config", *message.config);
    text.member("modified_attributes", message.modified_attributes).member("name", message.name).array("original_attributes");
    for (const std::string& attribute : message.original_attributes) text.item(attribute);
    text.end().member("type", message.type).member("version", message.version);
    if (message.zone) text.member("zone", *message.zone);
    return close_message(std::move(text), relayed);
}

std::string encode(const ConfigDeleteObject& message, Relayed relayed) {
    json::ObjectText text = open_message(Method::config_delete_object, relayed);
    text.member("name", message.name).member("type", message.type).member("version", message.version);
    return close_message(std::move(text), relayed);
}

std::string encode(const ExecutedCommand& message) {
    json::ObjectText text = open_message(Method::executed_command);
    text.member("end", message.end).member("execution", message.execution).member("exit", message.exit).member("host", message.host);
    text.member("output", message.output);
    service(text, message.service);
    return close_message(std::move(text.member("start", message.start)));
}

}  // namespace endpointd::wire
