// Frames, names, fields and calls.

#include "dsl/interpreter.hpp"

#include <bit>
#include <charconv>
#include <cmath>
#include <utility>

#include "dsl/interpreter_level.hpp"
#include "dsl/natives.hpp"
#include "dsl/zones.hpp"

namespace endpointd::dsl {

namespace {

// Types that are no configuration objects; typeof() and `in` name them.
constexpr std::string_view kPlainTypes[] = {"Object", "String",   "Number",    "Boolean",  "Array", "Dictionary",
                                            "Empty",  "Function", "Namespace", "DateTime", "Type",  "Reference"};

}  // namespace

Interpreter::Interpreter(Heap& heap, Definitions& definitions, Authority authority)
    : heap_(heap), definitions_(definitions), authority_(authority) {
    globals_ = heap_.name_space("globals");
    types_ = heap_.name_space("Types");
    const auto add_type = [&](std::string_view name, const ConfigType* config) {
        TypeValue* const made = &type_store_.emplace_back(TypeValue{name, config});
        type_values_.emplace(std::string(name), made);
        types_->items.emplace(std::string(name), Namespace::Entry{Value(static_cast<const TypeValue*>(made)), true});
    };
    for (const std::string_view name : kPlainTypes) add_type(name, nullptr);
    for (const ConfigType& type : config_types()) add_type(type.name, &type);
    const auto add_functions = [&](Namespace& into, std::span<const Builtin> rows) {
        for (const Builtin& row : rows) into.items.emplace(std::string(row.name), Namespace::Entry{Value(native(row)), true});
    };
    add_functions(*globals_, global_functions());
    Namespace* const math = heap_.name_space("Math");
    add_functions(*math, math_functions());
    for (const auto& [constant, number] :
         {std::pair{"E", 2.718281828459045}, std::pair{"LN2", 0.6931471805599453}, std::pair{"LN10", 2.302585092994046},
          std::pair{"LOG2E", 1.4426950408889634}, std::pair{"PI", 3.141592653589793}, std::pair{"SQRT1_2", 0.7071067811865476},
          std::pair{"SQRT2", 1.4142135623730951}, std::pair{"LOG10E", 0.4342944819032518}})
        math->items.emplace(constant, Namespace::Entry{Value(number), true});
    Namespace* const json = heap_.name_space("Json");
    add_functions(*json, json_functions());
    globals_->items.emplace("Math", Namespace::Entry{Value(math), true});
    globals_->items.emplace("Json", Namespace::Entry{Value(json), true});
    globals_->items.emplace("Types", Namespace::Entry{Value(types_), true});
}

Function* Interpreter::native(const Builtin& row) {
    Function*& made = natives_[&row];
    if (!made) {
        Function function;
        function.name = row.name;
        function.builtin = &row;
        made = heap_.function(std::move(function));
    }
    return made;
}

void Interpreter::fail(std::string message, Why why) const { throw ScriptError{why, std::move(message), file_, at_, std::nullopt}; }

void Interpreter::provide(std::string name, Value value) {
    globals_->items.insert_or_assign(std::move(name), Namespace::Entry{std::move(value), true});
}

void Interpreter::poison(const Node& statement, Why cause) {
    // What the statement would have written may now hold what upstream would not give it:
    // variables, constants, what an assignment begins at, and what a method was called on.
    // A walk without recursion; bodies of definitions did not run.
    std::vector<const Node*> left = {&statement};
    const auto add = [&](const std::string& name) {
        // What was there before the text is as it was: the text cannot write it.
        if (!name.empty() && !provided(name)) poisoned_.try_emplace(name, cause);
    };
    const auto add_root = [&](const Node& target) {
        const Node& root = target.kind == NodeKind::chain ? target.children.front() : target;
        if (root.kind == NodeKind::name) add(root.text);
        else if (root.kind == NodeKind::scope && target.kind == NodeKind::chain) add(target.children.at(1).text);
    };
    while (!left.empty()) {
        const Node& node = *left.back();
        left.pop_back();
        if (node.kind == NodeKind::definition || node.kind == NodeKind::apply) continue;
        if (node.kind == NodeKind::constant || node.kind == NodeKind::variable || node.kind == NodeKind::function) add(node.text);
        if (node.kind == NodeKind::loop)
            for (const std::string& variable : node.words) add(variable);
        if (node.kind == NodeKind::assignment) add_root(node.children.front());
        if (node.kind == NodeKind::chain && node.children.size() > 2) add_root(node);
        if (node.kind == NodeKind::call)
            for (const Node& argument : node.children) add_root(argument);
        for (const Node& child : node.children) left.push_back(&child);
    }
}

bool Interpreter::provided(std::string_view name) const {
    if (types_->items.contains(name)) return true;
    const auto found = globals_->items.find(name);
    return found != globals_->items.end() && found->second.constant && !written_.contains(name);
}

Frame Interpreter::frame(Value self, const Dictionary* closed, std::uint32_t file) {
    Frame made;
    made.self = std::move(self);
    made.locals = heap_.dictionary();
    made.file = file;
    if (closed)
        for (const auto& [key, value] : closed->items) heap_.set(*made.locals, key, value);
    return made;
}

Dictionary* Interpreter::close_over(const Node& node, std::size_t first, Frame& frame) {
    if (node.children.size() <= first) return nullptr;
    Dictionary* const closed = heap_.dictionary();
    for (std::size_t i = first; i < node.children.size(); ++i) {
        const Node& use = node.children[i];
        const Node& value = use.children.front();
        heap_.set(*closed, use.text, value.kind == NodeKind::none ? name(use.text, frame).value : evaluate(value, frame));
    }
    return closed;
}

// Locals, fields of `this`, types, globals (protocol, 10.3).
Interpreter::Found Interpreter::name(const std::string& name, Frame& frame) {
    heap_.budget().step(name.size() / kBytesOfStep);
    // In a body the object's own attributes and what an apply rule sets are as they should be.
    const bool in_body = frame.self.instance() != nullptr;
    const Value* const local = frame.locals->find(name);
    const bool own = has_field(frame.self, name);
    if (!poisoned_.empty() && !(in_body && (local || own))) {
        if (const auto bad = poisoned_.find(name); bad != poisoned_.end())
            throw ScriptError{Why::depends, "'" + name + "' depends on a statement that was refused", file_, at_, bad->second};
    }
    if (local) return {*local, Value(frame.locals)};
    if (own) return {field_named(frame.self, name), frame.self};
    if (const auto found = types_->items.find(name); found != types_->items.end()) return {found->second.value, Value()};
    if (const auto found = globals_->items.find(name); found != globals_->items.end()) return {found->second.value, Value(globals_)};
    fail("'" + name + "' is not defined");
}

bool Interpreter::has_field(const Value& of, const std::string& name) const {
    if (const Dictionary* dictionary = of.dictionary()) return dictionary->items.contains(name);
    if (const Namespace* space = of.name_space()) return space->items.contains(name);
    if (const Instance* object = of.instance()) return field_of(*object->type, name) || (name == "host" && object->type->name == "Service");
    return false;
}

const TypeValue* Interpreter::type_named(std::string_view name) const {
    const auto found = type_values_.find(name);
    return found == type_values_.end() ? nullptr : found->second;
}

const TypeValue* Interpreter::type_of(const Value& value) const { return type_named(value.is_null() ? "Object" : type_name(value)); }

Value Interpreter::field_named(const Value& of, const std::string& name) {
    if (of.is_null()) return {};
    if (Array* array = of.array()) {
        long long index = 0;
        const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), index);
        if (!name.empty() && error == std::errc{} && end == name.data() + name.size()) {
            if (index < 0 || static_cast<std::size_t>(index) >= array->items.size()) fail("array index '" + name + "' is out of bounds");
            return array->items[static_cast<std::size_t>(index)];
        }
    } else if (const Dictionary* dictionary = of.dictionary()) {
        // Keys that differ at their ends only are gone through for each level of the tree.
        heap_.budget().step(name.size() / kBytesOfStep * std::bit_width(dictionary->items.size()));
        if (const Value* found = dictionary->find(name)) return *found;
        const Builtin* method = method_of(of, name);
        return method ? Value(native(*method)) : Value();
    } else if (const Namespace* space = of.name_space()) {
        const auto found = space->items.find(name);
        if (found != space->items.end()) return found->second.value;
    } else if (Instance* object = of.instance()) {
        return field_of_object(*object, name);
    } else if (const TypeValue* type = of.type(); type && name == "name") {
        return heap_.text(std::string(type->name));
    }
    if (const Builtin* method = method_of(of, name)) return Value(native(*method));
    fail("a value of type '" + std::string(type_name(of)) + "' has no field '" + name + "'");
}

