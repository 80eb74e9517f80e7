#pragma once
// One more evaluation within another. Only for the interpreter's own files.

#include "dsl/interpreter.hpp"

namespace endpointd::dsl {

class Interpreter::Level {
public:
    explicit Level(Interpreter& of) : of_(of) {
        if (++of_.depth_ > of_.heap_.budget().limits().depth) {
            --of_.depth_;
            of_.fail("evaluations within each other: more than " + std::to_string(of_.heap_.budget().limits().depth), Why::limit);
        }
    }
    ~Level() { --of_.depth_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

private:
    Interpreter& of_;
};

}  // namespace endpointd::dsl
