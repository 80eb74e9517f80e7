#include "dsl/object_attributes.hpp"

#include <cmath>

namespace endpointd::dsl {

std::string_view text_attribute(const Object& object, std::string_view name) noexcept {
    const json::Value* const value = object.attributes.find(name);
    const std::string* const text = value ? value->string() : nullptr;
    return text ? std::string_view(*text) : std::string_view();
}

double number_attribute(const Object& object, std::string_view name, double otherwise) noexcept {
    const json::Value* const value = object.attributes.find(name);
    const double* const number = value ? value->number() : nullptr;
    return number && std::isfinite(*number) ? *number : otherwise;
}

bool flag_attribute(const Object& object, std::string_view name, bool otherwise) noexcept {
    const json::Value* const value = object.attributes.find(name);
    if (const bool* flag = value ? value->boolean() : nullptr) return *flag;
    const double* const number = value ? value->number() : nullptr;
    return number ? *number != 0 : otherwise;
}

}  // namespace endpointd::dsl
