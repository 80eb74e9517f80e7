// What an object needs, and what becomes of it when that is rejected.

#include <algorithm>

#include "base/units.hpp"
#include "dsl/object_attributes.hpp"
#include "policy/judge.hpp"

namespace endpointd::policy {

namespace {

bool is_group_list(const dsl::Field& field) noexcept { return field.name == "groups"; }

void add_host_and_service(std::vector<ObjectReference>& references, const dsl::Object& object, std::string_view host_attribute,
                          std::string_view service_attribute) {
    const std::string_view host = text_attribute(object, host_attribute);
    const std::string_view service = text_attribute(object, service_attribute);
    if (!host.empty()) references.push_back({"Host", std::string(host), host_attribute});
    if (!service.empty()) references.push_back({"Service", std::string(host) + "!" + std::string(service), service_attribute});
}

}  // namespace

std::vector<ObjectReference> references_of(const dsl::Object& object) {
    std::vector<ObjectReference> references;
    add_host_and_service(references, object, "host_name", "service_name");
    add_host_and_service(references, object, "child_host_name", "child_service_name");
    add_host_and_service(references, object, "parent_host_name", "parent_service_name");
    for (const dsl::Field& field : object.type->fields) {
        if (field.refers_to.empty() || field.refers_to == "Host" || field.refers_to == "Service") continue;
        const dsl::ConfigType* const type = dsl::config_type(field.refers_to);
        if (!type || type->role != dsl::TypeRole::object) continue;
        const json::Value* const value = object.attributes.find(field.name);
        if (!value) continue;
        if (const std::string* name = value->string(); name && !name->empty()) references.push_back({field.refers_to, *name, field.name});
        const json::Array* const names = value->array();
        if (!names) continue;
        const std::unordered_set<std::string_view> of_rules(object.assigned_groups.begin(), object.assigned_groups.end());
        for (const json::Value& name : *names) {
            if (!name.string() || (is_group_list(field) && of_rules.contains(*name.string()))) continue;
            references.push_back({field.refers_to, *name.string(), field.name});
        }
    }
    return references;
}

std::string Judge::key(std::string_view type, std::string_view name) {
    std::string text(type);
    text += '\0';
    return text += name;
}

const Judge::Known* Judge::find(std::string_view type, std::string_view name) const {
    const auto found = known_.find(key(type, name));
    return found == known_.end() ? nullptr : &found->second;
}

const dsl::Object* Judge::standing(std::string_view type, std::string_view name) const {
    const Known* const known = find(type, name);
    return known && known->state == State::standing ? plan_.objects[known->index].object.get() : nullptr;
}

const dsl::Object* Judge::host_of(const dsl::Object& object) const {
    return object.type->name == "Service" ? standing("Host", text_attribute(object, "host_name")) : nullptr;
}

// What the object needs and does not have.
std::optional<Objection> Judge::missing_of(const dsl::Object& object) {
    for (const ObjectReference& reference : references_of(object)) {
        const Known* const known = find(reference.type, reference.name);
        const auto needs = [&] {
            return std::string(reference.attribute) + " names " + std::string(reference.type) + " '" + escaped(reference.name) + "'";
        };
        if (!known) return Objection{Reason::attribute_not_allowed, needs() + ", which does not exist"};
        if (known->state == State::rejected)
            return Objection{known->reason, needs() + ", which is rejected (" + std::string(name_of(known->reason)) + ")"};
        if (known->state == State::coming) refers_ahead_ = true;
    }
    return std::nullopt;
}

void Judge::leave_rejected_groups(PlannedObject& planned) const {
    const dsl::Object& object = *planned.object;
    if (object.assigned_groups.empty()) return;
    const std::string_view type = object.type->name == "Host" ? "HostGroup" : object.type->name == "Service" ? "ServiceGroup" : "UserGroup";
    std::unordered_set<std::string> gone;
    for (const std::string& group : object.assigned_groups) {
        const Known* const known = find(type, group);
        if (!known || known->state == State::rejected) gone.insert(group);
    }
    if (gone.empty()) return;
    auto left = std::make_shared<dsl::Object>(object);
    std::erase_if(left->assigned_groups, [&](const std::string& group) { return gone.contains(group); });
    if (const json::Value* groups = object.attributes.find("groups"); groups && groups->array()) {
        json::Array names = *groups->array();
        std::erase_if(names, [&](const json::Value& group) { return group.string() && gone.contains(*group.string()); });
        left->attributes.set("groups", std::move(names));
    }
    planned.object = std::move(left);
}

// Only time periods and groups can refer to what is committed after them: then, and only then, a rejection
// has to be carried on once everything is judged.
void Judge::reject_late() {
    if (!refers_ahead_) return;
    std::vector<PlannedObject>& objects = plan_.objects;
    std::unordered_map<std::string, std::vector<std::size_t>> dependents;
    std::vector<std::size_t> open;
    const auto visit = [&](std::size_t index) {
        if (objects[index].origin == Origin::local) return;
        for (const ObjectReference& reference : references_of(*objects[index].object)) {
            const Known* const known = find(reference.type, reference.name);
            if (known && known->state == State::rejected) open.push_back(index);
            else dependents[key(reference.type, reference.name)].push_back(index);
        }
    };
    for (std::size_t i = 0; i < objects.size(); ++i) visit(i);
    std::vector<bool> gone(objects.size(), false);
    while (!open.empty()) {
        const std::size_t index = open.back();
        open.pop_back();
        if (gone[index]) continue;
        const PlannedObject& planned = objects[index];
        std::optional<Objection> objection = missing_of(*planned.object);
        if (!objection) continue;
        gone[index] = true;
        const std::string own_key = key(planned.object->type->name, planned.object->name);
        TextOrigin origin{planned.parent, planned.object->zone, nullptr};
        RuntimeObject announced;
        if (planned.origin == Origin::runtime) {
            announced.parent = planned.parent;
            announced.type = planned.object->type->name;
            announced.name = planned.object->name;
            announced.zone = planned.object->zone;
            announced.config = *planned.object->text;
            origin.announced = &announced;
        }
        reject_object(*planned.object, origin, *std::move(objection));
        const auto waiting = dependents.find(own_key);
        if (waiting != dependents.end()) open.insert(open.end(), waiting->second.begin(), waiting->second.end());
    }
    std::vector<PlannedObject> left;
    left.reserve(objects.size());
    for (std::size_t i = 0; i < objects.size(); ++i) {
        if (gone[i]) continue;
        if (objects[i].origin != Origin::local) leave_rejected_groups(objects[i]);
        known_[key(objects[i].object->type->name, objects[i].object->name)].index = left.size();
        left.push_back(std::move(objects[i]));
    }
    objects = std::move(left);
}

}  // namespace endpointd::policy
