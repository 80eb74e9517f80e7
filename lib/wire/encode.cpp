#include "wire/encode.hpp"

namespace endpointd::wire {

namespace {

std::string envelope(Method method, json::Object params, std::optional<double> ts = {}) {
    json::Object message{{"jsonrpc", "2.0"}, {"method", name_of(method)}};
    message.set("params", std::move(params));
    if (ts) message.set("ts", *ts);
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

std::string encode(const CheckResult& message, std::optional<double> ts) {
    json::Object params = checkable(message.host, message.service);
    params.set("cr", body(message.cr));
    return envelope(Method::check_result, std::move(params), ts);
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
