#pragma once
// The tightest rule that the name, description and default of a macro suggest.
// A guess by words, made to be reviewed: it is marked so. Pure.

#include <string>

#include "json/value.hpp"

namespace endpointd::ctl {

// What is known of one macro from the arguments that use it.
struct MacroUse {
    std::string name;
    std::string words;           // name and descriptions, lower case
    bool only_condition = true;  // stands in set_if alone
    bool alone = true;           // wherever it is a value it is all of it
    bool many = false;           // an argument that repeats
    json::Value default_value;   // null: none
};

enum class MacroClass {
    ordinary,
    network,   // names a peer: the plugin needs the network
    password,  // would stand on a command line that every user can read
    code,      // chooses what is executed or loaded
    command,   // takes a command line
};

struct InferredRule {
    MacroClass of = MacroClass::ordinary;
    json::Object rule;             // as in a catalog, "review" and "default" included
    bool default_dropped = false;  // the default begins with '-', or is no value a rule could admit
};

InferredRule infer_rule(const MacroUse& use);

}  // namespace endpointd::ctl
