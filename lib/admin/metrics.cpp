#include "admin/metrics.hpp"

#include <charconv>

#include "admin/routes.hpp"

namespace endpointd::admin {
namespace {

struct Metric {
    std::string_view group;  // a member of status; empty: status itself
    std::string_view member;
    std::string_view name;
    std::string_view type;
    std::string_view help;
};

constexpr Metric kMetrics[] = {
    {"", "uptime", "endpointd_uptime_seconds", "gauge", "Seconds since the start."},
    {"objects", "hosts", "endpointd_hosts", "gauge", "Host objects."},
    {"objects", "services", "endpointd_services", "gauge", "Service objects."},
    {"objects", "rejected", "endpointd_objects_rejected", "gauge", "Pushed objects that were not taken."},
    {"objects", "paused", "endpointd_objects_paused", "gauge", "Hosts and services whose checks somebody paused."},
    {"runner", "running", "endpointd_runner_running", "gauge", "Commands running."},
    {"runner", "queued", "endpointd_runner_queued", "gauge", "Commands waiting for a place."},
    {"runner", "executed", "endpointd_runner_executed_total", "counter", "Commands that ran."},
    {"runner", "refused", "endpointd_runner_refused_total", "counter", "Commands the runner refused."},
    {"runner", "timeouts", "endpointd_runner_timeouts_total", "counter", "Commands ended by their timeout."},
    {"store", "size", "endpointd_store_bytes", "gauge", "Bytes of the store in use."},
    {"store", "outbox", "endpointd_store_outbox", "gauge", "Messages waiting for a parent."},
    {"store", "audit", "endpointd_store_audit_records", "gauge", "Records in the audit."},
    {"store", "unwritten", "endpointd_store_unwritten_states", "gauge", "States of checks that the store could not write yet."},
};

// What is said of each parent; a boolean counts as 0 or 1.
constexpr Metric kParentMetrics[] = {
    {"", "connected", "endpointd_parent_connected", "gauge", "Whether the parent is connected."},
    {"", "queued", "endpointd_parent_queued", "gauge", "Messages waiting for the parent."},
};

std::optional<double> number_of(const json::Value* value) noexcept {
    if (!value) return std::nullopt;
    if (const double* number = value->number()) return *number;
    if (const bool* flag = value->boolean()) return *flag ? 1.0 : 0.0;
    return std::nullopt;
}

std::string text_of(double number) {
    char buffer[32];
    const auto [end, why] = std::to_chars(buffer, buffer + sizeof buffer, number);
    return std::string(buffer, why == std::errc() ? end : buffer);
}

std::string label_value(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '\\' || c == '"') out += '\\';
        if (c == '\n') {
            out += "\\n";
        } else {
            out += c;
        }
    }
    return out;
}

void begin(std::string& out, const Metric& metric) {
    out.append("# HELP ").append(metric.name).append(" ").append(metric.help).append("\n");
    out.append("# TYPE ").append(metric.name).append(" ").append(metric.type).append("\n");
}

std::string_view string_member(const json::Object& object, std::string_view name) noexcept {
    const json::Value* const value = object.find(name);
    return value && value->string() ? std::string_view(*value->string()) : std::string_view();
}

}  // namespace

std::string prometheus_text(const json::Value& status, bool healthy) {
    std::string out = "# HELP endpointd_healthy Whether the daemon does its work.\n# TYPE endpointd_healthy gauge\nendpointd_healthy ";
    out += healthy ? "1\n" : "0\n";
    const json::Object* const root = status.object();
    if (!root) return out;
    out += "# HELP endpointd_info The node and its version.\n# TYPE endpointd_info gauge\nendpointd_info{node=\"" +
           label_value(string_member(*root, "node")) + "\",version=\"" + label_value(string_member(*root, "version")) + "\"} 1\n";

    for (const Metric& metric : kMetrics) {
        const json::Object* group = root;
        if (!metric.group.empty()) {
            const json::Value* const value = root->find(metric.group);
            group = value ? value->object() : nullptr;
        }
        const std::optional<double> number = group ? number_of(group->find(metric.member)) : std::nullopt;
        if (!number) continue;
        begin(out, metric);
        out.append(metric.name).append(" ").append(text_of(*number)).append("\n");
    }

    const json::Value* const parents = root->find("parents");
    if (!parents || !parents->array() || parents->array()->empty()) return out;
    for (const Metric& metric : kParentMetrics) {
        begin(out, metric);
        for (const json::Value& parent : *parents->array()) {
            const json::Object* const object = parent.object();
            const std::optional<double> number = object ? number_of(object->find(metric.member)) : std::nullopt;
            if (!number) continue;
            out.append(metric.name).append("{parent=\"").append(label_value(string_member(*object, "name"))).append("\"} ");
            out.append(text_of(*number)).append("\n");
        }
    }
    return out;
}

void get_metrics(const Call& call, Reply reply) {
    Response response;
    response.content_type = "text/plain; version=0.0.4; charset=utf-8";
    response.body = prometheus_text(call.backend.status(), call.backend.health().ok);
    reply(std::move(response));
}

}  // namespace endpointd::admin
