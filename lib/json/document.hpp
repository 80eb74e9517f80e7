#pragma once
// Foreign bytes to a json::Value, or the reason why not. One linear pass guards
// depth, number of values, and the form of numbers before RapidJSON sees a byte
// (Debian 12's RapidJSON overflows on 0.0000000000001e-2147483639); duplicate
// keys and invalid UTF-8 are refused. Pure; any thread; nothing is kept.

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "base/findings.hpp"
#include "base/limits.hpp"
#include "base/result.hpp"
#include "json/value.hpp"

namespace endpointd::json {

struct Bounds {
    std::size_t depth = limits::kJsonDepth;
    std::size_t values = limits::kJsonValues;
};

// A message of the protocol: strict JSON, nothing behind it but white space.
Result<Value> parse(std::string_view text, Bounds bounds = {});

// Where a value, and its key, begin in a configuration file.
struct Place {
    std::uint32_t line = 0, column = 0;          // of the value, from 1
    std::uint32_t key_line = 0, key_column = 0;  // of its key; that of the value where there is none
};

// A configuration file: JSON with // and /* */ comments and trailing commas, and
// the place of every value by its JSON pointer ("" is the root).
struct Document {
    std::string file;
    Value root;
    std::map<std::string, Place, std::less<>> places;

    // A finding at the value (or, with at_key, at the key) of `pointer`.
    Finding at(std::string_view pointer, std::string message, bool at_key = false) const;
};

// Null if it is not JSON or a key is there twice: `findings` then says where and why.
std::optional<Document> parse_config(const SourceFile& file, Findings& findings);

// `base` with one more step; the step is escaped as RFC 6901 asks.
std::string pointer_to(std::string_view base, std::string_view key);
std::string pointer_to(std::string_view base, std::size_t index);

}  // namespace endpointd::json
