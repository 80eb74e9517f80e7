#pragma once
// `$name$` over an explicit scope (protocol, 6.3 and 6.4): a flat look-up of the
// full text between the dollars, nothing resolved inside a value, no other place
// to look. Pure; any thread.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "json/value.hpp"

namespace endpointd::catalog {

// The names between the dollars of `text`, in order, "$$" left out. An unpaired
// '$' is Errc::malformed.
Result<std::vector<std::string>> macro_names(std::string_view text);

// True if `text` is one macro and nothing else.
bool is_sole_macro(std::string_view text) noexcept;

struct Resolved {
    json::Value value;                     // the raw value of a sole macro, otherwise text
    std::optional<std::string> missing;    // the first macro that the scope does not have; it counts as ""
    std::optional<std::string> misplaced;  // the first macro that is an array or object inside a longer text
};

// `text` was checked with macro_names(): an unpaired '$' is our own bug.
Resolved resolve(std::string_view text, const json::Object& scope);

// Icinga's text of a value: booleans true/false, numbers as number_text(), null
// and objects "", the elements of an array joined with `;`.
std::string value_text(const json::Value& value);

}  // namespace endpointd::catalog
