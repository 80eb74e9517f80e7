#pragma once
// What both readers of a catalog entry need: its members by type, and a finding at
// the place of one. A base for the time of one read; what it refers to outlives it.

#include <string>
#include <string_view>

#include "base/findings.hpp"
#include "json/document.hpp"

namespace endpointd::catalog {

class EntryFields {
protected:
    EntryFields(const json::Document& document, const json::Object& entry, Findings& findings)
        : document_(document), entry_(entry), findings_(findings) {}

    void error(const std::string& pointer, std::string message, bool at_key = false) {
        findings_.errors.push_back(document_.at(pointer, std::move(message), at_key));
    }

    // Null: not there, or of another type, which the schema has reported.
    static const std::string* text(const json::Object& object, std::string_view key) {
        const json::Value* value = object.find(key);
        return value ? value->string() : nullptr;
    }

    static bool flag(const json::Object& object, std::string_view key, bool otherwise) {
        const json::Value* value = object.find(key);
        return value && value->boolean() ? *value->boolean() : otherwise;
    }

    const json::Object* section(std::string_view key) const {
        const json::Value* value = entry_.find(key);
        return value ? value->object() : nullptr;
    }

    const json::Document& document_;
    const json::Object& entry_;
    Findings& findings_;
};

}  // namespace endpointd::catalog
