#pragma once
// What reading a configuration found: the errors that refuse it and the
// warnings that do not, each with its place. Every loader (settings, catalog,
// caps, zones) appends to one of these, so that `config validate` shows all of
// them at once instead of the first.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace endpointd {

struct Finding {
    std::string file;                    // as the operator would open it
    std::uint32_t line = 0;              // counts from 1; 0: the file as a whole
    std::uint32_t column = 0;            // counts from 1; 0 with line 0
    std::optional<std::string> pointer;  // JSON pointer of the value (unknown key: of the key); none for DSL and syntax
    std::string message;                 // what is wrong, what was expected, what to do
};

struct Findings {
    std::vector<Finding> errors;
    std::vector<Finding> warnings;

    bool ok() const noexcept { return errors.empty(); }
};

// One file of the configuration as it was read, before anything is parsed.
struct SourceFile {
    std::string path;  // for messages
    std::string name;  // relative to the directory of its kind: `10-web.json`, `sub/zones.conf`
    std::string text;
};

}  // namespace endpointd
