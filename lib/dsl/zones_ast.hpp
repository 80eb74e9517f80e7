#pragma once
// The tree of one file, as far as zones.d needs it: constants and the objects of
// the types that were asked for. Plain values; own everything they hold.

#include <string>
#include <vector>

#include "dsl/source.hpp"

namespace endpointd::dsl {

struct ZonesExpression {
    enum class Kind { null, boolean, number, string, identifier, array, sum };

    Kind kind = Kind::null;
    Position at;
    bool boolean = false;
    double number = 0;
    std::string text;                    // of a string or identifier
    std::vector<ZonesExpression> items;  // of an array or sum
};

struct ZonesAssignment {
    std::string name;
    Position at;
    ZonesExpression value;
};

struct ZonesObject {
    std::string type;
    Position at;
    ZonesExpression name;
    std::vector<ZonesAssignment> attributes;
};

struct ZonesTree {
    std::vector<ZonesAssignment> constants;
    std::vector<ZonesObject> objects;
};

}  // namespace endpointd::dsl
