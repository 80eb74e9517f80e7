#pragma once
// The names of Icinga's template library (protocol, 10.7). Real configuration
// imports and refers to them, and nothing of the library is here: its commands come
// from the catalog. Immutable; any thread.

#include <string_view>

namespace endpointd::dsl {

struct ItlTemplate {
    std::string_view type;  // "CheckCommand"
    std::string_view name;
    bool without_effect = false;  // importing it into an object is no error and changes no attribute that counts here
};

// Null: the library has none of that name for the type.
const ItlTemplate* itl_template(std::string_view type, std::string_view name) noexcept;

// Is it the name of one of the library's CheckCommands? To say what to do about one that
// is not in the catalog: the catalog's import makes an entry of it.
bool is_itl_command(std::string_view name) noexcept;

}  // namespace endpointd::dsl
