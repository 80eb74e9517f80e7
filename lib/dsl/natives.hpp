#pragma once
// The tables of what the language has built in (protocol, 10.5): functions and
// methods, each a pure function of its arguments, and the names of those that are
// not and are therefore refused when they are called. Immutable; any thread.

#include <span>
#include <string_view>

#include "dsl/function.hpp"

namespace endpointd::dsl {

std::span<const Builtin> global_functions() noexcept;  // match, len, range, get_host, ...
std::span<const Builtin> math_functions() noexcept;    // Math.*
std::span<const Builtin> json_functions() noexcept;    // Json.*
std::span<const Builtin> string_methods() noexcept;
std::span<const Builtin> number_methods() noexcept;
std::span<const Builtin> boolean_methods() noexcept;
std::span<const Builtin> array_methods() noexcept;
std::span<const Builtin> dictionary_methods() noexcept;
std::span<const Builtin> namespace_methods() noexcept;
std::span<const Builtin> function_methods() noexcept;  // call, callv
std::span<const Builtin> date_time_methods() noexcept;
std::span<const Builtin> object_methods() noexcept;  // of everything: to_string, clone, ...

// A type called like a function: DateTime(0), String(5), Array(), ... Raises an
// error for a type that cannot be made that way.
Value construct(const TypeValue& type, Call& call);

// Null: no such method. Looks in the rows of the value's type, then of everything.
const Builtin* method_of(const Value& value, std::string_view name) noexcept;

}  // namespace endpointd::dsl
