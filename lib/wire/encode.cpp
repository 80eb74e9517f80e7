#include "wire/encode.hpp"

namespace endpointd::wire {

namespace {

std::string envelope(Method method, json::Object params, Relayed relayed = {}) {
    json::Object message{{"jsonrpc", "2.0"}, {"method", name_of(method)}};
    if (!relayed.origin_zone.empty()) message.set("originZone", relayed.origin_zone);
    message.set("params", std::move(params));
    if (relayed.ts) message.set("ts", *relayed.ts);
    return json::to_text(message);
}

json::Object checkable(const std::string& host, const std::optional<std::string>& service) {
    json::Object params{{"host", host}};
    if (service) params.set("service", *service);
    return params;
}

json::Value line(const ExecutedLine& line) {
    if (const auto* text = std::get_if<std::string>(&line)) return *text;
    const auto* argv = std::get_if<std::vector<std::string>>(&line);
    if (!argv) return nullptr;
    return json::Array(argv->begin(), argv->end());
}

json::Value perfdata(const Perfdata& item) {
    if (const auto* text = std::get_if<std::string>(&item)) return *text;
    const auto& value = std::get<PerfdataValue>(item);
    return json::Object{{"counter", value.counter}, {"crit", value.crit}, {"label", value.label}, {"max", value.max},  {"min", value.min},
                        {"type", "PerfdataValue"},  {"unit", value.unit}, {"value", value.value}, {"warn", value.warn}};
}

json::Value perfdata(const std::optional<std::vector<Perfdata>>& items) {
    if (!items) return nullptr;
    json::Array array;
    array.reserve(items->size());
    for (const Perfdata& item : *items) array.push_back(perfdata(item));
    return array;
}

json::Value vars(const std::optional<CheckVars>& vars) {
    if (!vars) return nullptr;
    return json::Object{
        {"attempt", vars->attempt}, {"reachable", vars->reachable}, {"state", vars->state}, {"state_type", vars->state_type}};
}

// Without `performance_data` and `type` the receiver takes the result for an empty OK (protocol, 5.4).
json::Object body(const CheckResultBody& cr) {
    return {{"active", cr.active},
            {"check_source", cr.check_source},
            {"command", line(cr.command)},
            {"execution_end", cr.execution_end},
            {"execution_start", cr.execution_start},
            {"exit_status", cr.exit_status},
            {"output", cr.output},
            {"performance_data", perfdata(cr.performance_data)},
            {"previous_hard_state", cr.previous_hard_state},
            {"schedule_end", cr.schedule_end},
            {"schedule_start", cr.schedule_start},
            {"scheduling_source", cr.scheduling_source},
            {"state", cr.state},
            {"ttl", cr.ttl},
            {"type", "CheckResult"},
            {"vars_after", vars(cr.vars_after)},
            {"vars_before", vars(cr.vars_before)}};
}

}  // namespace

std::string encode(const Hello& message) {
    json::Object params;
    if (message.version) params = {{"capabilities", message.capabilities}, {"version", *message.version}};
    return envelope(Method::hello, std::move(params));
}

std::string encode(const Heartbeat&) { return envelope(Method::heartbeat, {}); }

std::string encode(const SetLogPosition& message) { return envelope(Method::set_log_position, {{"log_position", message.log_position}}); }

std::string encode(const CheckResult& message, Relayed relayed) {
    json::Object params = checkable(message.host, message.service);
    params.set("cr", body(message.cr));
    return envelope(Method::check_result, std::move(params), relayed);
}

std::string encode(const SetNextCheck& message, Relayed relayed) {
    json::Object params = checkable(message.host, message.service);
    params.set("next_check", message.next_check);
    return envelope(Method::set_next_check, std::move(params), relayed);
}

std::string encode(const SetLastCheckStarted& message, Relayed relayed) {
    json::Object params = checkable(message.host, message.service);
    params.set("last_check_started", message.last_check_started);
    return envelope(Method::set_last_check_started, std::move(params), relayed);
}

std::string encode(const SetForceNextCheck& message, Relayed relayed) {
    json::Object params = checkable(message.host, message.service);
    params.set("forced", message.forced);
    return envelope(Method::set_force_next_check, std::move(params), relayed);
}

std::string encode(const SetAcknowledgement& message, Relayed relayed) {
    json::Object params = checkable(message.host, message.service);
    params.set("acktype", static_cast<int>(message.acktype));
    params.set("author", message.author);
    params.set("change_time", message.change_time);
    params.set("comment", message.comment);
    params.set("expiry", message.expiry);
    params.set("notify", message.notify);
    params.set("persistent", message.persistent);
    return envelope(Method::set_acknowledgement, std::move(params), relayed);
}

std::string encode(const ClearAcknowledgement& message, Relayed relayed) {
    json::Object params = checkable(message.host, message.service);
    params.set("author", message.author);
    params.set("change_time", message.change_time);
    return envelope(Method::clear_acknowledgement, std::move(params), relayed);
}

std::string encode(const SetRemovalInfo& message, Relayed relayed) {
    json::Object params{{"object_name", message.object_name},
                        {"object_type", message.object_type},
                        {"remove_time", message.remove_time},
                        {"removed_by", message.removed_by}};
    return envelope(Method::set_removal_info, std::move(params), relayed);
}

std::string encode(const ConfigUpdateObject& message, Relayed relayed) {
    json::Object params{{"modified_attributes", message.modified_attributes},
                        {"name", message.name},
                        {"original_attributes", json::Array(message.original_attributes.begin(), message.original_attributes.end())},
                        {"type", message.type},
                        {"version", message.version}};
    // The presence of either key means something: objects from files have no text (protocol, 4.3).
    if (message.config) params.set("config", *message.config);
    if (message.zone) params.set("zone", *message.zone);
    return envelope(Method::config_update_object, std::move(params), relayed);
}

std::string encode(const ConfigDeleteObject& message, Relayed relayed) {
    json::Object params{{"name", message.name}, {"type", message.type}, {"version", message.version}};
    return envelope(Method::config_delete_object, std::move(params), relayed);
}

std::string encode(const ExecutedCommand& message) {
    json::Object params = checkable(message.host, message.service);
    params.set("execution", message.execution);
    params.set("exit", message.exit);
    params.set("output", message.output);
    params.set("start", message.start);
    params.set("end", message.end);
    return envelope(Method::executed_command, std::move(params));
}

}  // namespace endpointd::wire
