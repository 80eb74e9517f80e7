#pragma once
// What the functions of ours share: arguments as upstream converts them, the object
// left of the dot, and a sort that stays in bounds with any order. For natives*.cpp.

#include <climits>
#include <string>
#include <string_view>
#include <vector>

#include "dsl/function.hpp"
#include "dsl/heap.hpp"
#include "dsl/interpreter.hpp"
#include "dsl/value.hpp"

namespace endpointd::dsl {

// Text of a value without a copy where it is one; valid as long as the value and this.
class TextOf {
public:
    TextOf(Call& call, const Value& value);
    TextOf(const TextOf&) = delete;
    TextOf& operator=(const TextOf&) = delete;

    std::string_view view() const noexcept { return view_; }

private:
    std::string made_;
    std::string_view view_;
};

// A whole number as upstream cuts it; what does not fit is INT_MIN, which no caller takes for an index.
int whole(Call& call, const Value& value);
double number(Call& call, const Value& value);
// What a callback answered: a number or a text of one, 0 and null are false.
bool answered(Call& call, const Value& value);
// `left < right`.
bool less(Call& call, const Value& left, const Value& right);

// Left of the dot, or an error.
Array& self_array(Call& call);
Dictionary& self_dictionary(Call& call);
Namespace& self_namespace(Call& call);
// The argument, or an error.
const Function& function_argument(Call& call, std::size_t index);
// Null for null.
Array* array_argument(Call& call, std::size_t index);

// "abc...", for patterns in errors.
std::string excerpt(std::string_view text);

// A merge sort: any `before` keeps it in bounds, and it may throw. Stable.
template <class Before>
void merge_sort(Call& call, std::vector<Value>& items, Before before) {
    call.heap.budget().take(items.size() * sizeof(Value));
    std::vector<Value> other(items.size());
    for (std::size_t width = 1; width < items.size(); width *= 2) {
        for (std::size_t from = 0; from < items.size(); from += 2 * width) {
            const std::size_t middle = std::min(from + width, items.size()), end = std::min(from + 2 * width, items.size());
            std::size_t left = from, right = middle;
            for (std::size_t out = from; out < end; ++out) {
                call.heap.budget().step();
                const bool take_right = left == middle || (right < end && before(items[right], items[left]));
                other[out] = items[take_right ? right++ : left++];
            }
        }
        items.swap(other);
    }
}

// Sorted by `<`, and one of those that are neither before nor behind each other.
void sort_values(Call& call, std::vector<Value>& items);
void keep_unique(Call& call, std::vector<Value>& sorted);

// Rows of global_functions() that stand in files of their own.
Value native_match(Call& call);
Value native_regex(Call& call);
Value native_cidr_match(Call& call);
Value native_basename(Call& call);
Value native_dirname(Call& call);
Value native_escape_shell_arg(Call& call);
Value native_escape_shell_cmd(Call& call);
Value native_get_object(Call& call);
Value native_get_objects(Call& call);
Value native_get_host(Call& call);
Value native_get_service(Call& call);
Value native_get_services(Call& call);
Value native_get_host_group(Call& call);
Value native_get_service_group(Call& call);
Value native_get_user(Call& call);
Value native_get_user_group(Call& call);
Value native_get_time_period(Call& call);
Value native_to_string(Call& call);

}  // namespace endpointd::dsl
