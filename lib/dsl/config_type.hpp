#pragma once
// The types of the configuration (protocol, 10.6) as one table: their attributes
// with type and default, how their full names are made, and in which order they are
// committed. Immutable; any thread.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "dsl/attributes.hpp"
#include "json/value.hpp"

namespace endpointd::dsl {

struct Instance;
class Heap;
class Value;

enum class FieldKind : std::uint8_t {
    text,
    number,   // a number of any kind; durations in seconds
    integer,  // cut to a whole number
    boolean,
    array,  // of anything
    dictionary,
    reference,   // the name of an object of type `refers_to`
    references,  // an array of such names
    any,
    own,  // name, __name, type, zone, package, templates, source_location: made by the evaluator
};

struct Field {
    std::string_view name;
    FieldKind kind = FieldKind::text;
    bool required = false;
    std::string_view refers_to = {};  // reference, references: the type
    std::string_view fallback = {};   // the default as JSON text ("300", "true", "[]"); empty: null ("" for text)
    bool listed = true;               // by with_defaults() even where it is not set
};

// What happens to the objects of a type.
enum class TypeRole : std::uint8_t {
    object,    // Host, Service, ...: made and given out
    command,   // CheckCommand, EventCommand, NotificationCommand: named, never made
    topology,  // Endpoint, Zone: made where the authority says so
    foreign,   // everything else upstream has (ApiUser, FileLogger, ...): named, never made
};

struct ConfigType {
    std::string_view name;    // "Host"
    std::string_view plural;  // "hosts"
    TypeRole role = TypeRole::foreign;
    int order = 0;  // of the commit: groups before members, hosts before services
    std::span<const Field> fields = {};
    bool composed = false;  // the full name is made of host_name, service_name and the name
    bool custom_vars = false;
};

// All types of the language, in the order of commit. Null: no such type.
std::span<const ConfigType> config_types() noexcept;
const ConfigType* config_type(std::string_view name) noexcept;
std::optional<std::uint16_t> field_of(const ConfigType& type, std::string_view name) noexcept;

// `left!right!...` as the type composes it from the attributes that are set
// ("host!service", child_host_name for a Dependency). Empty: they do not suffice.
std::string full_name(const Instance& object, std::string_view short_name);

// The value an attribute has once it is assigned: a number from a text that reads as
// one, true from 1, a text from a number, as upstream converts. An error says what the
// attribute wants; the caller names it. `own` attributes are the caller's business.
Result<Value> converted(const Field& field, const Value& value, Heap& heap);
// The same for what came as JSON (modified attributes).
Result<json::Value> converted(const Field& field, const json::Value& value);

// Every attribute with its final value, Icinga's names: what `objects show` prints.
// `set` holds those that differ from their defaults.
json::Object with_defaults(const ConfigType& type, std::string_view name, const Attributes& set);

// What upstream's own validation says of final attributes (intervals above 0, ranges of a TimePeriod that
// read, $ in vars closed, nothing required empty, ...). Empty: all is well. References are not looked up here.
std::string validate(const ConfigType& type, const Attributes& set);

// The same of the name that stands behind `object` or comes out of an `apply`.
std::string validate_name(std::string_view short_name);

}  // namespace endpointd::dsl
