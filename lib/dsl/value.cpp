#include "dsl/value.hpp"

#include <charconv>
#include <cmath>
#include <cstdio>

#include "dsl/budget.hpp"
#include "dsl/instance.hpp"

namespace endpointd::dsl {

namespace {

// Beyond this a 64 bit integer cannot hold a number.
constexpr double kLargestInteger = 9.2e18;

// What `==` sees as a number; none for the rest.
const double* as_number(const Value& value, double& space) noexcept {
    if (const double* number = value.number()) return number;
    if (const bool* boolean = value.boolean()) {
        space = *boolean ? 1 : 0;
        return &space;
    }
    return nullptr;
}

bool equal_at(const Value& left, const Value& right, unsigned depth, Budget& budget) {
    budget.step();
    double a = 0, b = 0;
    const double* const left_number = as_number(left, a);
    const double* const right_number = as_number(right, b);
    if (left_number && right_number) return *left_number == *right_number;
    if (left.is_empty() && right.is_empty()) return true;
    if (left.string() && right.string()) {
        budget.handled(left.string()->size());
        return *left.string() == *right.string();
    }
    if (left.date_time() && right.date_time()) return left.date_time()->at == right.date_time()->at;
    if (left.array() && right.array()) {
        if (left.array() == right.array()) return true;
        const auto &x = left.array()->items, &y = right.array()->items;
        if (x.size() != y.size() || depth == kCompareDepth) return false;
        for (std::size_t i = 0; i < x.size(); ++i)
            if (!equal_at(x[i], y[i], depth + 1, budget)) return false;
        return true;
    }
    if (left.data().index() != right.data().index()) return false;
    if (left.dictionary()) return left.dictionary() == right.dictionary();
    if (left.function()) return left.function() == right.function();
    if (left.instance()) return left.instance() == right.instance();
    if (left.name_space()) return left.name_space() == right.name_space();
    if (left.type()) return left.type() == right.type();
    if (left.reference()) return left.reference() == right.reference();
    return false;
}

}  // namespace

bool Value::is_empty() const noexcept { return is_null() || (string() && string()->empty()); }

const std::string* Value::string() const noexcept {
    const Text* const found = std::get_if<Text>(&data_);
    return found ? found->get() : nullptr;
}

const Value* Dictionary::find(std::string_view key) const noexcept {
    const auto found = items.find(key);
    return found == items.end() ? nullptr : &found->second;
}

std::string_view type_name(const Value& value) noexcept {
    if (value.is_null()) return "Empty";
    if (value.boolean()) return "Boolean";
    if (value.number()) return "Number";
    if (value.string()) return "String";
    if (value.date_time()) return "DateTime";
    if (value.array()) return "Array";
    if (value.dictionary()) return "Dictionary";
    if (value.function()) return "Function";
    if (value.instance()) return value.instance()->type->name;
    if (value.name_space()) return "Namespace";
    if (value.type()) return "Type";
    return "Reference";
}

bool truth(const Value& value) noexcept {
    if (value.is_null()) return false;
    if (const bool* boolean = value.boolean()) return *boolean;
    if (const double* number = value.number()) return *number != 0;
    if (const std::string* string = value.string()) return !string->empty();
    if (const Array* array = value.array()) return !array->items.empty();
    if (const Dictionary* dictionary = value.dictionary()) return !dictionary->items.empty();
    return true;
}

bool equal(const Value& left, const Value& right, Budget& budget) { return equal_at(left, right, 0, budget); }

std::optional<double> number_from(std::string_view text) noexcept {
    if (text.starts_with('+')) text.remove_prefix(1);
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size() || !std::isfinite(number)) return std::nullopt;
    return number;
}

std::string number_text(double number) {
    char text[400];
    if (std::nearbyint(number) == number && std::fabs(number) < kLargestInteger)
        std::snprintf(text, sizeof text, "%lld", static_cast<long long>(number));
    else std::snprintf(text, sizeof text, std::nearbyint(number) == number ? "%.0f" : "%f", number);
    return text;
}

}  // namespace endpointd::dsl
