// Attributes changed at run time: each is judged alone, on the object as it would be.

#include <algorithm>
#include <array>

#include "base/units.hpp"
#include "policy/judge.hpp"
#include "policy/method_capability.hpp"

namespace endpointd::policy {

namespace {

// Dictionaries within each other that a path may name; upstream 2.16 has the same limit.
constexpr std::size_t kPathLevels = 16;

// Who an object is and what it hangs on: to change that would make it another object.
constexpr std::array<std::string_view, 7> kFixed = {"host_name",        "service_name",        "child_host_name", "child_service_name",
                                                    "parent_host_name", "parent_service_name", "version"};

std::string_view first_of(std::string_view path) noexcept { return path.substr(0, path.find('.')); }

const dsl::Field* field_at(const dsl::Object& object, std::string_view path) noexcept {
    const auto index = dsl::field_of(*object.type, first_of(path));
    return index ? &object.type->fields[*index] : nullptr;
}

bool is_empty(const json::Value& value) noexcept { return value.is_null() || (value.string() && value.string()->empty()); }

// Sets what a path leads to; false: something on the way is no dictionary.
bool set_below(json::Object& attributes, std::string_view path, const json::Value& value) {
    json::Object* at = &attributes;
    while (true) {
        const std::size_t dot = path.find('.');
        const std::string name(path.substr(0, dot));
        if (dot == std::string_view::npos) {
            at->set(name, value);
            return true;
        }
        json::Value* next = at->find(name);
        if (!next || next->is_null()) {
            at->set(name, json::Object());
            next = at->find(name);
        }
        at = next->object();
        if (!at) return false;
        path.remove_prefix(dot + 1);
    }
}

// As what is evaluated: with what stands around it in a message, a value stays within the depth of JSON that peers take.
bool is_too_deep(const json::Value& value, unsigned depth) {
    if (depth > dsl::kAttributeDepth) return true;
    const auto deeper = [&](const json::Value& inner) { return is_too_deep(inner, depth + 1); };
    if (const json::Array* array = value.array()) return std::any_of(array->begin(), array->end(), deeper);
    if (const json::Object* object = value.object())
        return std::any_of(object->begin(), object->end(), [&](const json::Object::Member& member) { return deeper(member.second); });
    return false;
}

// One attribute into `object`; an error says what it wants.
std::optional<Objection> set_attribute(dsl::Object& object, std::string_view path, const json::Value& value) {
    const auto refused = [&](const std::string& why) {
        return Objection{Reason::attribute_not_allowed, "attribute '" + escaped(path) + "' " + why};
    };
    const auto too_deep = [&] {
        return Objection{Reason::limit_exceeded,
                         "attribute '" + escaped(path) + "': values within each other: more than " + std::to_string(dsl::kAttributeDepth)};
    };
    const dsl::Field* const field = field_at(object, path);
    if (!field) return refused("does not exist");
    if (path.find('.') != std::string_view::npos) {
        const bool deep = static_cast<std::size_t>(std::count(path.begin(), path.end(), '.')) >= kPathLevels;
        if (field->kind != dsl::FieldKind::dictionary || deep || path.ends_with('.') || path.find("..") != std::string_view::npos)
            return refused("is no path into a dictionary");
        const std::size_t dot = path.find('.');
        const std::string_view name = path.substr(0, dot);
        const json::Value* const set = object.attributes.find(name);
        json::Value changed = set && !set->is_null() ? *set : json::Value(json::Object());
        if (!changed.object() || !set_below(*changed.object(), path.substr(dot + 1), value))
            return refused("leads through something that is no dictionary");
        if (is_too_deep(changed, 0)) return too_deep();
        object.attributes.set(name, std::move(changed));
        return std::nullopt;
    }
    Result<json::Value> converted = dsl::converted(*field, value);
    if (!converted) return refused(": " + converted.error().text);
    if (field->required && is_empty(*converted)) return refused("must not be empty");
    if (is_too_deep(*converted, 0)) return too_deep();
    object.attributes.set(path, std::move(*converted));
    return std::nullopt;
}

}  // namespace

Verdict Judge::verdict_on(const Modification& change, const dsl::Object& object, Capability capability) {
    const Subject subject = subject_of(object);
    Request request;
    request.capability = capability;
    if (subject.host) request.host = *subject.host;
    if (subject.service) request.service = *subject.service;
    return rights_.grants().decide(change.parent, rights_.of(change.parent).zone, request);
}

// By who asks, before the value counts.
std::optional<Objection> Judge::objection_to_change(const Modification& change, const dsl::Object& object, std::string_view path) {
    const dsl::Field* const field = field_at(object, path);
    const bool fixed = std::find(kFixed.begin(), kFixed.end(), first_of(path)) != kFixed.end();
    if (!field || field->kind == dsl::FieldKind::own || fixed) {
        return Objection{Reason::attribute_not_allowed, "attribute '" + escaped(path) + "' of a " + std::string(object.type->name) +
                                                            (field ? " cannot be changed" : " does not exist")};
    }
    const std::optional<Capability> capability = capability_of_attribute(object.type->name, path);
    if (!capability) return Objection{Reason::capability_denied, "nobody may change a " + std::string(object.type->name) + " at run time"};
    const Verdict verdict = verdict_on(change, object, *capability);
    if (!verdict.allowed) return Objection{verdict.reason, verdict.detail};
    return std::nullopt;
}

// By what the object would be.
std::optional<Objection> Judge::objection_to_result(const Modification& change, const dsl::Object& object, std::string_view path) {
    const std::optional<Capability> capability = capability_of_attribute(object.type->name, path);
    if (capability == Capability::pause) return std::nullopt;
    if (capability == Capability::config) {
        if (std::optional<Objection> objection = rights_.change(change.parent, object, path)) return objection;
    }
    if (std::string wrong = dsl::validate(*object.type, object.attributes); !wrong.empty())
        return Objection{Reason::attribute_not_allowed, std::move(wrong)};
    if (capability != Capability::config) return longer_than_granted(verdict_on(change, object, *capability), object);
    const dsl::Field* const field = field_at(object, path);
    if (field && !field->refers_to.empty()) {
        if (std::optional<Objection> objection = missing_of(object)) return objection;
    }
    return commands_.judge(object, host_of(object));
}

// One attribute, unless there is an objection: then the object is as it was.
std::optional<Objection> Judge::try_change(const Modification& change, dsl::Object& object, const std::string& path,
                                           const json::Value& value) {
    if (std::optional<Objection> objection = objection_to_change(change, object, path)) return objection;
    dsl::Attributes before = object.attributes;
    std::optional<Objection> objection = set_attribute(object, path, value);
    if (!objection) objection = objection_to_result(change, object, path);
    if (objection) object.attributes = std::move(before);
    return objection;
}

void Judge::modify(PlannedObject& planned) {
    const auto found = changes_.find(key(planned.object->type->name, planned.object->name));
    if (found == changes_.end()) return;
    const Modification& change = *found->second;
    if (change.attributes.size() > kModifiedAttributes) {
        return reject_change(
            change, planned, nullptr,
            {Reason::limit_exceeded, "more than " + std::to_string(kModifiedAttributes) + " attributes are changed at run time"});
    }
    // Others share the one that was evaluated.
    const auto changed = std::make_shared<dsl::Object>(*planned.object);
    AppliedChanges applied;
    std::vector<const std::string*> refused;
    for (const auto& [path, value] : change.attributes) {
        if (try_change(change, *changed, path, value)) refused.push_back(&path);
        else applied.paths.push_back(path);
    }
    // What did not fit may do so beside the others: a command with its parameters, both ends of a downtime.
    for (const std::string* path : refused) {
        std::optional<Objection> objection = try_change(change, *changed, *path, *change.attributes.find(*path));
        if (objection) reject_change(change, planned, path, *std::move(objection));
        else applied.paths.push_back(*path);
    }
    if (applied.paths.empty()) return;
    planned.object = changed;
    applied.by = shared_parent(change.parent);
    applied.paused_since = change.paused_since;
    planned.changes = std::make_shared<const AppliedChanges>(std::move(applied));
    planned.version = std::max(planned.version, change.version);
}

void Judge::reject_change(const Modification& change, const PlannedObject& planned, const std::string* path, Objection objection) {
    Rejection rejection;
    rejection.reason = objection.reason;
    rejection.parent = change.parent;
    rejection.method = "config::UpdateObject";
    rejection.object_type = change.type;
    rejection.object_name = change.name;
    rejection.zone = planned.object->zone;
    rejection.detail = std::move(objection.detail);
    if (path) {
        rejection.attribute = *path;
        const json::Value* const value = change.attributes.find(*path);
        rejection.content = (*path + " = " + json::to_text(*value)).substr(0, dsl::kKeptText);
    }
    reject(std::move(rejection));
}

}  // namespace endpointd::policy
