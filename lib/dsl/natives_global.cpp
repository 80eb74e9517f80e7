// The functions that stand by themselves: those of sets, ranges and conversions, and
// the table of all of them.

#include "dsl/natives.hpp"
#include "dsl/natives_impl.hpp"

namespace endpointd::dsl {

namespace {

Value len(Call& call) {
    const Value value = call.argument(0);
    if (const std::string* text = value.string()) return Value(static_cast<double>(text->size()));
    if (const Array* array = value.array()) return Value(static_cast<double>(array->items.size()));
    if (const Dictionary* dictionary = value.dictionary()) return Value(static_cast<double>(dictionary->items.size()));
    return Value(0.0);
}

std::vector<Value> sorted(Call& call, const Array& array) {
    call.heap.budget().take(array.items.size() * sizeof(Value));
    std::vector<Value> items = array.items;
    sort_values(call, items);
    return items;
}

Value union_of(Call& call) {
    std::vector<Value> items;
    for (std::size_t i = 0; i < call.arguments.size(); ++i) {
        const Array* const array = array_argument(call, i);
        if (!array) continue;
        call.heap.budget().take(array->items.size() * sizeof(Value));
        call.heap.budget().step(array->items.size());
        items.insert(items.end(), array->items.begin(), array->items.end());
    }
    sort_values(call, items);
    keep_unique(call, items);
    return call.heap.array(std::move(items));
}

// An element is there as often as in the array that has it least often. Of a single array it is nothing, as upstream.
Value intersection(Call& call) {
    if (call.arguments.empty()) return call.heap.array();
    const Array* const first = array_argument(call, 0);
    if (!first || call.arguments.size() == 1) return call.heap.array();
    std::vector<Value> common = sorted(call, *first);
    for (std::size_t i = 1; i < call.arguments.size(); ++i) {
        const Array* const array = array_argument(call, i);
        if (!array) return call.heap.array();
        const std::vector<Value> other = sorted(call, *array);
        std::vector<Value> both;
        for (std::size_t a = 0, b = 0; a < common.size() && b < other.size();) {
            call.heap.budget().step();
            if (less(call, common[a], other[b])) ++a;
            else if (less(call, other[b], common[a])) ++b;
            else both.push_back(common[a++]), ++b;
        }
        common = std::move(both);
    }
    return call.heap.array(std::move(common));
}

Value keys(Call& call) {
    const Value of = call.argument(0);
    if (of.boolean() || of.number() || of.string())
        call.interpreter.fail("keys() takes a dictionary, and not a value of type '" + std::string(type_name(of)) + "'");
    Array* const made = call.heap.array();
    const auto add = [&](const auto& items) {
        for (const auto& [key, value] : items) {
            call.heap.budget().step();
            call.heap.append(*made, call.heap.text(key));
        }
    };
    if (of.dictionary()) add(of.dictionary()->items);
    else if (of.name_space()) add(of.name_space()->items);
    return made;
}

Value range(Call& call) {
    const bool one = call.arguments.size() == 1;
    const double start = one ? 0 : number(call, call.argument(0)), end = number(call, call.argument(one ? 0 : 1));
    const double step = call.arguments.size() == 3 ? number(call, call.argument(2)) : 1;
    Array* const made = call.heap.array();
    if ((start < end && step <= 0) || (start > end && step >= 0)) return made;
    for (double at = start; step > 0 ? at < end : at > end; at += step) {
        call.heap.budget().step();
        call.heap.append(*made, Value(at));
    }
    return made;
}

Value type_of(Call& call) { return Value(call.interpreter.type_of(call.argument(0))); }

Value string(Call& call) {
    if (call.argument(0).text()) return call.argument(0);
    return call.heap.text(call.interpreter.to_text(call.argument(0)));
}

Value to_number(Call& call) { return Value(number(call, call.argument(0))); }
Value to_bool(Call& call) { return Value(truth(call.argument(0))); }

// What it would write is nobody's here; that it was called right is checked all the same.
Value log(Call& call) {
    if (call.arguments.size() != 1 && call.arguments.size() != 3) call.interpreter.fail("Invalid number of arguments for log()");
    return {};
}

Value assert_true(Call& call) {
    if (!truth(call.argument(0))) call.interpreter.fail("Assertion failed");
    return {};
}

constexpr Builtin kGlobal[] = {
    {"assert", 1, assert_true, 1},
    {"basename", 1, native_basename, 1},
    {"bool", 1, to_bool, 1},
    {"cidr_match", 2, native_cidr_match},
    {"dirname", 1, native_dirname, 1},
    {"escape_shell_arg", 1, native_escape_shell_arg, 1},
    {"escape_shell_cmd", 1, native_escape_shell_cmd, 1},
    {"exit", 1, nullptr},
    {"get_check_command", 1, nullptr},
    {"get_event_command", 1, nullptr},
    {"get_host", 1, native_get_host, 1},
    {"get_host_group", 1, native_get_host_group, 1},
    {"get_notification_command", 1, nullptr},
    {"get_object", 2, native_get_object, 2},
    {"get_objects", 1, native_get_objects, 1},
    {"get_service", 2, native_get_service, 2},
    {"get_service_group", 1, native_get_service_group, 1},
    {"get_services", 1, native_get_services, 1},
    {"get_template", 2, nullptr},
    {"get_templates", 1, nullptr},
    {"get_time", 0, nullptr},
    {"get_time_period", 1, native_get_time_period, 1},
    {"get_user", 1, native_get_user, 1},
    {"get_user_group", 1, native_get_user_group, 1},
    {"getenv", 1, nullptr},
    {"glob", 1, nullptr},
    {"glob_recursive", 2, nullptr},
    {"intersection", 0, intersection},
    {"keys", 1, keys, 1},
    {"len", 1, len, 1},
    {"log", 1, log},
    {"match", 2, native_match},
    {"msi_get_component_path", 1, nullptr},
    {"number", 1, to_number, 1},
    {"parse_performance_data", 1, nullptr},
    {"path_exists", 1, nullptr},
    {"ptr", 1, nullptr},
    {"random", 0, nullptr},
    {"range", 1, range, 3},
    {"regex", 2, native_regex},
    {"sleep", 1, nullptr},
    {"string", 1, string, 1},
    {"track_parents", 1, nullptr},
    {"typeof", 1, type_of, 1},
    {"union", 0, union_of},
};

}  // namespace

std::span<const Builtin> global_functions() noexcept { return kGlobal; }

}  // namespace endpointd::dsl
