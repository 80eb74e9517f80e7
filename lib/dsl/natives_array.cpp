// Methods of arrays. A callback may change the array it is called for: what goes
// through it looks at its size each time, and never beyond what there was at first.

#include <algorithm>

#include "dsl/natives.hpp"
#include "dsl/natives_impl.hpp"

namespace endpointd::dsl {

namespace {

// An array that may be changed, or an error.
Array& writable(Call& call) {
    Array& array = self_array(call);
    if (array.frozen) call.interpreter.fail("Array must not be modified.");
    return array;
}

std::size_t index(Call& call, const Array& array) {
    const int at = whole(call, call.argument(0));
    if (at < 0 || static_cast<std::size_t>(at) >= array.items.size())
        call.interpreter.fail("Array index '" + number_text(number(call, call.argument(0))) + "' is out of bounds: there are " +
                              std::to_string(array.items.size()) + " elements");
    return static_cast<std::size_t>(at);
}

// Calls `each` with the elements until it says false.
template <class Each>
void go_through(Call& call, const Array& array, Each each) {
    const std::size_t count = array.items.size();
    for (std::size_t i = 0; i < count && i < array.items.size(); ++i) {
        call.heap.budget().step();
        const Value item = array.items[i];
        if (!each(item)) return;
    }
}

std::vector<Value> copy(Call& call, const Array& array) {
    call.heap.budget().take(array.items.size() * sizeof(Value));
    call.heap.budget().step(array.items.size());
    return array.items;
}

Value len(Call& call) { return Value(static_cast<double>(self_array(call).items.size())); }

Value set(Call& call) {
    Array& array = self_array(call);
    const std::size_t at = index(call, array);
    if (array.frozen) call.interpreter.fail("Value in array must not be modified.");
    array.items[at] = call.argument(1);
    return {};
}

Value get(Call& call) {
    const Array& array = self_array(call);
    return array.items[index(call, array)];
}

Value add(Call& call) {
    call.heap.append(writable(call), call.argument(0));
    return {};
}

Value remove(Call& call) {
    Array& array = writable(call);
    const std::size_t at = index(call, array);
    call.heap.budget().step(1 + (array.items.size() - at) / 16);  // those behind it move
    array.items.erase(array.items.begin() + static_cast<std::ptrdiff_t>(at));
    return {};
}

Value contains(Call& call) {
    const Value wanted = call.argument(0);
    bool found = false;
    go_through(call, self_array(call), [&](const Value& item) {
        found = equal(item, wanted, call.heap.budget());
        return !found;
    });
    return Value(found);
}

Value clear(Call& call) {
    Array& array = writable(call);
    call.heap.budget().step(array.items.size());
    array.items.clear();
    return {};
}

Value sort(Call& call) {
    std::vector<Value> items = copy(call, self_array(call));
    if (call.arguments.empty()) {
        sort_values(call, items);
    } else {
        const Function& order = function_argument(call, 0);
        merge_sort(call, items, [&](const Value& left, const Value& right) {
            return answered(call, call.interpreter.call(order, {}, {left, right}));
        });
    }
    return call.heap.array(std::move(items));
}

Value shallow_clone(Call& call) { return call.heap.array(copy(call, self_array(call))); }

Value reverse(Call& call) {
    std::vector<Value> items = copy(call, self_array(call));
    std::reverse(items.begin(), items.end());
    return call.heap.array(std::move(items));
}

Value freeze(Call& call) {
    self_array(call).frozen = true;
    return {};
}

bool is_texty(const Value& value) noexcept { return value.is_null() || value.number() || value.string(); }

// What `+` would make of them, one by one, without a text for each step.
Value join(Call& call) {
    const Array& array = self_array(call);
    const Value separator = call.argument(0);
    const auto& items = array.items;
    const bool plain = items.size() > 1 && separator.string() && !separator.is_empty() && std::all_of(items.begin(), items.end(), is_texty);
    call.heap.budget().step(items.size());
    if (!plain) {
        Value joined;
        for (std::size_t i = 0; i < items.size(); ++i) {
            if (i > 0) joined = call.interpreter.binary("+", joined, separator);
            joined = call.interpreter.binary("+", joined, items[i]);
        }
        return joined;
    }
    std::string joined;
    const auto append = [&](std::string_view text) {
        call.heap.budget().take(text.size());
        call.heap.budget().handled(text.size());
        joined += text;
    };
    for (std::size_t i = 0; i < items.size(); ++i) {
        if (i > 0) append(*separator.string());
        if (const std::string* text = items[i].string()) append(*text);
        else if (const double* value = items[i].number()) append(number_text(*value));
    }
    return call.heap.text(std::move(joined));
}

Value map(Call& call) {
    const Array& array = self_array(call);
    const Function& function = function_argument(call, 0);
    Array* const made = call.heap.array();
    go_through(call, array, [&](const Value& item) {
        call.heap.append(*made, call.interpreter.call(function, {}, {item}));
        return true;
    });
    return made;
}

Value reduce(Call& call) {
    const Array& array = self_array(call);
    const Function& function = function_argument(call, 0);
    Value result;
    bool first = true;
    go_through(call, array, [&](const Value& item) {
        result = first ? item : call.interpreter.call(function, {}, {result, item});
        first = false;
        return true;
    });
    return result;
}

Value filter(Call& call) {
    const Array& array = self_array(call);
    const Function& function = function_argument(call, 0);
    Array* const made = call.heap.array();
    go_through(call, array, [&](const Value& item) {
        if (answered(call, call.interpreter.call(function, {}, {item}))) call.heap.append(*made, item);
        return true;
    });
    return made;
}

// Whether there is an element for which the function answers `wanted`.
bool one_answers(Call& call, bool wanted) {
    const Array& array = self_array(call);
    const Function& function = function_argument(call, 0);
    bool found = false;
    go_through(call, array, [&](const Value& item) {
        found = answered(call, call.interpreter.call(function, {}, {item})) == wanted;
        return !found;
    });
    return found;
}

Value any(Call& call) { return Value(one_answers(call, true)); }
Value all(Call& call) { return Value(!one_answers(call, false)); }

Value unique(Call& call) {
    std::vector<Value> items = copy(call, self_array(call));
    sort_values(call, items);
    keep_unique(call, items);
    return call.heap.array(std::move(items));
}

constexpr Builtin kArray[] = {
    {"add", 1, add, 1},
    {"all", 1, all, 1},
    {"any", 1, any, 1},
    {"clear", 0, clear},
    {"contains", 1, contains, 1},
    {"filter", 1, filter, 1},
    {"freeze", 0, freeze},
    {"get", 1, get, 1},
    {"join", 1, join, 1},
    {"len", 0, len},
    {"map", 1, map, 1},
    {"reduce", 1, reduce, 1},
    {"remove", 1, remove, 1},
    {"reverse", 0, reverse},
    {"set", 2, set, 2},
    {"shallow_clone", 0, shallow_clone},
    {"sort", 0, sort},
    {"unique", 0, unique},
};

}  // namespace

std::span<const Builtin> array_methods() noexcept { return kArray; }

}  // namespace endpointd::dsl