Value Interpreter::field_of_object(Instance& object, const std::string& name) {
    const ConfigType& type = *object.type;
    const auto index = field_of(type, name);
    if (!index) {
        // Upstream navigates from a service to its host once the service is complete.
        if (name == "host" && type.name == "Service") {
            if (!object.done) return {};
            const Value host_name = field_of_object(object, "host_name");
            return host_name.string() ? Value(definitions_.find(*config_type("Host"), *host_name.string())) : Value();
        }
        if (const Builtin* method = method_of(Value(&object), name)) return Value(native(*method));
        fail("'" + std::string(type.name) + "' has no attribute '" + name + "' that configuration can read", Why::attribute);
    }
    const Field& field = type.fields[*index];
    if (field.kind == FieldKind::own) {
        if (name == "name") return heap_.text(object.short_name);
        if (name == "__name") return heap_.text(object.name);
        if (name == "type") return heap_.text(std::string(type.name));
        if (name == "zone") return heap_.text(object.zone);
        if (name == "package") return heap_.text(object.package);
        if (name == "templates") {
            std::vector<Value> names;
            for (const std::string& one : object.templates) names.push_back(heap_.text(one));
            return Value(heap_.array(std::move(names)));
        }
    }
    if (const Value* set = object.find(*index); set && !(name == "display_name" && set->is_empty())) return *set;
    if (name == "display_name") return heap_.text(object.short_name);
    Value made = default_of(field);
    // What is a container is the object's own from the first look on.
    if (made.array()) heap_.set(object, *index, made);
    return made;
}

