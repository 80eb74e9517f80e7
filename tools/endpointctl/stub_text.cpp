// Stubs in the two forms in which a parent's operators keep configuration.

#include <cmath>

#include "dsl/literal.hpp"
#include "parent_stubs.hpp"
#include "render.hpp"

namespace endpointd::ctl {
namespace {

// Built into every Icinga 2. It is never run: the stub is passive, and in a zone of others.
constexpr std::string_view kCommand = "dummy";

std::string statement(const Stub& stub) {
    std::string text = stub.service.empty() ? "object Host " + dsl::literal(std::string_view(stub.host)) + " {\n"
                                            : "object Service " + dsl::literal(std::string_view(stub.service)) + " {\n";
    const auto line = [&text](std::string_view name, const std::string& literal) {
        text += "  " + std::string(name) + " = " + literal + "\n";
    };
    if (!stub.service.empty()) line("host_name", dsl::literal(std::string_view(stub.host)));
    line("check_command", dsl::literal(kCommand));
    line("enable_active_checks", "false");
    line("zone", dsl::literal(std::string_view(stub.zone)));
    for (const auto& [name, value] : stub.attributes) line(name, dsl::literal(value));
    return text + "}\n";
}

// Properties that are columns of whole numbers.
bool is_whole(std::string_view name) noexcept {
    return name == "check_interval" || name == "retry_interval" || name.starts_with("flapping_threshold_");
}

json::Object body(const Stub& stub, std::vector<std::string>& notes) {
    const std::string shown = stub.service.empty() ? stub.host : stub.host + "!" + stub.service;
    json::Object made{{"object_name", stub.service.empty() ? stub.host : stub.service},
                      {"object_type", "object"},
                      {"check_command", kCommand},
                      {"enable_active_checks", false},
                      {"zone", stub.zone}};
    if (!stub.service.empty()) made.set("host", stub.host);
    for (const auto& [name, value] : stub.attributes) {
        if (name == "flapping_ignore_states") {
            notes.push_back(printable(shown) +
                            ": the Director has no flapping_ignore_states: it flaps there in states that it ignores here");
            continue;
        }
        const double* const number = value.number();
        if (number && is_whole(name) && std::floor(*number) != *number) {
            // Upwards: an interval of 0 is none.
            made.set(std::string(name), std::ceil(*number));
            notes.push_back(printable(shown) + ": the Director takes whole numbers: " + std::string(name) + " " + dsl::literal(value) +
                            " is " + dsl::literal(json::Value(std::ceil(*number))));
            continue;
        }
        made.set(std::string(name), value);
    }
    return made;
}

}  // namespace

std::string icinga_text(const std::vector<Stub>& stubs) {
    std::string text = "// Made by `endpointctl export parent-config`: what the node of this zone checks by itself.\n";
    for (const Stub& stub : stubs) text += "\n" + statement(stub);
    return text;
}

json::Value director_json(const std::vector<Stub>& stubs, std::vector<std::string>& notes) {
    json::Array hosts, services;
    for (const Stub& stub : stubs) (stub.service.empty() ? hosts : services).emplace_back(body(stub, notes));
    return json::Object{{"Host", std::move(hosts)}, {"Service", std::move(services)}};
}

}  // namespace endpointd::ctl
