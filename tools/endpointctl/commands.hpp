#pragma once
// The grammar of the command line: one table of verbs, and the function that
// parses by it and runs the verb. Nothing is kept between calls.

#include <iosfwd>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "context.hpp"

namespace endpointd::ctl {

struct Parameter {
    std::string_view name;   // "--since", or "PARENT" for a positional
    std::string_view value;  // what it takes, for the help; empty: a flag
    std::string_view help;
    bool required = false;
    bool repeated = false;
};

struct Verb {
    std::string_view words;  // "audit list"
    std::string_view help;
    std::span<const Parameter> parameters;
    int (*run)(const Context&, const Arguments&);
};

std::span<const Verb> verbs() noexcept;

// `arguments` without the program's name. Returns the exit status. `color`: the
// answer goes to a terminal that may be coloured.
int run(std::vector<std::string> arguments, std::ostream& out, std::ostream& err, const Clock& clock, bool color);

}  // namespace endpointd::ctl