Value Interpreter::default_of(const Field& field) {
    if (field.fallback.empty()) return field.kind == FieldKind::text || field.kind == FieldKind::reference ? heap_.text("") : Value();
    if (field.fallback == "true" || field.fallback == "false") return Value(field.fallback == "true");
    if (field.fallback == "[]") return Value(heap_.array());
    if (field.fallback == "{}") return Value(heap_.dictionary());
    if (field.fallback.front() == '"') return heap_.text(std::string(field.fallback.substr(1, field.fallback.size() - 2)));
    double number = 0;
    std::from_chars(field.fallback.data(), field.fallback.data() + field.fallback.size(), number);
    return Value(number);
}

Value Interpreter::field(const Value& of, const Value& name) {
    if (of.is_null()) return {};
    if (const std::string* text = name.string()) return field_named(of, *text);
    return field_named(of, to_text(name));
}

void Interpreter::set_field(const Value& of, const Value& name_value, Value value) {
    const std::string name = to_text(name_value);
    heap_.budget().step(name.size() / kBytesOfStep);
    if (Dictionary* dictionary = of.dictionary()) {
        if (dictionary->frozen) fail("the dictionary must not be modified");
        return heap_.set(*dictionary, name, std::move(value));
    }
    if (Array* array = of.array()) {
        if (array->frozen) fail("the array must not be modified");
        const double index = to_number(name_value);
        if (!(index >= 0) || index >= 1e15) fail("array index '" + name + "' is out of bounds");
        const auto at = static_cast<std::size_t>(index);
        if (at >= array->items.size()) {
            heap_.budget().take((at + 1 - array->items.size()) * sizeof(Value));
            array->items.resize(at + 1);
        }
        array->items[at] = std::move(value);
        return;
    }
    if (Instance* object = of.instance()) return set_attribute(*object, name, std::move(value));
    if (Namespace* space = of.name_space()) return set_global(*space, name, std::move(value), false);
    fail("nothing can be assigned in a value of type '" + std::string(type_name(of)) + "'");
}

