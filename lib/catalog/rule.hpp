#pragma once
// Reads the rule of one parameter out of a catalog file whose shape the schema
// has checked. Pure; used by entry.cpp only.

#include <map>
#include <string>
#include <string_view>

#include "base/findings.hpp"
#include "catalog/argument_policy.hpp"
#include "json/document.hpp"

namespace endpointd::catalog {

// Patterns of one catalog by their text: hosts, paths and the like recur in every
// command, and a compiled one takes kilobytes.
using Patterns = std::map<std::string, Pattern, std::less<>>;

// `pointer` is that of `written`. What is wrong is appended to `findings`; the
// parameter returned then is not to be used.
Parameter read_parameter(const json::Document& document, const std::string& pointer, std::string_view name, const json::Object& written,
                         Patterns& patterns, Findings& findings);

}  // namespace endpointd::catalog
