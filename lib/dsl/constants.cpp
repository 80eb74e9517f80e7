#include "dsl/constants.hpp"

#include "base/assert.hpp"
#include "base/units.hpp"

namespace endpointd::dsl {

namespace {

std::size_t size_of(const ZonesValue& value) {
    if (const std::string* text = value.string()) return text->size() + 1;
    std::size_t size = 1;
    if (const auto* items = value.array())
        for (const ZonesValue& item : *items) size += size_of(item);
    return size;
}

std::optional<std::string> text_of(const ZonesValue& value) {
    if (value.is_null()) return std::string();
    if (value.number()) return number_text(*value.number());
    if (value.string()) return *value.string();
    return std::nullopt;
}

// Protocol, 10.2: numbers add up, a string takes strings and numbers, null is
// nothing. None where upstream has an error, or where only its evaluator goes.
std::optional<ZonesValue> sum(const ZonesValue& left, const ZonesValue& right) {
    if (left.is_null()) return right;
    if (right.is_null() && !left.array()) return left;
    if (left.number() && right.number()) return std::optional<ZonesValue>(std::in_place, *left.number() + *right.number());
    const std::optional<std::string> a = text_of(left), b = text_of(right);
    if (!a || !b) return std::nullopt;
    return std::optional<ZonesValue>(std::in_place, *a + *b);
}

}  // namespace

std::string_view type_name(const ZonesValue& value) noexcept {
    constexpr std::string_view kNames[] = {"null", "a boolean", "a number", "a string", "an array"};
    return kNames[value.data.index()];
}

bool Constants::add(std::string name, ZonesValue value) {
    const std::size_t size = size_of(value);
    if (size_ + size > kConstantsSize) return false;
    size_ += size;
    EP_ASSERT(values_.emplace(std::move(name), std::move(value)).second);
    return true;
}

const ZonesValue* Constants::find(std::string_view name) const noexcept {
    const auto found = values_.find(name);
    return found == values_.end() ? nullptr : &found->second;
}

std::optional<ZonesValue> Constants::evaluate(const ZonesExpression& expression, const Source& source, Findings& findings) const {
    const auto refuse = [&](std::string_view message, std::string_view hint = {}) {
        findings.errors.push_back(source.finding(expression.at, message, hint));
        return std::nullopt;
    };
    using Kind = ZonesExpression::Kind;
    switch (expression.kind) {
        // Made in place: GCC 12 takes the move of a fresh variant for a use of its other members.
        case Kind::null:
            return std::optional<ZonesValue>(std::in_place);
        case Kind::boolean:
            return std::optional<ZonesValue>(std::in_place, expression.boolean);
        case Kind::number:
            return std::optional<ZonesValue>(std::in_place, expression.number);
        case Kind::string:
            return std::optional<ZonesValue>(std::in_place, expression.text);
        case Kind::identifier: {
            const ZonesValue* value = find(expression.text);
            if (!value)
                return refuse("'" + escaped(expression.text, 64) + "' is not known here",
                              "known are NodeName, ZoneName and constants of these files");
            return *value;
        }
        case Kind::array:
        case Kind::sum:
            break;
    }
    ZonesValue result;
    std::size_t size = 0;
    if (expression.kind == Kind::array) result.data = std::vector<ZonesValue>();
    for (const ZonesExpression& item : expression.items) {  // kExpressionDepth deep at most
        std::optional<ZonesValue> value = evaluate(item, source, findings);
        if (!value) return std::nullopt;
        size += size_of(*value);
        if (size > kValueSize) return refuse("value too large");
        if (expression.kind == Kind::array) {
            std::get<std::vector<ZonesValue>>(result.data).push_back(std::move(*value));
        } else {
            std::optional<ZonesValue> added = sum(result, *value);
            if (!added)
                return refuse("'+' joins strings and numbers, not " + std::string(type_name(result)) + " and " +
                              std::string(type_name(*value)));
            result = std::move(*added);
        }
    }
    return result;
}

}  // namespace endpointd::dsl
