#pragma once
// The half of a catalog entry that says within which limits and as whom a command
// runs: timeout, run_as, sandbox, secrets, pin. Pure; used by entry.cpp only.

#include <string>
#include <string_view>

#include "base/findings.hpp"
#include "catalog/command.hpp"
#include "json/document.hpp"

namespace endpointd::catalog {

bool is_printable(std::string_view text);

// Letters, digits and '_', no digit first, at most 128.
bool is_variable_name(std::string_view text);

// Absolute, without "." and "..", doubled or trailing slashes: written in the one
// way that compares.
bool is_plain_path(std::string_view path);

// Fills `command` from `entry`, whose pointer is `pointer`. What is wrong is
// appended to `findings`.
void read_confinement(const json::Document& document, const std::string& pointer, const json::Object& entry, Command& command,
                      Findings& findings);

}  // namespace endpointd::catalog
