#pragma once
// A function of the configuration language: written in it, or one of ours. Plain
// values; the tree a written one points into lives as long as its evaluation.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "dsl/ast.hpp"
#include "dsl/value.hpp"

namespace endpointd::dsl {

class Heap;
class Interpreter;

// A call of a function of ours. Arguments are at least as many as its row asks for.
struct Call {
    Interpreter& interpreter;  // calls functions back, raises errors
    Heap& heap;                // makes values, and counts the work
    const Value& self;         // what stands left of the dot; null for a plain call
    std::span<Value> arguments;

    // The argument, or null where it was left out.
    Value argument(std::size_t index) const { return index < arguments.size() ? arguments[index] : Value(); }
};

using Native = Value (*)(Call&);

inline constexpr std::size_t kAnyNumber = static_cast<std::size_t>(-1);

// A row of the tables in natives.hpp. Without `run` the function exists upstream and
// is refused here, because it looks at or changes something outside the evaluation.
struct Builtin {
    std::string_view name;
    std::size_t least = 0;  // arguments
    Native run = nullptr;
    std::size_t most = kAnyNumber;  // upstream ignores what is too much for some
};

struct Function {
    std::string_view name;             // for errors
    const Builtin* builtin = nullptr;  // one of ours, or:
    const Node* node = nullptr;        // NodeKind::function
    std::uint32_t file = 0;            // that it was written in
    Dictionary* closed = nullptr;      // what `use` took along; null: nothing
    bool pure = true;
};

}  // namespace endpointd::dsl
