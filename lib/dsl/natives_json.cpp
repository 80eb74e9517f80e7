// Json.encode() and Json.decode(). Deeper than a message of the protocol is refused
// both ways; what shares parts of itself is charged for each time it is written.

#include <algorithm>

#include "base/limits.hpp"
#include "dsl/natives.hpp"
#include "dsl/natives_impl.hpp"
#include "json/document.hpp"
#include "json/value.hpp"

namespace endpointd::dsl {

namespace {

// Bytes that a text has in JSON, at most.
std::size_t encoded_size(std::string_view text) noexcept {
    std::size_t size = 2;
    for (const char c : text) size += c == '"' || c == '\\' ? 2 : c >= 0x20 && c < 0x7f ? 1 : 6;
    return size;
}

json::Value string_value(Call& call, std::string_view text) {
    call.heap.budget().handled(text.size());
    call.heap.budget().take(text.size() + encoded_size(text));
    return json::Value(text);
}

json::Value to_json(Call& call, const Value& value, std::size_t depth) {
    if (depth > limits::kJsonDepth)
        call.interpreter.fail("Json.encode(): the value is more than " + std::to_string(limits::kJsonDepth) + " deep, or holds itself");
    call.heap.budget().step();
    call.heap.budget().take(sizeof(json::Value));
    if (value.is_null()) return nullptr;
    if (const bool* boolean = value.boolean()) return *boolean;
    if (const double* number = value.number()) return *number;
    if (const Array* array = value.array()) {
        json::Array made;
        for (const Value& item : array->items) made.push_back(to_json(call, item, depth + 1));
        return made;
    }
    std::vector<json::Object::Member> members;
    const auto add = [&](const std::string& key, const Value& member) {
        call.heap.budget().take(key.size() + encoded_size(key) + sizeof(std::string));
        members.emplace_back(key, to_json(call, member, depth + 1));
    };
    if (const Dictionary* dictionary = value.dictionary()) {
        for (const auto& [key, member] : dictionary->items) add(key, member);
    } else if (const Namespace* names = value.name_space()) {
        for (const auto& [key, entry] : names->items) add(key, entry.value);
    } else {
        return string_value(call, TextOf(call, value).view());
    }
    return json::Object::from_members(std::move(members)).value_or(json::Object());
}

// As deep as the parser let it be.
Value from_json(Call& call, const json::Value& value) {
    call.heap.budget().step();
    if (value.is_null()) return {};
    if (const bool* boolean = value.boolean()) return Value(*boolean);
    if (const double* number = value.number()) return Value(*number);
    if (const std::string* string = value.string()) return call.heap.text(*string);
    if (const json::Array* array = value.array()) {
        Array* const made = call.heap.array();
        for (const json::Value& item : *array) call.heap.append(*made, from_json(call, item));
        return made;
    }
    Dictionary* const made = call.heap.dictionary();
    for (const auto& [key, member] : *value.object()) call.heap.set(*made, key, from_json(call, member));
    return made;
}

Value encode(Call& call) { return call.heap.text(json::to_text(to_json(call, call.argument(0), 1))); }

Value decode(Call& call) {
    const TextOf text(call, call.argument(0));
    // What the parser makes before anything can be charged for: a value for every second byte at worst.
    const std::size_t values = std::min(text.view().size() / 2 + 1, limits::kJsonValues);
    call.heap.budget().take(text.view().size() + 2 * values * sizeof(json::Value));
    const Result<json::Value> parsed = json::parse(text.view());
    if (!parsed) call.interpreter.fail("Json.decode(): " + parsed.error().text);
    return from_json(call, *parsed);
}

constexpr Builtin kJson[] = {{"decode", 1, decode, 1}, {"encode", 1, encode, 1}};

}  // namespace

std::span<const Builtin> json_functions() noexcept { return kJson; }

}  // namespace endpointd::dsl
