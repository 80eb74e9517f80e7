#pragma once
// Which values a parameter admits. Every character that a parent puts on a
// command line passed one of these rules. Rules are immutable and owned by
// their command; judging is pure, linear in the value, and may be done from any
// thread.

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/system/result.hpp>

#include "base/assert.hpp"
#include "base/limits.hpp"
#include "base/result.hpp"
#include "json/value.hpp"

namespace re2 {
class RE2;
}

namespace endpointd::catalog {

// Characters of one pattern, and the bytes RE2 may spend on it: the automaton of a
// longer one costs every request.
inline constexpr std::size_t kPatternLength = 1024;
inline constexpr std::int64_t kPatternMemory = 1024 * 1024;
// Values of one enumeration: more is a pattern.
inline constexpr std::size_t kEnumValues = 1024;

// A regular expression of an operator (RE2, UTF-8), matched against whole texts.
class Pattern {
public:
    // The error's text is RE2's reason.
    static Result<Pattern> compile(std::string text);

    const std::string& text() const noexcept { return text_; }
    bool matches(std::string_view value) const;

private:
    Pattern(std::string text, std::shared_ptr<const re2::RE2> compiled) : text_(std::move(text)), compiled_(std::move(compiled)) {}

    std::string text_;
    std::shared_ptr<const re2::RE2> compiled_;
};

enum class Type { string, integer, number, boolean };

std::string_view name_of(Type type) noexcept;

// What one value (for an array: one element) has to be: a pattern, one of the
// values of an enumeration, or of a type; exactly one of the three.
struct Rule {
    std::optional<Pattern> pattern;
    std::vector<std::string> values;  // of the enumeration, numbers and booleans as Icinga's text
    std::optional<Type> type;
    std::optional<double> min, max;
    std::size_t max_length = limits::kParameterLength;  // bytes
};

struct Parameter {
    Rule rule;                 // of the value; of each element where `array`
    bool array = false;        // a single value passes as an array of one
    bool command_ref = false;  // the value names another command: judged here as a text, by wrapper.hpp as a command
    bool review = false;       // inferred by an import and not yet looked at by an operator
    std::size_t max_items = limits::kArrayItems;
    std::optional<json::Value> default_value;  // in the form that judge() returns
    std::string description;
};

// Why a value is refused: the <rule> of "parameter 'x' refused: <rule>". It says
// what the rule asks for and never holds the value.
struct Violation {
    std::string rule;
};

using Judged = boost::system::result<json::Value, Violation>;

[[noreturn]] inline void throw_exception_from_error(const Violation& violation, const boost::source_location& where) {
    assertion_failed(violation.rule.c_str(), where.file_name(), static_cast<int>(where.line()));
}

// The value in its admitted form (a text that reads as the type wanted is that
// type, a single value for an array an array), or what it breaks. Judging the
// returned value again returns the same. Null is a violation: callers take it for
// "not sent".
//
// A text must be UTF-8 of at most limits::kParameterLength bytes without control
// characters, whatever the rule says; one that starts with '-' passes only where
// a pattern or enumeration matches it, or where it is a number of a type whose
// `min` is below 0. Pattern and enumeration judge a number or boolean by Icinga's
// text of it.
Judged judge(const Parameter& parameter, const json::Value& value);

}  // namespace endpointd::catalog
