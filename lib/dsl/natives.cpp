// Which function belongs to which value, types called like functions, and the
// methods that more than one type has.

#include "dsl/natives.hpp"

#include <algorithm>

#include "dsl/natives_impl.hpp"

namespace endpointd::dsl {

namespace {

Value deep_clone(Call& call, const Value& value, unsigned depth) {
    Heap& heap = call.heap;
    if (depth > heap.budget().limits().depth)
        call.interpreter.fail("clone(): the value is more than " + std::to_string(heap.budget().limits().depth) + " deep, or holds itself");
    heap.budget().step();
    if (const Array* array = value.array()) {
        Array* const made = heap.array();
        for (const Value& item : array->items) heap.append(*made, deep_clone(call, item, depth + 1));
        return made;
    }
    if (const Dictionary* dictionary = value.dictionary()) {
        Dictionary* const made = heap.dictionary();
        for (const auto& [key, item] : dictionary->items) {
            heap.budget().handled(key.size());
            heap.set(*made, key, deep_clone(call, item, depth + 1));
        }
        return made;
    }
    if (const Function* function = value.function()) return heap.function(*function);
    if (value.is_null() || value.boolean() || value.number() || value.string()) return value;
    call.interpreter.fail("Object cannot be cloned.");
}

Value clone(Call& call) { return deep_clone(call, call.self, 0); }

const Function& self_function(Call& call) {
    const Function* const found = call.self.function();
    if (!found) call.interpreter.fail("a value of type '" + std::string(type_name(call.self)) + "' cannot be called");
    return *found;
}

Value call_function(Call& call) {
    const auto rest = call.arguments.subspan(1);
    return call.interpreter.call(self_function(call), call.argument(0), std::vector<Value>(rest.begin(), rest.end()));
}

Value call_function_with(Call& call) {
    const Array* const arguments = array_argument(call, 1);
    if (!arguments) call.interpreter.fail("callv() takes an array of arguments");
    call.heap.budget().take(arguments->items.size() * sizeof(Value));
    call.heap.budget().step(arguments->items.size());
    return call.interpreter.call(self_function(call), call.argument(0), arguments->items);
}

const Reference& self_reference(Call& call) {
    const Reference* const found = call.self.reference();
    if (!found) call.interpreter.fail("a value of type '" + std::string(type_name(call.self)) + "' is not a reference");
    return *found;
}

Value reference_get(Call& call) {
    const Reference& reference = self_reference(call);
    return call.interpreter.field(reference.parent, call.heap.text(reference.field));
}

Value reference_set(Call& call) {
    const Reference& reference = self_reference(call);
    call.interpreter.set_field(reference.parent, call.heap.text(reference.field), call.argument(0));
    return {};
}

constexpr Builtin kFunction[] = {{"call", 1, call_function}, {"callv", 2, call_function_with, 2}};
constexpr Builtin kReference[] = {{"get", 0, reference_get}, {"set", 1, reference_set, 1}};
constexpr Builtin kObject[] = {{"clone", 0, clone}, {"notify_attribute", 1, nullptr}, {"to_string", 0, native_to_string}};
constexpr Builtin kType[] = {{"register_attribute_handler", 2, nullptr}};
constexpr Builtin kInstance[] = {{"modify_attribute", 2, nullptr}, {"process_check_result", 1, nullptr}, {"restore_attribute", 1, nullptr}};

const Builtin* in(std::span<const Builtin> rows, std::string_view name) noexcept {
    const auto found = std::find_if(rows.begin(), rows.end(), [&](const Builtin& row) { return row.name == name; });
    return found == rows.end() ? nullptr : &*found;
}

[[noreturn]] void refuse(Call& call, const TypeValue& type, std::string_view reason) {
    call.interpreter.fail(std::string(type.name) + "() " + std::string(reason), Why::function);
}

Value made_date_time(const TypeValue& type, Call& call) {
    switch (call.arguments.size()) {
        case 0:
            refuse(call, type, "is the host's clock, which configuration cannot read");
        case 1:
            return Value(DateTime{number(call, call.argument(0))});
        case 6:
            refuse(call, type, "of year, month and day needs the host's time zone, which configuration cannot read");
        default:
            call.interpreter.fail("Invalid number of arguments for the DateTime constructor.");
    }
}

}  // namespace

std::span<const Builtin> function_methods() noexcept { return kFunction; }
std::span<const Builtin> object_methods() noexcept { return kObject; }

const Builtin* method_of(const Value& value, std::string_view name) noexcept {
    if (value.is_null()) return nullptr;
    if (value.string()) return in(string_methods(), name);
    if (value.number()) return in(number_methods(), name);
    if (value.boolean()) return in(boolean_methods(), name);
    const std::span<const Builtin> own = value.array()        ? array_methods()
                                         : value.dictionary() ? dictionary_methods()
                                         : value.function()   ? function_methods()
                                         : value.name_space() ? namespace_methods()
                                         : value.date_time()  ? date_time_methods()
                                         : value.reference()  ? std::span<const Builtin>(kReference)
                                         : value.type()       ? std::span<const Builtin>(kType)
                                                              : std::span<const Builtin>(kInstance);
    const Builtin* const found = in(own, name);
    return found ? found : in(kObject, name);
}

Value construct(const TypeValue& type, Call& call) {
    const std::size_t count = call.arguments.size();
    const Value first = call.argument(0);
    const bool is_text = type.name == "String", is_number = type.name == "Number", is_boolean = type.name == "Boolean";
    if (is_text || is_number || is_boolean) {
        if (count > 1) call.interpreter.fail("Too many arguments for constructor.");
        if (is_text) return first.text() ? first : call.heap.text(call.interpreter.to_text(first));
        if (is_number) return Value(number(call, first));
        return count == 0 ? Value(0.0) : Value(truth(first));  // upstream's Boolean() is 0
    }
    // What is of the type already stays what it is; everything but plain values is an Object.
    const bool is_plain = first.boolean() || first.number() || first.string();
    if (count == 1 && (call.interpreter.type_of(first) == &type || (type.name == "Object" && !is_plain))) return first;
    if (type.name == "DateTime") return made_date_time(type, call);
    if (type.config) refuse(call, type, "makes no object here: objects are made by `object` and `apply`");
    if (type.name == "Array" || type.name == "Dictionary") {
        if (count > 0) call.interpreter.fail("Constructor does not take any arguments.");
        return type.name == "Array" ? Value(call.heap.array()) : Value(call.heap.dictionary());
    }
    if (type.name == "Namespace" || type.name == "Object") refuse(call, type, "cannot be made here");
    call.interpreter.fail("Type does not have a factory function.");
}

}  // namespace endpointd::dsl
