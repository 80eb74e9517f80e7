#include "policy/macro_scope.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "base/limits.hpp"
#include "base/units.hpp"
#include "catalog/macro.hpp"

namespace endpointd::policy {

namespace {

// Texts of an object that hold macros themselves.
constexpr std::array<std::string_view, 3> kWithMacros = {"notes", "notes_url", "action_url"};

// Bytes of an array or dictionary that one macro stands for, with what an element counts as at least.
constexpr std::size_t kMacroBytes = 64 * 1024;
constexpr std::size_t kElementBytes = 8;

// What only the run can tell.
const StaticValue kLater;

// Beyond what any parameter takes. Looks at no more than that.
bool is_too_large(const json::Value& value) {
    if (const std::string* const text = value.string()) return text->size() > limits::kParameterLength;
    std::size_t bytes = 0;
    std::vector<const json::Value*> open{&value};
    while (!open.empty()) {
        const json::Value* const one = open.back();
        open.pop_back();
        const json::Array* const items = one->array();
        const json::Object* const members = one->object();
        bytes += one->string() ? one->string()->size() : kElementBytes * (items ? items->size() : members ? members->size() : 0);
        if (bytes > kMacroBytes) return true;
        if (items)
            for (const json::Value& item : *items) open.push_back(&item);
        if (members) {
            for (const auto& [name, item] : *members) {
                bytes += name.size();
                open.push_back(&item);
            }
        }
    }
    return false;
}

const json::Value* member(const dsl::Attributes& attributes, std::string_view path) noexcept {
    std::size_t dot = path.find('.');
    const json::Value* value = attributes.find(path.substr(0, dot));
    while (true) {
        if (!value || dot == std::string_view::npos) return value;
        const json::Object* const at = value->object();
        if (!at) return nullptr;
        path.remove_prefix(dot + 1);
        dot = path.find('.');
        value = at->find(path.substr(0, dot));
    }
}

const json::Value* custom_variable(const dsl::Object& object, std::string_view name) noexcept {
    const json::Value* const vars = object.attributes.find("vars");
    const json::Object* const members = vars ? vars->object() : nullptr;
    return members ? members->find(name) : nullptr;
}

bool has_field(const dsl::Object& object, std::string_view name) noexcept {
    return std::any_of(object.type->fields.begin(), object.type->fields.end(), [&](const dsl::Field& field) { return field.name == name; });
}

}  // namespace

// `path` behind "host." or "service.".
MacroScope::Found MacroScope::in_object(const dsl::Object& object, std::string_view path) const noexcept {
    Found found;
    if (path == "name") {
        found.text = object.short_name();
        found.is_text = true;
        return found;
    }
    found.value = member(object.attributes, path);
    const std::string_view first = path.substr(0, path.find('.'));
    found.is_custom = first == "vars" || std::find(kWithMacros.begin(), kWithMacros.end(), first) != kWithMacros.end();
    if (!found.value && path == "display_name") {
        found.text = object.short_name();
        found.is_text = true;
    }
    // What is no attribute at all is a state, a time or a mistake.
    if (!found.value && !found.is_text && first != "vars" && !has_field(object, first)) {
        if (states_) found.value = (&object == service_ ? states_->service : states_->host).find(path);
        found.later = !states_;
    }
    return found;
}

MacroScope::Found MacroScope::look_up(std::string_view name) const noexcept {
    Found later;
    later.later = !states_;
    if (const std::size_t dot = name.find('.'); dot != std::string_view::npos) {
        const std::string_view of = name.substr(0, dot);
        const dsl::Object* const object = of == "host" ? host_ : of == "service" ? service_ : nullptr;
        return object ? in_object(*object, name.substr(dot + 1)) : later;
    }
    for (const dsl::Object* object : {service_, host_}) {
        if (!object) continue;
        if (const json::Value* value = custom_variable(*object, name)) {
            Found found;
            found.value = value;
            found.is_custom = true;
            return found;
        }
        if (name == "name" || has_field(*object, name)) return in_object(*object, name);
        if (states_ && (object == service_ ? states_->service : states_->host).find(name)) return in_object(*object, name);
    }
    return later;
}

Result<StaticValue> MacroScope::value_of(std::string_view name) const {
    std::size_t lookups = 0;
    Found found = look_up(name);
    if (found.later) return kLater;
    return expand(found, 0, lookups);
}

Result<StaticValue> MacroScope::expand(const Found& found, unsigned level, std::size_t& lookups) const {
    if (found.is_text) return StaticValue{true, found.text};
    if (!found.value) return StaticValue{true, nullptr};
    if (!found.is_custom) return StaticValue{true, *found.value};
    if (const std::string* text = found.value->string()) return expand_text(*text, level, lookups);
    const json::Array* const elements = found.value->array();
    if (!elements) return StaticValue{true, *found.value};
    json::Array expanded;
    for (const json::Value& element : *elements) {
        const std::string* const text = element.string();
        if (!text) {
            expanded.push_back(element);
            continue;
        }
        Result<StaticValue> value = expand_text(*text, level, lookups);
        if (!value || !value->known) return value;
        expanded.push_back(std::move(value->value));
    }
    return StaticValue{true, std::move(expanded)};
}

Result<StaticValue> MacroScope::expand_text(const std::string& text, unsigned level, std::size_t& lookups) const {
    if (text.find('$') == std::string::npos) return StaticValue{true, text};
    const Result<std::vector<std::string>> names = catalog::macro_names(text);
    if (!names) return names.error();
    if (level >= kMacroLevels) return fail(Errc::too_large, "macros within macros beyond " + std::to_string(kMacroLevels) + " levels");
    json::Object scope;
    for (const std::string& name : *names) {
        if (++lookups > kMacroLookups) return fail(Errc::too_large, "more than " + std::to_string(kMacroLookups) + " macros in one value");
        if (scope.find(name)) continue;
        const Found found = look_up(name);
        if (found.later) return kLater;
        Result<StaticValue> value = expand(found, level + 1, lookups);
        if (!value || !value->known) return value;
        // Not set: the argument that wants it is left out, which is for the run to see.
        if (value->value.is_null()) return kLater;
        // Before it is joined or copied: a thousand macros may stand for all that an update may hold.
        if (is_too_large(value->value))
            return fail(Errc::too_large, "the macro '" + escaped(name) + "' stands for more than one value of a parameter can be");
        scope.set(name, std::move(value->value));
    }
    catalog::Resolved resolved = catalog::resolve(text, scope);
    if (resolved.misplaced) return fail(Errc::invalid, "an array cannot stand inside a longer text");
    // No rule takes a longer one, and each level could double it.
    const std::string* const joined = resolved.value.string();
    if (joined && joined->size() > limits::kParameterLength)
        return fail(Errc::too_large, "must not be longer than " + std::to_string(limits::kParameterLength) + " bytes");
    return StaticValue{true, std::move(resolved.value)};
}

}  // namespace endpointd::policy
