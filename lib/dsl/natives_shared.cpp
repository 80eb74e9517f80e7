// Conversions and the sort that the functions of ours share.

#include <cmath>

#include "dsl/natives_impl.hpp"

namespace endpointd::dsl {

namespace {

constexpr std::size_t kExcerptOfPattern = 200;  // bytes of a pattern that an error quotes

[[noreturn]] void wrong_self(Call& call, std::string_view wanted) {
    call.interpreter.fail("the function belongs to a value of type '" + std::string(wanted) + "', and was called for one of type '" +
                          std::string(type_name(call.self)) + "'");
}

[[noreturn]] void wrong_argument(Call& call, const Value& value, std::string_view wanted) {
    call.interpreter.fail("an argument of type '" + std::string(type_name(value)) + "' stands where a value of type '" +
                          std::string(wanted) + "' is wanted");
}

}  // namespace

TextOf::TextOf(Call& call, const Value& value) {
    if (const std::string* text = value.string()) {
        view_ = *text;
    } else {
        made_ = call.interpreter.to_text(value);
        view_ = made_;
    }
    call.heap.budget().handled(view_.size());
}

double number(Call& call, const Value& value) { return call.interpreter.to_number(value); }

int whole(Call& call, const Value& value) {
    const double exact = std::trunc(number(call, value));
    return exact > static_cast<double>(INT_MIN) && exact <= static_cast<double>(INT_MAX) ? static_cast<int>(exact) : INT_MIN;
}

bool answered(Call& call, const Value& value) { return number(call, value) != 0; }

bool less(Call& call, const Value& left, const Value& right) { return truth(call.interpreter.binary("<", left, right)); }

Array& self_array(Call& call) {
    Array* const found = call.self.array();
    if (!found) wrong_self(call, "Array");
    return *found;
}

Dictionary& self_dictionary(Call& call) {
    Dictionary* const found = call.self.dictionary();
    if (!found) wrong_self(call, "Dictionary");
    return *found;
}

Namespace& self_namespace(Call& call) {
    Namespace* const found = call.self.name_space();
    if (!found) wrong_self(call, "Namespace");
    return *found;
}

const Function& function_argument(Call& call, std::size_t index) {
    const Value value = call.argument(index);
    if (!value.function()) wrong_argument(call, value, "Function");
    return *value.function();
}

Array* array_argument(Call& call, std::size_t index) {
    const Value value = call.argument(index);
    if (!value.is_null() && !value.array()) wrong_argument(call, value, "Array");
    return value.array();
}

std::string excerpt(std::string_view text) {
    return text.size() <= kExcerptOfPattern ? std::string(text) : std::string(text.substr(0, kExcerptOfPattern)) + "...";
}

void sort_values(Call& call, std::vector<Value>& items) {
    merge_sort(call, items, [&](const Value& left, const Value& right) { return less(call, left, right); });
}

void keep_unique(Call& call, std::vector<Value>& sorted) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < sorted.size(); ++i) {
        if (kept > 0 && !less(call, sorted[kept - 1], sorted[i])) continue;
        if (kept != i) sorted[kept] = std::move(sorted[i]);
        ++kept;
    }
    sorted.resize(kept);
}

}  // namespace endpointd::dsl
