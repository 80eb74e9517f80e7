#include "policy/plan.hpp"

#include <algorithm>
#include <tuple>

namespace endpointd::policy {

namespace {

std::tuple<int, std::string_view, std::string_view> sort_key(const dsl::Object& object) noexcept {
    return {object.type->order, object.type->name, object.name};
}

}  // namespace

bool PlannedObject::is_changed(std::string_view path) const noexcept {
    return changes && std::ranges::find(changes->paths, path) != changes->paths.end();
}

std::string PlannedObject::origin_text() const {
    switch (origin) {
        case Origin::local:
            return "local";
        case Origin::pushed:
            return "pushed:" + parent.str();
        case Origin::runtime:
            return "runtime:" + parent.str();
    }
    return {};
}

bool Rejection::same_as(const Rejection& other) const {
    return std::tie(reason, parent, method, object_type, object_name, file, line, detail, attribute) ==
           std::tie(other.reason, other.parent, other.method, other.object_type, other.object_name, other.file, other.line, other.detail,
                    other.attribute);
}

bool planned_before(const PlannedObject& left, const PlannedObject& right) noexcept {
    return sort_key(*left.object) < sort_key(*right.object);
}

const PlannedObject* Plan::find(std::string_view type, std::string_view name) const noexcept {
    const dsl::ConfigType* const known = dsl::config_type(type);
    if (!known) return nullptr;
    const std::tuple key{known->order, known->name, name};
    const auto found = std::lower_bound(objects.begin(), objects.end(), key,
                                        [](const PlannedObject& object, const auto& wanted) { return sort_key(*object.object) < wanted; });
    return found != objects.end() && sort_key(*found->object) == key ? &*found : nullptr;
}

json::Object object_json(const PlannedObject& planned) {
    const dsl::Object& object = *planned.object;
    json::Object attributes = dsl::with_defaults(*object.type, object.name, object.attributes);
    json::Array templates;
    for (const std::string& name : object.templates()) templates.emplace_back(name);
    attributes.set("__name", object.name);
    attributes.set("name", object.short_name());
    attributes.set("type", object.type->name);
    attributes.set("zone", object.zone.str());
    attributes.set("package", object.package.str());
    attributes.set("templates", std::move(templates));
    if (planned.version != 0) attributes.set("version", planned.version);
    return {{"type", object.type->name},
            {"name", object.name},
            {"zone", object.zone.empty() ? json::Value() : json::Value(object.zone.str())},
            {"origin", planned.origin_text()},
            {"attrs", std::move(attributes)}};
}

}  // namespace endpointd::policy
