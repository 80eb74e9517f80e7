#include "cluster/builtin.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "base/units.hpp"
#include "schedule/check_result.hpp"

namespace endpointd::cluster {

namespace {

std::string text_of(const json::Object& parameters, std::string_view name) {
    const json::Value* value = parameters.find(name);
    if (value == nullptr) return {};
    if (const std::string* text = value->string()) return *text;
    if (const double* number = value->number()) return number_text(*number);
    return {};
}

double number_of(const json::Object& parameters, std::string_view name, double otherwise) {
    const json::Value* value = parameters.find(name);
    const double* number = value != nullptr ? value->number() : nullptr;
    return number != nullptr ? *number : otherwise;
}

wire::Perfdata figure(std::string label, double value, std::string unit = {}) {
    wire::PerfdataValue data;
    data.label = std::move(label);
    data.value = value;
    data.unit = std::move(unit);
    return data;
}

std::string joined(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names) {
        if (!text.empty()) text += ", ";
        text += name;
    }
    return text;
}

// The text goes the way of a plugin's output, so that performance data may stand in it.
BuiltinResult dummy(const json::Object& parameters) {
    const schedule::Checked checked = schedule::checked(
        {.exit_status = static_cast<int>(number_of(parameters, "dummy_state", 0)), .output = text_of(parameters, "dummy_text")});
    BuiltinResult result{checked.state, checked.output, {}};
    for (const std::string& token : checked.performance_data) result.performance_data.emplace_back(token);
    return result;
}

BuiltinResult icinga(const NodeHealth& health) {
    BuiltinResult result;
    result.state = health.runner_available ? 0 : 2;
    result.output = "endpointd " + health.version + " on " + health.node + ", up " +
                    number_text(static_cast<double>(static_cast<long>(health.uptime))) + " s" +
                    (health.runner_available ? "" : "; the runner is not available: no plugin can be started");
    result.performance_data.push_back(figure("uptime", health.uptime, "seconds"));
    for (const auto& [label, value] : health.counters) result.performance_data.push_back(figure(label, value));
    return result;
}

BuiltinResult cluster(const NodeHealth& health) {
    std::vector<std::string> away;
    for (const EndpointHealth& endpoint : health.endpoints)
        if (!endpoint.connected) away.push_back(endpoint.name);
    const double all = static_cast<double>(health.endpoints.size());
    BuiltinResult result;
    result.state = away.empty() ? 0 : 2;
    result.output = away.empty() ? number_text(all) + " endpoints are connected."
                                 : number_text(static_cast<double>(away.size())) + " endpoints are not connected: " + joined(away);
    result.performance_data = {figure("num_endpoints", all), figure("num_conn_endpoints", all - static_cast<double>(away.size())),
                               figure("num_not_conn_endpoints", static_cast<double>(away.size()))};
    return result;
}

BuiltinResult cluster_zone(const json::Object& parameters, const NodeHealth& health) {
    const std::string zone = text_of(parameters, "cluster_zone");
    BuiltinResult result;
    bool known = false;
    const EndpointHealth* freshest = nullptr;
    for (const EndpointHealth& endpoint : health.endpoints) {
        if (endpoint.zone != zone) continue;
        known = true;
        if (endpoint.connected && (freshest == nullptr || endpoint.seconds_since_message < freshest->seconds_since_message))
            freshest = &endpoint;
    }
    if (!known) {
        result.output = "Zone '" + escaped(zone) + "' has no endpoint that this node knows.";
        return result;
    }
    if (freshest == nullptr) {
        result.state = 2;
        result.output = "Zone '" + zone + "' is not connected.";
        return result;
    }
    const double lag = freshest->seconds_since_message;
    const double critical = number_of(parameters, "cluster_lag_critical", 0), warning = number_of(parameters, "cluster_lag_warning", 0);
    result.state = critical > 0 && lag > critical ? 2 : warning > 0 && lag > warning ? 1 : 0;
    result.output = "Zone '" + zone + "' is connected; the last message of " + freshest->name + " came " + number_text(lag) + " s ago.";
    wire::PerfdataValue figures;
    figures.label = "slave_lag";
    figures.value = lag;
    figures.unit = "seconds";
    if (warning > 0) figures.warn = warning;
    if (critical > 0) figures.crit = critical;
    result.performance_data.emplace_back(std::move(figures));
    return result;
}

}  // namespace

BuiltinResult run_builtin(std::string_view name, const json::Object& parameters, const NodeHealth& health) {
    if (name == "dummy") return dummy(parameters);
    if (name == "icinga") return icinga(health);
    if (name == "cluster") return cluster(health);
    EP_ASSERT(name == "cluster-zone");
    return cluster_zone(parameters, health);
}

}  // namespace endpointd::cluster
