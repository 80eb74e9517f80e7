#pragma once
// Values as the language writes them: what reads the text has the same value again, whatever
// stands in it. For configuration that is made here and read elsewhere. Pure; any thread.

#include <string>
#include <string_view>

#include "json/value.hpp"

namespace endpointd::dsl {

// A string in double quotes, on one line: nothing in it ends the literal or is run. Bytes above 0x7f stay as they are.
std::string literal(std::string_view text);

// Any value; numbers without exponent, which the language does not know. A number that is none is null.
std::string literal(const json::Value& value);

}  // namespace endpointd::dsl
