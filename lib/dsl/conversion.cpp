// What an attribute makes of the value that is assigned to it: one set of rules for
// the language's values and for JSON.

#include <charconv>
#include <cmath>
#include <limits>

#include "dsl/config_type.hpp"
#include "dsl/heap.hpp"

namespace endpointd::dsl {

namespace {

Error wants(const Field& field, std::string_view what, std::string_view got) {
    return fail(Errc::invalid, "attribute '" + std::string(field.name) + "' wants " + std::string(what) + ", not " + std::string(got));
}

// As upstream reads a number in a text: all of it, no spaces, empty is 0.
std::optional<double> read_number(std::string_view text) {
    if (text.empty()) return 0;
    if (text.front() == '+' && text.size() > 1 && text[1] != '-') text.remove_prefix(1);
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(number)) return std::nullopt;
    return number;
}

// `value` as a number, if it is or reads as one.
template <class V>
Result<double> number_of(const Field& field, const V& value, std::string_view type) {
    if (value.is_null()) return 0.0;
    if (const bool* const boolean = value.boolean()) return *boolean ? 1.0 : 0.0;
    if (const double* const number = value.number()) {
        if (std::isfinite(*number)) return *number;
        return wants(field, "a number", "one beyond all bounds");
    }
    if (const std::string* const text = value.string()) {
        if (const auto number = read_number(*text)) return *number;
        return wants(field, "a number", "the text '" + *text + "'");
    }
    return wants(field, "a number", type);
}

// Upstream keeps such numbers as a C int.
Result<double> integer_of(const Field& field, double number) {
    const double whole = std::trunc(number);
    if (std::fabs(whole) > std::numeric_limits<std::int32_t>::max()) return wants(field, "a whole number", number_text(number));
    return whole == 0 ? 0.0 : whole;
}

// What a field of a kind without parts makes of `value`. `text` makes a value of a text.
template <class V, class MakeText>
Result<V> converted_scalar(const Field& field, const V& value, std::string_view type, MakeText make_text) {
    switch (field.kind) {
        case FieldKind::number:
        case FieldKind::integer:
        case FieldKind::boolean: {
            const auto number = number_of(field, value, type);
            if (!number) return number.error();
            if (field.kind == FieldKind::boolean) return V(*number != 0);
            if (field.kind == FieldKind::number) return V(*number);
            const auto whole = integer_of(field, *number);
            if (!whole) return whole.error();
            return V(*whole);
        }
        default:
            break;
    }
    if (value.is_null()) return make_text("");
    if (value.string()) return value;
    if (const bool* const boolean = value.boolean()) return make_text(*boolean ? "true" : "false");
    if (const double* const number = value.number()) {
        if (std::isfinite(*number)) return make_text(number_text(*number));
        return wants(field, "a text", "a number beyond all bounds");
    }
    return wants(field, "a text", type);
}

}  // namespace

Result<Value> converted(const Field& field, const Value& value, Heap& heap) {
    switch (field.kind) {
        case FieldKind::own:
            return value;
        case FieldKind::any:
            if (value.function() || value.instance() || value.name_space() || value.type() || value.reference() || value.date_time())
                return wants(field, "a text, number, array or dictionary", type_name(value));
            return value;
        case FieldKind::array:
        case FieldKind::references:
            if (value.is_null() || value.array()) return value;
            return wants(field, "an array", type_name(value));
        case FieldKind::dictionary:
            if (value.is_null() || value.dictionary()) return value;
            return wants(field, "a dictionary", type_name(value));
        default:
            break;
    }
    return converted_scalar(field, value, type_name(value), [&heap](std::string text) { return heap.text(std::move(text)); });
}

Result<json::Value> converted(const Field& field, const json::Value& value) {
    switch (field.kind) {
        case FieldKind::own:
        case FieldKind::any:
            return value;
        case FieldKind::array:
        case FieldKind::references:
            if (value.is_null() || value.array()) return value;
            return wants(field, "an array", value.type_name());
        case FieldKind::dictionary:
            if (value.is_null() || value.object()) return value;
            return wants(field, "a dictionary", value.type_name());
        default:
            break;
    }
    return converted_scalar(field, value, value.type_name(), [](std::string text) { return json::Value(std::move(text)); });
}

}  // namespace endpointd::dsl
