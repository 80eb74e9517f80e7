#pragma once
// Members of the JSON lines that the *_dump programs read. Their other side wrote them: what
// is missing, or of another type, is as good as empty.

#include <string>
#include <string_view>

#include "json/value.hpp"

namespace endpointd {

inline double number(const json::Object& object, std::string_view key, double fallback = 0) {
    const json::Value* const found = object.find(key);
    return found && found->number() ? *found->number() : fallback;
}

inline bool flag(const json::Object& object, std::string_view key) {
    const json::Value* const found = object.find(key);
    return found && found->boolean() && *found->boolean();
}

inline std::string text(const json::Object& object, std::string_view key) {
    const json::Value* const found = object.find(key);
    return found && found->string() ? *found->string() : std::string();
}

}  // namespace endpointd
