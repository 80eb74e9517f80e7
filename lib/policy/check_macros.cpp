#include "policy/check_macros.hpp"

#include <algorithm>
#include <array>

namespace endpointd::policy {

namespace {

const json::Object* vars_of(const dsl::Object* object) noexcept {
    const json::Value* const vars = object ? object->attributes.find("vars") : nullptr;
    return vars ? vars->object() : nullptr;
}

}  // namespace

const std::vector<std::string>& CheckMacros::elsewhere(const catalog::Command& command, const dsl::ConfigType& type) {
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

CollectedMacros CheckMacros::collect(const catalog::Command& command, const dsl::Object& object, const dsl::Object* host,
                                     const StateMacros* states) {
    const bool is_service = object.type->name == "Service";
    const MacroScope scope(is_service ? host : &object, is_service ? &object : nullptr, states);
    CollectedMacros collected;
    const auto add = [&](const std::string& name) {
        if (collected.impossible || collected.values.find(name)) return;
        Result<StaticValue> found = scope.value_of(name);
        if (!found) collected.impossible.emplace(name, found.error().text);
        else if (!found->known) collected.all_known = false;
        else if (!found->value.is_null()) collected.values.set(name, std::move(found->value));
    };
    // A wrapper hands what is none of its own to the command inside: all variables are asked then.
    const bool is_wrapper = command.command_ref.has_value();
    for (const json::Object* vars : {vars_of(&object), is_service ? vars_of(host) : nullptr}) {
        if (!vars) continue;
        for (const auto& [name, ignored] : *vars)
            if (is_wrapper || command.parameters.contains(name)) add(name);
    }
    for (const std::string& name : elsewhere(command, *object.type)) add(name);
    return collected;
}

}  // namespace endpointd::policy
