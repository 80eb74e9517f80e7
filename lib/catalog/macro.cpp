#include "catalog/macro.hpp"

#include "base/assert.hpp"
#include "base/units.hpp"

namespace endpointd::catalog {

namespace {

// Calls literal(text) and macro(name) for the parts of `text`, in order. False
// where a '$' has no partner.
template <class Literal, class Macro>
bool for_each_part(std::string_view text, Literal literal, Macro macro) {
    while (true) {
        const std::size_t open = text.find('$');
        literal(text.substr(0, open));
        if (open == std::string_view::npos) return true;
        const std::size_t close = text.find('$', open + 1);
        if (close == std::string_view::npos) return false;
        const std::string_view name = text.substr(open + 1, close - open - 1);
        if (name.empty()) {
            literal("$");
        } else {
            macro(name);
        }
        text.remove_prefix(close + 1);
    }
}

}  // namespace

Result<std::vector<std::string>> macro_names(std::string_view text) {
    std::vector<std::string> names;
    const bool paired = for_each_part(
        text, [](std::string_view) {}, [&](std::string_view name) { names.emplace_back(name); });
    if (!paired) return fail(Errc::malformed, "a '$' without its partner; a dollar sign is written \"$$\"");
    return names;
}

bool is_sole_macro(std::string_view text) noexcept {
    return text.size() > 2 && text.front() == '$' && text.find('$', 1) == text.size() - 1;
}

Resolved resolve(std::string_view text, const json::Object& scope) {
    Resolved result;
    if (is_sole_macro(text)) {
        const std::string_view name = text.substr(1, text.size() - 2);
        if (const json::Value* value = scope.find(name)) {
            result.value = *value;
        } else {
            result.missing = std::string(name);
            result.value = "";
        }
        return result;
    }
    std::string joined;
    const bool paired = for_each_part(
        text, [&](std::string_view literal) { joined += literal; },
        [&](std::string_view name) {
            const json::Value* value = scope.find(name);
            if (!value) {
                if (!result.missing) result.missing = std::string(name);
            } else if (value->array() || value->object()) {
                if (!result.misplaced) result.misplaced = std::string(name);
            } else {
                joined += value_text(*value);
            }
        });
    EP_ASSERT(paired);
    result.value = std::move(joined);
    return result;
}

std::string value_text(const json::Value& value) {
    if (const std::string* text = value.string()) return *text;
    if (const double* number = value.number()) return number_text(*number);
    if (const bool* boolean = value.boolean()) return *boolean ? "true" : "false";
    std::string joined;
    if (const json::Array* array = value.array()) {
        for (std::size_t i = 0; i < array->size(); ++i) {
            if (i > 0) joined += ';';
            joined += value_text((*array)[i]);
        }
    }
    return joined;
}

}  // namespace endpointd::catalog