void Interpreter::set_attribute(Instance& object, const std::string& name, Value value) {
    const ConfigType& type = *object.type;
    if (object.done) fail("'" + object.name + "' is complete and cannot be changed", Why::statement);
    const auto index = field_of(type, name);
    if (!index) fail("'" + std::string(type.name) + "' has no attribute '" + name + "' that configuration can set", Why::attribute);
    const Field& field = type.fields[*index];
    if (field.kind == FieldKind::own) {
        if (name != "zone") fail("the attribute '" + name + "' cannot be set", Why::attribute);
        std::string zone = value.is_null() ? std::string() : to_text(value);
        if (zone.size() > kNameLength)
            fail("attribute 'zone': a zone's name has at most " + std::to_string(kNameLength) + " bytes", Why::attribute);
        object.zone = std::move(zone);
        return;
    }
    auto made = converted(field, value, heap_);
    if (!made) fail("attribute '" + name + "': " + made.error().text, Why::attribute);
    heap_.set(object, *index, std::move(*made));
    heap_.wrote(object, {*index, file_, at_.line, at_.column});
}

// A global, for whoever may write one. `constant`: by `const` or a named function, which pushed text may use.
// The host's own constants.conf: NodeName and ZoneName agree with what they are anyway,
// the others (PluginDir, ...) replace what is offered where there is no such file.
bool Interpreter::replaces_offered(const std::string& name, const Value& value) {
    const auto found = globals_->items.find(name);
    if (found == globals_->items.end() || !provided(name)) return false;
    const Value& offered = found->second.value;
    if (!offered.string() && !offered.number() && !offered.boolean()) return false;
    if (equal(offered, value, heap_.budget())) return true;
    if (name == "NodeName" || name == "ZoneName")
        fail("'" + name + "' is \"" + to_text(offered) + "\" here (" +
             (name == "NodeName" ? "node.name of endpointd.json)" : "node.zone of endpointd.json, or the node's name)"));
    found->second.value = value;
    written_.insert(name);
    return true;
}

void Interpreter::set_global(Namespace& space, const std::string& name, Value value, bool constant) {
    if (&space == globals_ && authority_ == Authority::local && constant && replaces_offered(name, value)) return;
    if (&space == globals_ && provided(name)) fail("'" + name + "' belongs to the host and cannot be assigned", Why::statement);
    const auto found = space.items.find(name);
    if (found != space.items.end() && found->second.constant) fail("the constant '" + name + "' cannot be assigned again");
    if (&space != globals_ || (authority_ == Authority::pushed && !constant))
        fail("globals are not written by pushed configuration: '" + name + "'", Why::statement);
    heap_.budget().take(name.size() + sizeof(Namespace::Entry));
    space.items.insert_or_assign(name, Namespace::Entry{std::move(value), constant});
    written_.insert(name);
}

Value Interpreter::call(const Function& function, const Value& self, std::vector<Value> arguments) {
    const Level level(*this);
    heap_.budget().step(1 + arguments.size());
    if (const Builtin* row = function.builtin) {
        if (!row->run) fail("the function '" + std::string(row->name) + "' is not available to configuration here", Why::function);
        if (arguments.size() < row->least) fail("too few arguments for '" + std::string(row->name) + "'");
        if (arguments.size() > row->most) fail("too many arguments for '" + std::string(row->name) + "'");
        Call made{*this, heap_, self, arguments};
        return row->run(made);
    }
    const Node& node = *function.node;
    if (arguments.size() < node.words.size()) fail("too few arguments for a function of " + std::to_string(node.words.size()));
    Frame inner = frame(self.is_null() ? Value(globals_) : self, function.closed, function.file);
    for (std::size_t i = 0; i < node.words.size(); ++i) heap_.set(*inner.locals, node.words[i], std::move(arguments[i]));
    const Node& body = node.children.front();
    if (body.kind != NodeKind::block) return evaluate(body, inner);
    return run(body, inner).value;
}

}  // namespace endpointd::dsl
