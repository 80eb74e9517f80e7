// Any bytes, as a message and as a configuration file. Invariant: no crash; what
// was parsed holds only UTF-8, keeps within the bounds, and is the same after
// writing and reading it again; every value of a configuration file has a place.

#include <cstdint>

#include "base/assert.hpp"
#include "base/units.hpp"
#include "json/document.hpp"

namespace {

using namespace endpointd;

void inspect(const json::Value& value, std::size_t depth) {
    EP_ASSERT(depth <= limits::kJsonDepth);
    if (const auto* text = value.string()) EP_ASSERT(is_utf8(*text));
    if (const auto* items = value.array())
        for (const json::Value& item : *items) inspect(item, depth + 1);
    if (const auto* members = value.object()) {
        for (const auto& [key, member] : *members) {
            EP_ASSERT(is_utf8(key));
            inspect(member, depth + 1);
        }
    }
}

void inspect_places(const json::Document& document, const json::Value& value, const std::string& pointer) {
    const json::Place& place = document.places.at(pointer);
    EP_ASSERT(place.line > 0 && place.column > 0 && place.key_line > 0 && place.key_column > 0);
    if (const auto* items = value.array())
        for (std::size_t i = 0; i < items->size(); ++i) inspect_places(document, (*items)[i], json::pointer_to(pointer, i));
    if (const auto* members = value.object())
        for (const auto& [key, member] : *members) inspect_places(document, member, json::pointer_to(pointer, key));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto value = json::parse(text);
    if (value) {
        inspect(*value, 0);
        const auto again = json::parse(json::to_text(*value));
        // Escaping makes text longer, never deeper: only the length of a number may pass its bound.
        EP_ASSERT(again.has_value() && *again == *value);
        EP_ASSERT(json::to_text(*again) == json::to_text(*value));
        const auto pretty = json::parse(json::to_pretty_text(*value));
        EP_ASSERT(pretty.has_value() && *pretty == *value);
    }
    Findings findings;
    const auto document = json::parse_config({"f", "f", std::string(text)}, findings);
    EP_ASSERT(document.has_value() == findings.ok());
    // Whatever is JSON is a configuration file as well, and means the same.
    if (value) EP_ASSERT(document.has_value() && document->root == *value);
    if (document) inspect_places(*document, document->root, "");
    return 0;
}
