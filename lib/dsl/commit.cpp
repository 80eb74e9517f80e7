// From definitions to objects, type by type: bodies run, attributes are checked,
// references looked up (protocol, 10.4).

#include <algorithm>
#include <cmath>
#include <utility>

#include "dsl/evaluator.hpp"
#include "dsl/written.hpp"

namespace endpointd::dsl {

namespace {

// Bytes of a full name. It goes into messages, records and file names of others: three parts of 255, which is what a
// name of a file may have, and some room.
constexpr std::size_t kFullName = 1024;

}  // namespace

void Evaluator::commit() {
    for (const ConfigType& type : config_types()) {
        if (type.role == TypeRole::command || type.role == TypeRole::foreign) continue;
        apply_rules(type);
        commit_type(type);
        // Memberships are complete before anything is applied to the members.
        if (type.name == "Host") assign_groups(type, *config_type("HostGroup"), "host");
        if (type.name == "Service") assign_groups(type, *config_type("ServiceGroup"), "service");
        if (type.name == "User") assign_groups(type, *config_type("UserGroup"), "user");
    }
    making_ = nullptr;
    result_.objects.reserve(static_cast<std::size_t>(std::ranges::count_if(items_, &Item::finished)));
    for (const ConfigType& type : config_types()) {
        const auto items = by_type_.find(&type);
        if (items == by_type_.end()) continue;
        for (Item* item : items->second) {
            if (item->finished) {
                result_.objects.push_back(given_out(*item));
                lasting_.add(item->made->name, item->attributes);
            }
            // A body may define an object of a type that was committed before it.
            else if (!item->made && !item->displaced)
                refuse_at(Why::evaluation, item->statement->at, "defined too late: objects of this type are complete", item->type,
                          item->name, item->statement, item->file);
        }
    }
}

void Evaluator::commit_type(const ConfigType& type) {
    const auto found = by_type_.find(&type);
    if (found == by_type_.end()) return;
    // Bodies may define more of the same type.
    for (std::size_t i = 0; i < found->second.size(); ++i)
        if (!found->second[i]->displaced) make(*found->second[i]);
    check_references(type);
}

void Evaluator::make(Item& item) {
    making_ = &item;
    running_ = item.file;
    item.made = heap_.instance(*item.type);
    Instance& object = *item.made;
    object.short_name = object.name = item.name;
    object.zone = item.zone;
    object.package = item.package;
    Frame frame = interpreter_.frame(Value(&object), item.closed, item.file);
    try {
        item.made->templates.push_back(item.name);
        const Flow flow = run_default_templates(item, frame);
        for (auto& [attribute, value] : item.presets) interpreter_.set_field(frame.self, heap_.text(attribute), value);
        if (flow == Flow::next) interpreter_.run(*item.body, frame);
        item.finished = finish(item);
    } catch (const ScriptError& error) {
        if (!item.ignore_on_error || error.why == Why::limit) refuse_item(item, error);
    }
}

// The body of a template or object, in the frame of the object that is made.
Flow Evaluator::run_item(Item& item, const Item& body_of, Frame& frame) {
    item.made->templates.push_back(body_of.name);
    budget_.take(body_of.name.size() + sizeof(std::string));
    const std::uint32_t file = std::exchange(frame.file, body_of.file);
    if (body_of.closed)
        for (const auto& [key, value] : body_of.closed->items) heap_.set(*frame.locals, key, value);
    Flow flow = body_of.abstract ? Flow::next : run_default_templates(item, frame);
    if (flow == Flow::next) flow = interpreter_.run(*body_of.body, frame).flow;
    frame.file = file;
    return flow;
}

// `return` in a template ends the body that imports it as well, as upstream.
Flow Evaluator::run_default_templates(Item& item, Frame& frame) {
    // The one default template of the library for a type that is made here: a function and no attributes.
    if (item.type->name == "TimePeriod") item.made->templates.emplace_back("legacy-timeperiod");
    const auto defaults = defaults_.find(item.type);
    if (defaults == defaults_.end()) return Flow::next;
    for (const auto& [name, body] : defaults->second) {
        const Flow flow = run_item(item, *body, frame);
        if (flow != Flow::next) return flow;
    }
    return Flow::next;
}

// The object's name and attributes are what they are: are they what upstream takes?
bool Evaluator::finish(Item& item) {
    Instance& object = *item.made;
    const ConfigType& type = *item.type;
    const auto error = [&](std::string message, Why why = Why::attribute) {
        refuse_item(item, ScriptError{why, std::move(message), item.file, item.statement->at, std::nullopt});
        return false;
    };
    if (type.composed) {
        if (std::string why = validate_name(object.short_name); !why.empty()) return error(std::move(why));
        object.name = full_name(object, object.short_name);
        if (object.name.empty()) return error("the attributes that make its full name (host_name, ...) are not set");
    }
    if (object.name.size() > kFullName) return error("its full name has more than " + std::to_string(kFullName) + " bytes", Why::limit);
    if (there_.contains({&type, object.name})) return error("the host itself has an object of this name; that one stays", Why::redefined);
    const auto [taken, added] = made_.try_emplace({&type, object.name}, &item);
    if (!added && gives_way(*taken->second, object.name, item.file)) {
        Item& first = *std::exchange(taken->second, &item);
        first.finished = false;
        refuse_displaced(first, object.name);
    } else if (!added) {
        const Item& first = *taken->second;
        return error("'" + object.name + "' is defined already at " + files_[first.file].file->source.path + ":" +
                         std::to_string(first.statement->at.line) + "; that one stays",
                     Why::redefined);
    }
    item.attributes.reserve(object.fields.size());
    for (const auto& [index, value] : object.fields) {
        if (type.fields[index].kind == FieldKind::own) continue;
        item.attributes.set(type.fields[index], values_.share(attribute_value(item, index, value)));
    }
    if (std::string why = validate(type, item.attributes); !why.empty()) {
        // It begins with the attribute it is about, which has a line of its own.
        const auto named = [&](const Field& field) { return why.starts_with("attribute '" + std::string(field.name) + "'"); };
        const auto field = std::ranges::find_if(type.fields, named);
        const auto* const written =
            field == type.fields.end() ? nullptr : object.written_at(static_cast<std::uint16_t>(field - type.fields.begin()));
        if (!written) return error(std::move(why));
        const Position at{written->line, written->column};
        refuse_item(item, ScriptError{Why::attribute, std::move(why), written->file, at, std::nullopt});
        return false;
    }
    const bool checkable = type.name == "Host" || type.name == "Service";
    if (checkable && std::ranges::find(surroundings_.global_zones, object.zone) != surroundings_.global_zones.end())
        return error("hosts and services cannot be in the global zone '" + object.zone + "'");
    return true;
}

// Looked up once all of the type are made, since they may name each other. What names
// one that falls falls with it.
void Evaluator::check_references(const ConfigType& type) {
    auto& items = by_type_[&type];
    bool changed = true;
    while (changed) {
        changed = false;
        for (Item* item : items) {
            if (!item->finished) continue;
            budget_.step();
            if (const auto error = broken_reference(*item)) {
                item->finished = false;
                changed = true;
                if (!item->ignore_on_error) refuse_item(*item, *error);
            }
        }
    }
    for (Item* item : items)
        if (item->finished) item->made->done = true;
}

std::optional<ScriptError> Evaluator::missing(const ConfigType& type, const std::string& name, std::string_view attribute) const {
    const auto found = made_.find({&type, name});
    if ((found != made_.end() && found->second->finished) || there_.contains({&type, name})) return std::nullopt;
    const std::string what = std::string(type.name) + " '" + name + "'";
    ScriptError error;
    if (const auto refused = refused_names_.find({&type, name}); refused != refused_names_.end()) {
        error.why = Why::depends;
        error.cause = refused->second;
        error.message = "attribute '" + std::string(attribute) + "': depends on " + what + ", which was refused";
    } else {
        error.why = Why::attribute;
        error.message = "attribute '" + std::string(attribute) + "': there is no " + what;
    }
    return error;
}

std::optional<ScriptError> Evaluator::broken_reference(const Item& item) const {
    for (const Field& field : item.type->fields) {
        const auto at_item = [&](std::optional<ScriptError> error) {
            const auto* const written = item.made->written_at(static_cast<std::uint16_t>(&field - item.type->fields.data()));
            error->file = written ? written->file : item.file;
            error->at = written ? Position{written->line, written->column} : item.statement->at;
            return error;
        };
        if (field.kind != FieldKind::reference && field.kind != FieldKind::references) continue;
        const ConfigType* const type = config_type(field.refers_to);
        if (!type || type->role != TypeRole::object) continue;
        const json::Value* const value = item.attributes.find(field.name);
        if (!value) continue;
        if (const std::string* name = value->string(); name && !name->empty()) {
            std::string full = *name;
            // A service is named beside its host.
            if (type->name == "Service") {
                const bool parent = field.name.starts_with("parent_"), child = field.name.starts_with("child_");
                const json::Value* const host = item.attributes.find(parent ? "parent_host_name" : child ? "child_host_name" : "host_name");
                full = (host && host->string() ? *host->string() : std::string()) + "!" + full;
            }
            if (auto error = missing(*type, full, field.name)) return at_item(std::move(error));
        }
        if (const json::Array* names = value->array()) {
            for (const json::Value& one : *names) {
                if (!one.string())
                    return at_item(
                        ScriptError{Why::attribute, "attribute '" + std::string(field.name) + "': names are texts", 0, {}, std::nullopt});
                if (auto error = missing(*type, *one.string(), field.name)) return at_item(std::move(error));
            }
        }
    }
    return std::nullopt;
}

void Evaluator::refuse_item(const Item& item, const ScriptError& error) {
    const std::string& name = item.made && !item.made->name.empty() ? item.made->name : item.name;
    refuse(error, item.type, name, item.statement, item.file);
    const auto taken = made_.find({item.type, name});
    if (taken != made_.end() && taken->second == &item) made_.erase(taken);
}

// An error names the line where the attribute, or the member of it, is written.
json::Value Evaluator::attribute_value(const Item& item, std::uint16_t index, const Value& value) {
    member_ = nullptr;
    try {
        return to_json(value, 0);
    } catch (ScriptError& error) {
        const std::string attribute(item.type->fields[index].name);
        if (const auto place = written_in(*item.body, member_ ? attribute + "." + *member_ : attribute)) {
            error.at = *place;
        } else if (const auto* const written = item.made->written_at(index)) {
            error.file = written->file;
            error.at = {written->line, written->column};
        }
        throw;
    }
}

json::Value Evaluator::to_json(const Value& value, unsigned depth) {
    if (depth > kAttributeDepth) throw no_value(Why::limit, "values within each other: more than " + std::to_string(kAttributeDepth));
    budget_.take(sizeof(json::Value));
    budget_.step();
    if (value.is_null()) return nullptr;
    if (const bool* boolean = value.boolean()) return *boolean;
    if (const double* number = value.number()) {
        if (!std::isfinite(*number)) throw no_value(Why::attribute, "an attribute cannot be infinite");
        return *number;
    }
    if (const std::string* text = value.string()) {
        budget_.take(text->size());
        return *text;
    }
    if (const Array* array = value.array()) {
        json::Array made;
        made.reserve(array->items.size());
        for (const Value& item : array->items) made.push_back(to_json(item, depth + 1));
        return made;
    }
    if (const Dictionary* dictionary = value.dictionary()) {
        std::vector<json::Object::Member> members;
        members.reserve(dictionary->items.size());
        for (const auto& [key, item] : dictionary->items) {
            budget_.take(key.size() + sizeof(std::string));
            if (depth == 0) member_ = &key;
            members.emplace_back(key, to_json(item, depth + 1));
        }
        return json::Object::from_members(std::move(members)).value_or(json::Object());
    }
    const bool function = value.function() != nullptr;
    throw no_value(function ? Why::function : Why::attribute,
                   function ? "a function is no value of an attribute here"
                            : "a value of type '" + std::string(type_name(value)) + "' is no value of an attribute");
}

ScriptError Evaluator::no_value(Why why, std::string message) const {
    return {why, std::move(message), making_->file, making_->statement->at, std::nullopt};
}

SharedString Evaluator::shared(const std::string& text) {
    const auto known = strings_.find(text);
    return known != strings_.end() ? known->second : strings_.emplace(text, text).first->second;
}

SharedNames Evaluator::shared(std::vector<std::string> names) {
    if (names.empty()) return nullptr;
    SharedNames& kept = names_[names];
    if (!kept) kept = std::make_shared<const std::vector<std::string>>(std::move(names));
    return kept;
}

// All but what is in lasting().
Object Evaluator::given_out(const Item& item) {
    Object made;
    made.type = item.type;
    made.zone = shared(item.made->zone);
    made.package = shared(item.made->package);
    std::vector<std::string> templates = item.made->templates;
    const std::string_view name = item.made->name;
    if (templates.front() != short_part(*item.type, name)) made.called = shared(templates.front());
    templates.erase(templates.begin());
    made.imported = shared(std::move(templates));
    made.assigned_groups = item.assigned_groups;
    made.place = place(item.file, item.statement->at);
    made.text = text_of(item.statement, item.file);
    return made;
}

}  // namespace endpointd::dsl
