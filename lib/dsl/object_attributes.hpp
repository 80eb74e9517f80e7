#pragma once
// Attributes of an object as what code wants of them. One that is of another type counts as
// one that is not set. Pure; any thread.

#include <string_view>

#include "dsl/evaluation.hpp"

namespace endpointd::dsl {

// Valid as long as that attribute does not change. Empty: it is not set.
std::string_view text_attribute(const Object& object, std::string_view name) noexcept;

// Always finite if `otherwise` is.
double number_attribute(const Object& object, std::string_view name, double otherwise) noexcept;

// A number is true unless it is 0, as upstream has it.
bool flag_attribute(const Object& object, std::string_view name, bool otherwise) noexcept;

}  // namespace endpointd::dsl
