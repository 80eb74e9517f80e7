#include "catalog/argument_policy.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "base/units.hpp"
#include "catalog/macro.hpp"

namespace endpointd::catalog {

namespace {

// The largest integer up to which a double holds every integer.
constexpr double kIntegerMost = 9007199254740992.0;

// Values of an enumeration that a refusal names; the rest is in the catalog.
constexpr std::size_t kValuesNamed = 16;

bool has_control_character(std::string_view text) noexcept {
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if (byte < 0x20 || byte == 0x7f) return true;
        // U+0080 to U+009F: terminals obey them as well.
        if (byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0) return true;
    }
    return false;
}

std::string bytes(std::size_t count) { return std::to_string(count) + (count == 1 ? " byte" : " bytes"); }

// Digits without a sign or a needless zero in front, then a fraction where one is wanted.
bool is_decimal(std::string_view text, bool fraction) noexcept {
    if (text.starts_with('-')) text.remove_prefix(1);
    const auto digits = [&text] {
        std::size_t count = 0;
        while (count < text.size() && text[count] >= '0' && text[count] <= '9') ++count;
        return count;
    };
    const std::size_t whole = digits();
    if (whole == 0 || (whole > 1 && text.front() == '0')) return false;
    text.remove_prefix(whole);
    if (text.empty()) return true;
    if (!fraction || text.front() != '.') return false;
    text.remove_prefix(1);
    const std::size_t behind = digits();
    return behind > 0 && behind == text.size();
}

std::string range_text(const Rule& rule, std::string_view noun) {
    std::string text = "must be " + std::string(noun);
    if (rule.min && rule.max) return text + " from " + number_text(*rule.min) + " to " + number_text(*rule.max);
    if (rule.min) return text + " of at least " + number_text(*rule.min);
    if (rule.max) return text + " of at most " + number_text(*rule.max);
    return text;
}

std::string enumeration_text(const Rule& rule) {
    std::string text = "must be one of ";
    for (std::size_t i = 0; i < rule.values.size(); ++i) {
        if (i > 0) text += ", ";
        if (i == kValuesNamed) return text + "...";
        text += '"' + rule.values[i] + '"';
    }
    return text;
}

Judged judge_number(const Rule& rule, const json::Value& value) {
    const bool integer = rule.type == Type::integer;
    const Violation violation{range_text(rule, integer ? "an integer" : "a number")};
    double number = 0;
    if (const std::string* text = value.string()) {
        if (!is_decimal(*text, !integer)) return violation;
        // A negative number on a command line looks like an option: as a text it needs the operator's word.
        if (text->starts_with('-') && !(rule.min && *rule.min < 0)) return Violation{"must not start with '-'"};
        number = std::strtod(text->c_str(), nullptr);
    } else if (const double* given = value.number()) {
        // As text it would start with '-': the parent chooses the JSON type, so it makes no difference.
        if (*given < 0 && !rule.min) return Violation{"must not start with '-'"};
        number = *given;
    } else {
        return violation;
    }
    if (!std::isfinite(number) || std::fabs(number) > kIntegerMost) return violation;
    if (integer && number != std::trunc(number)) return violation;
    if ((rule.min && number < *rule.min) || (rule.max && number > *rule.max)) return violation;
    return json::Value(number == 0 ? 0.0 : number);  // no "-0"
}

Judged judge_boolean(const json::Value& value) {
    if (value.boolean()) return value;
    if (const std::string* text = value.string()) {
        if (*text == "true") return json::Value(true);
        if (*text == "false") return json::Value(false);
    }
    return Violation{"must be true or false"};
}

Judged judge_scalar(const Rule& rule, const json::Value& value) {
    if (value.array()) return Violation{"must be a single value, not an array"};
    if (value.object()) return Violation{"must be a single value, not an object"};
    if (value.is_null()) return Violation{"must not be null"};
    if (const double* number = value.number(); number && !std::isfinite(*number)) return Violation{"must be a finite number"};

    const std::string text = value_text(value);
    const std::size_t longest = std::min(rule.max_length, limits::kParameterLength);
    if (text.size() > longest) return Violation{"must not be longer than " + bytes(longest)};
    if (!is_utf8(text)) return Violation{"must be UTF-8"};
    if (has_control_character(text)) return Violation{"must not hold a control character"};

    if (rule.pattern) {
        if (!rule.pattern->matches(text)) return Violation{"must match the pattern " + rule.pattern->text()};
        return value;
    }
    if (!rule.values.empty()) {
        if (std::find(rule.values.begin(), rule.values.end(), text) == rule.values.end()) return Violation{enumeration_text(rule)};
        return value;
    }
    EP_ASSERT(rule.type.has_value());
    switch (*rule.type) {
        case Type::integer:
        case Type::number:
            return judge_number(rule, value);
        case Type::boolean:
            return judge_boolean(value);
        case Type::string:
            break;
    }
    if (text.starts_with('-')) return Violation{"must not start with '-'"};
    return json::Value(text);
}

}  // namespace

Result<Pattern> Pattern::compile(std::string text) {
    if (text.size() > kPatternLength) return fail(Errc::too_large, "longer than " + bytes(kPatternLength));
    RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(kPatternMemory);
    auto compiled = std::make_shared<const RE2>(text, options);
    if (!compiled->ok()) return fail(Errc::invalid, compiled->error());
    return Pattern(std::move(text), std::move(compiled));
}

bool Pattern::matches(std::string_view value) const { return RE2::FullMatch(re2::StringPiece(value.data(), value.size()), *compiled_); }

std::string_view name_of(Type type) noexcept {
    switch (type) {
        case Type::string:
            return "string";
        case Type::integer:
            return "integer";
        case Type::number:
            return "number";
        case Type::boolean:
            return "boolean";
    }
    return "";
}

Judged judge(const Parameter& parameter, const json::Value& value) {
    if (!parameter.array) return judge_scalar(parameter.rule, value);
    json::Array admitted;
    const auto take = [&](const json::Value& element) -> std::optional<Violation> {
        Judged judged = judge_scalar(parameter.rule, element);
        if (!judged) return judged.error();
        admitted.push_back(*std::move(judged));
        return std::nullopt;
    };
    if (const json::Array* elements = value.array()) {
        if (elements->size() > parameter.max_items) {
            return Violation{"must not have more than " + std::to_string(parameter.max_items) +
                             (parameter.max_items == 1 ? " element" : " elements")};
        }
        for (const json::Value& element : *elements) {
            if (std::optional<Violation> violation = take(element)) return Violation{"each element " + violation->rule};
        }
    } else {
        if (parameter.max_items == 0) return Violation{"must not have more than 0 elements"};
        if (std::optional<Violation> violation = take(value)) return *std::move(violation);
    }
    return json::Value(std::move(admitted));
}

}  // namespace endpointd::catalog
