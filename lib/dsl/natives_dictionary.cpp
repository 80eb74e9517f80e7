// Methods of dictionaries and namespaces. A namespace is read here and never written:
// the names in it are the whole evaluation's.

#include "dsl/natives.hpp"
#include "dsl/natives_impl.hpp"

namespace endpointd::dsl {

namespace {

Dictionary& writable(Call& call) {
    Dictionary& dictionary = self_dictionary(call);
    if (dictionary.frozen) call.interpreter.fail("Dictionary must not be modified.");
    return dictionary;
}

template <class Items>
Value keys_of(Call& call, const Items& items) {
    Array* const made = call.heap.array();
    for (const auto& [key, value] : items) {
        call.heap.budget().step();
        call.heap.append(*made, call.heap.text(key));
    }
    return made;
}

Value len(Call& call) { return Value(static_cast<double>(self_dictionary(call).items.size())); }

Value set(Call& call) {
    Dictionary& dictionary = self_dictionary(call);
    if (dictionary.frozen) call.interpreter.fail("Value in dictionary must not be modified.");
    const TextOf key(call, call.argument(0));
    call.heap.set(dictionary, std::string(key.view()), call.argument(1));
    return {};
}

Value get(Call& call) {
    const Value* const found = self_dictionary(call).find(TextOf(call, call.argument(0)).view());
    return found ? *found : Value();
}

Value contains(Call& call) { return Value(self_dictionary(call).find(TextOf(call, call.argument(0)).view()) != nullptr); }

Value remove(Call& call) {
    Dictionary& dictionary = writable(call);
    const TextOf key(call, call.argument(0));
    const auto found = dictionary.items.find(key.view());
    if (found != dictionary.items.end()) dictionary.items.erase(found);
    return {};
}

Value clear(Call& call) {
    Dictionary& dictionary = writable(call);
    call.heap.budget().step(dictionary.items.size());
    dictionary.items.clear();
    return {};
}

Value keys(Call& call) { return keys_of(call, self_dictionary(call).items); }

Value values(Call& call) {
    Array* const made = call.heap.array();
    for (const auto& [key, value] : self_dictionary(call).items) {
        call.heap.budget().step();
        call.heap.append(*made, value);
    }
    return made;
}

Value shallow_clone(Call& call) {
    Dictionary* const made = call.heap.dictionary();
    for (const auto& [key, value] : self_dictionary(call).items) {
        call.heap.budget().handled(key.size());
        call.heap.set(*made, key, value);
    }
    return made;
}

Value freeze(Call& call) {
    self_dictionary(call).frozen = true;
    return {};
}

Value namespace_contains(Call& call) {
    const TextOf key(call, call.argument(0));
    const auto& items = self_namespace(call).items;
    return Value(items.find(key.view()) != items.end());
}

Value namespace_get(Call& call) {
    const TextOf key(call, call.argument(0));
    const auto& items = self_namespace(call).items;
    const auto found = items.find(key.view());
    if (found != items.end()) return found->second.value;
    // The interpreter knows why a name that was refused is not there, and says so.
    return call.interpreter.field(call.self, call.heap.text(std::string(key.view())));
}

Value namespace_keys(Call& call) { return keys_of(call, self_namespace(call).items); }

Value namespace_values(Call& call) {
    Array* const made = call.heap.array();
    for (const auto& [key, entry] : self_namespace(call).items) {
        call.heap.budget().step();
        call.heap.append(*made, entry.value);
    }
    return made;
}

constexpr Builtin kDictionary[] = {
    {"clear", 0, clear},
    {"contains", 1, contains, 1},
    {"freeze", 0, freeze},
    {"get", 1, get, 1},
    {"keys", 0, keys},
    {"len", 0, len},
    {"remove", 1, remove, 1},
    {"set", 2, set, 2},
    {"shallow_clone", 0, shallow_clone},
    {"values", 0, values},
};
constexpr Builtin kNamespace[] = {
    {"contains", 1, namespace_contains, 1},
    {"get", 1, namespace_get, 1},
    {"keys", 0, namespace_keys},
    {"remove", 1, nullptr, 1},
    {"set", 2, nullptr, 2},
    {"values", 0, namespace_values},
};

}  // namespace

std::span<const Builtin> dictionary_methods() noexcept { return kDictionary; }
std::span<const Builtin> namespace_methods() noexcept { return kNamespace; }

}  // namespace endpointd::dsl
