#pragma once
// Reads one command out of a catalog file whose shape the schema has checked, and
// checks what the schema cannot: macros against parameters, paths, limits. Pure;
// used by catalog.cpp only.

#include <string_view>

#include "base/findings.hpp"
#include "catalog/command.hpp"
#include "catalog/rule.hpp"
#include "json/document.hpp"

namespace endpointd::catalog {

// `name` is the entry's key in "commands". What is wrong is appended to
// `findings`; the command returned then is not to be used.
Command read_entry(const json::Document& document, std::string_view name, const json::Object& entry, bool builtin, Patterns& patterns,
                   Findings& findings);

}  // namespace endpointd::catalog
