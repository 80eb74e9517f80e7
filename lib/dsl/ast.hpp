#pragma once
// The tree of one file, as far as zones.d needs it: constants and the objects of
// the types that were asked for. Plain values; own everything they hold.

#include <string>
#include <vector>

#include "dsl/source.hpp"

namespace endpointd::dsl {

struct Expression {
    enum class Kind { null, boolean, number, string, identifier, array, sum };

    Kind kind = Kind::null;
    Position at;
    bool boolean = false;
    double number = 0;
    std::string text;               // of a string or identifier
    std::vector<Expression> items;  // of an array or sum
};

struct Assignment {
    std::string name;
    Position at;
    Expression value;
};

struct ObjectDefinition {
    std::string type;
    Position at;
    Expression name;
    std::vector<Assignment> attributes;
};

struct Tree {
    std::vector<Assignment> constants;
    std::vector<ObjectDefinition> objects;
};

}  // namespace endpointd::dsl
