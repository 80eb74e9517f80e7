#include "policy/command_use.hpp"

#include "base/units.hpp"
#include "catalog/invocation.hpp"
#include "dsl/object_attributes.hpp"

namespace endpointd::policy {

namespace {

Objection refused(const catalog::Command& command, const std::string& text) {
    return {Reason::argument_refused, text + " (" + command.source + ")"};
}

Objection refused_parameter(const catalog::Command& command, const std::string& name, const std::string& rule) {
    return refused(command, "parameter '" + name + "' refused: " + rule);
}

}  // namespace

std::optional<Objection> CommandUse::judge_name(const dsl::Object& object, std::string_view attribute, CommandType type) const {
    const std::string_view name = text_attribute(object, attribute);
    if (name.empty()) return std::nullopt;
    const catalog::Command* const command = catalog_.find(name);
    if (command && rule_of_execute(type, false, command->kind).runs) return std::nullopt;
    const std::string quoted = "command '" + escaped(name) + "'";
    if (!command) return Objection{Reason::unknown_command, quoted + " is not in the local catalog"};
    return Objection{Reason::unknown_command, quoted + " of " + std::string(attribute) + " is of kind " +
                                                  std::string(catalog::name_of(command->kind)) + " in the local catalog (" +
                                                  command->source + "), not of kind " +
                                                  (type == CommandType::check ? "check" : "event or action")};
}

std::optional<Objection> CommandUse::judge_parameters(const catalog::Command& command, const dsl::Object& object, const dsl::Object* host) {
    const CollectedMacros collected = macros_.collect(command, object, host);
    if (collected.impossible) return refused_parameter(command, collected.impossible->first, collected.impossible->second);
    if (collected.all_known) {
        const catalog::Attempt<catalog::Admission> admission = catalog::admit(catalog_, command, collected.values);
        if (!admission) return refused(command, admission.error().text);
        return std::nullopt;
    }
    for (const auto& [name, value] : collected.values) {
        const auto parameter = command.parameters.find(name);
        if (parameter == command.parameters.end()) continue;
        const catalog::Judged judged = catalog::judge(parameter->second, value);
        if (!judged) return refused_parameter(command, name, judged.error().rule);
    }
    return std::nullopt;
}

std::optional<Objection> CommandUse::judge(const dsl::Object& object, const dsl::Object* host) {
    const bool checkable = object.type->name == "Host" || object.type->name == "Service";
    if (!checkable && object.type->name != "Notification") return std::nullopt;
    const std::string_view endpoint = text_attribute(object, "command_endpoint");
    if (!endpoint.empty() && endpoint != node_) {
        return Objection{Reason::attribute_not_allowed,
                         "command_endpoint '" + escaped(endpoint) + "' is not this node ('" + node_ + "'): nothing is run elsewhere",
                         "command_endpoint"};
    }
    if (!checkable) return std::nullopt;
    if (auto objection = judge_name(object, "check_command", CommandType::check)) return objection;
    if (auto objection = judge_name(object, "event_command", CommandType::event)) return objection;
    const catalog::Command* const command = catalog_.find(text_attribute(object, "check_command"));
    return command ? judge_parameters(*command, object, host) : std::nullopt;
}

}  // namespace endpointd::policy
