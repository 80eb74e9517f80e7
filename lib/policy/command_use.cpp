#include "policy/command_use.hpp"

#include <algorithm>
#include <array>

#include "base/units.hpp"
#include "catalog/invocation.hpp"
#include "policy/macro_scope.hpp"

namespace endpointd::policy {

namespace {

const json::Object* vars_of(const dsl::Object* object) noexcept {
    const json::Value* const vars = object ? object->attributes.find("vars") : nullptr;
    return vars ? vars->object() : nullptr;
}

Objection refused(const catalog::Command& command, const std::string& text) {
    return {Reason::argument_refused, text + " (" + command.source + ")"};
}

Objection refused_parameter(const catalog::Command& command, const std::string& name, const std::string& rule) {
    return refused(command, "parameter '" + name + "' refused: " + rule);
}

}  // namespace

std::optional<Objection> CommandUse::judge_name(const dsl::Object& object, std::string_view attribute, catalog::Kind kind) const {
    const std::string_view name = text_attribute(object, attribute);
    if (name.empty()) return std::nullopt;
    const catalog::Command* const command = catalog_.find(name);
    if (command && command->kind == kind) return std::nullopt;
    const std::string quoted = "command '" + escaped(name) + "'";
    if (!command) return Objection{Reason::unknown_command, quoted + " is not in the local catalog"};
    return Objection{Reason::unknown_command, quoted + " of " + std::string(attribute) + " is of kind " +
                                                  std::string(catalog::name_of(command->kind)) + " in the local catalog (" +
                                                  command->source + "), not of kind " + std::string(catalog::name_of(kind))};
}

const std::vector<std::string>& CommandUse::elsewhere(const catalog::Command& command, const dsl::ConfigType& type) {
    const auto [known, is_new] = elsewhere_.try_emplace({&command, &type});
    if (!is_new) return known->second;
    // A host's attributes count for its services as well; "name" is one of both.
    static constexpr std::array<std::string_view, 3> kOfHosts = {"address", "address6", "name"};
    for (const auto& [name, ignored] : command.parameters) {
        const bool attribute =
            std::find(kOfHosts.begin(), kOfHosts.end(), name) != kOfHosts.end() ||
            std::any_of(type.fields.begin(), type.fields.end(), [&](const dsl::Field& field) { return field.name == name; });
        if (attribute || name.find('.') != std::string::npos) known->second.push_back(name);
    }
    return known->second;
}

std::optional<Objection> CommandUse::judge_parameters(const catalog::Command& command, const dsl::Object& object, const dsl::Object* host) {
    const bool is_service = object.type->name == "Service";
    const MacroScope scope(is_service ? host : &object, is_service ? &object : nullptr);
    json::Object macros;
    bool all_known = true;
    std::optional<Objection> objection;
    const auto add = [&](const std::string& name) {
        if (objection || macros.find(name)) return;
        Result<StaticValue> found = scope.value_of(name);
        if (!found) objection = refused_parameter(command, name, found.error().text);
        else if (!found->known) all_known = false;
        else if (!found->value.is_null()) macros.set(name, std::move(found->value));
    };
    // A wrapper hands what is none of its own to the command inside: all variables are asked then.
    const bool is_wrapper = command.command_ref.has_value();
    for (const json::Object* vars : {vars_of(&object), is_service ? vars_of(host) : nullptr}) {
        if (!vars) continue;
        for (const auto& [name, ignored] : *vars)
            if (is_wrapper || command.parameters.contains(name)) add(name);
    }
    for (const std::string& name : elsewhere(command, *object.type)) add(name);
    if (objection) return objection;

    if (all_known) {
        const catalog::Attempt<catalog::Admission> admission = catalog::admit(catalog_, command, macros);
        if (!admission) return refused(command, admission.error().text);
        return std::nullopt;
    }
    for (const auto& [name, value] : macros) {
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
    if (auto objection = judge_name(object, "check_command", catalog::Kind::check)) return objection;
    if (auto objection = judge_name(object, "event_command", catalog::Kind::event)) return objection;
    const catalog::Command* const command = catalog_.find(text_attribute(object, "check_command"));
    return command ? judge_parameters(*command, object, host) : std::nullopt;
}

}  // namespace endpointd::policy
