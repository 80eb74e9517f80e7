#include <limits>

#include "wire/decode_parts.hpp"

namespace endpointd::wire {

namespace {

constexpr int kPending = 99;  // a state that is none yet

PerfdataValue perfdata_value(const Fields& fields) {
    PerfdataValue value;
    value.label = fields.text("label");
    value.value = fields.number("value");
    value.counter = fields.maybe_flag("counter").value_or(false);
    value.unit = fields.maybe_text("unit").value_or("");
    value.warn = fields.maybe_number("warn");
    value.crit = fields.maybe_number("crit");
    value.min = fields.maybe_number("min");
    value.max = fields.maybe_number("max");
    return value;
}

std::vector<Perfdata> perfdata(const json::Array& items, const Fields& cr) {
    std::vector<Perfdata> list;
    list.reserve(items.size());
    for (std::size_t i = 0; i < items.size() && cr.complaint().empty(); ++i) {
        const std::string where = cr.place("performance_data") + "[" + std::to_string(i) + "]";
        if (const std::string* text = items[i].string()) list.emplace_back(*text);
        else if (const json::Object* parts = items[i].object()) list.emplace_back(perfdata_value(Fields(*parts, where, cr.complaint())));
        else cr.complaint().wrong_type(where, "string or object", items[i]);
    }
    return list;
}

ExecutedLine executed_line(const Fields& cr) {
    const json::Value* command = cr.find("command");
    if (!command) return {};
    if (const std::string* text = command->string()) return *text;
    const json::Array* items = command->array();
    if (!items) {
        cr.complaint().wrong_type(cr.place("command"), "string or array", *command);
        return {};
    }
    std::vector<std::string> argv;
    argv.reserve(items->size());
    for (const json::Value& item : *items) {
        if (const std::string* text = item.string()) argv.push_back(*text);
        else if (const double* number = item.number()) argv.push_back(number_text(*number));
        else cr.complaint().wrong_type(cr.place("command"), "array of strings", item);
    }
    return argv;
}

std::optional<CheckVars> vars(const Fields& cr, std::string_view key) {
    const json::Object* object = cr.maybe_object(key);
    if (!object) return std::nullopt;
    const Fields fields(*object, cr.place(key), cr.complaint());
    CheckVars vars;
    vars.state = fields.maybe_integer("state", 0, kPending).value_or(0);
    vars.state_type = fields.maybe_integer("state_type", 0, 1).value_or(0);
    vars.attempt = fields.maybe_number("attempt").value_or(0);
    vars.reachable = fields.maybe_flag("reachable").value_or(true);
    return vars;
}

// Protocol, 5.4. Upstream takes a result without `performance_data` or `type` for
// an empty OK; here that is no result at all.
CheckResultBody body(const Fields& cr, const json::Object& object) {
    CheckResultBody result;
    if (const std::string type = cr.text("type"); type != "CheckResult") cr.complaint().add(cr.place("type"), "expected \"CheckResult\"");
    if (!object.find("performance_data")) cr.complaint().add(cr.place("performance_data"), "missing");
    const json::Array* items = cr.maybe_array("performance_data");
    if (items) result.performance_data = perfdata(*items, cr);
    else result.performance_data.reset();
    result.state = cr.integer("state", 0, 3);
    result.output = cr.text("output");
    result.active = cr.maybe_flag("active").value_or(true);
    result.check_source = cr.maybe_text("check_source").value_or("");
    result.command = executed_line(cr);
    result.execution_start = cr.maybe_number("execution_start").value_or(0);
    result.execution_end = cr.maybe_number("execution_end").value_or(0);
    result.exit_status = cr.maybe_integer("exit_status", std::numeric_limits<int>::min(), std::numeric_limits<int>::max()).value_or(0);
    result.previous_hard_state = cr.maybe_integer("previous_hard_state", 0, kPending).value_or(kPending);
    result.schedule_start = cr.maybe_number("schedule_start").value_or(0);
    result.schedule_end = cr.maybe_number("schedule_end").value_or(0);
    result.scheduling_source = cr.maybe_text("scheduling_source").value_or("");
    result.ttl = cr.maybe_number("ttl").value_or(0);
    result.vars_before = vars(cr, "vars_before");
    result.vars_after = vars(cr, "vars_after");
    return result;
}

}  // namespace

CheckResult decode_check_result(const Fields& params) {
    CheckResult message;
    message.host = params.text("host");
    message.service = params.present_text("service");
    if (const json::Object* cr = params.object("cr")) message.cr = body(Fields(*cr, params.place("cr"), params.complaint()), *cr);
    return message;
}

}  // namespace endpointd::wire
