#pragma once
// Configuration in, objects and refusals out. What a text may do is an argument:
// pushed configuration can make objects and nothing else; the host's own may also
// include its neighbours and name endpoints and zones. Nothing of the host is in
// reach: no file, environment, clock, random number, process or network. Always ends:
// see Limits. Pure; any thread; the result owns all it holds.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/findings.hpp"
#include "dsl/attributes.hpp"
#include "dsl/budget.hpp"
#include "dsl/config_type.hpp"
#include "dsl/shared_string.hpp"
#include "json/value.hpp"

namespace endpointd::dsl {

// What the text is trusted with. There is no default.
enum class Authority {
    pushed,  // a parent's: objects only
    local,   // the host's own: also include (within the files given), Endpoint, Zone
};

struct ZoneFile {
    std::string zone;   // its objects' `zone`; empty: none
    SourceFile source;  // path: as errors and records show it ("web1/_etc/x.conf"); name: within the zone ("_etc/x.conf")
    std::string package = "_cluster";
    std::string owner = {};  // who is answerable for it: text of one owner makes no objects in the name of another
};

struct Place {
    SharedString file;
    std::uint32_t line = 0;
    std::uint32_t column = 0;
};

// Bytes of a statement that are kept for the audit.
inline constexpr std::size_t kKeptText = 64 * 1024;
// Never null; one text for all objects that a rule makes.
using SharedText = std::shared_ptr<const std::string>;
using SharedNames = std::shared_ptr<const std::vector<std::string>>;
// Refusals that are told one by one; the others are counted.
inline constexpr std::size_t kRefusedMost = 10'000;
// Containers within each other in the value of an attribute: with what stands around
// it in a message it stays below the depth of JSON that peers take.
inline constexpr unsigned kAttributeDepth = 24;

// One object with its final attributes. What it has in common with others is held once
// (there may be a hundred thousand, for as long as they stand).
struct Object {
    const ConfigType* type = nullptr;
    std::string name;  // full
    SharedString zone, package;
    Attributes attributes;                     // those that differ from their defaults
    SharedString called;                       // behind its type, where its body gave it another name; empty: short_name()
    SharedNames imported;                      // templates, in order; null: none
    std::vector<std::string> assigned_groups;  // of `groups`: those it is in by an `assign where` of theirs alone
    Place place;                               // where `object` or `apply` stands
    SharedText text;                           // that statement as written

    std::string_view short_name() const noexcept;  // the part behind the last "!"; valid as long as `name`
    std::vector<std::string> templates() const;    // own name, then `imported`: what `templates` reads as
};

enum class Why : std::uint8_t {
    syntax,      // the file does not parse; nothing of it counts
    evaluation,  // an error while it was evaluated
    attribute,   // no such attribute, a value it cannot have, a reference to nothing
    statement,   // include, library, using, a write to globals, ...
    function,    // a function that is refused, or a function for a value
    command,     // a CheckCommand, EventCommand or NotificationCommand
    type,        // a type that is never made here
    redefined,   // the name is taken
    depends,     // on something that was refused: `cause` says why that was
    limit,       // the evaluation came to an end here
};

// Something that was not taken.
struct Refused {
    Why why = Why::evaluation;
    std::optional<Why> cause;  // with Why::depends
    std::string type, name;    // of the object or template; empty: a statement or a file
    std::string zone;
    Place place;
    std::string message;  // one line
    SharedText text;      // as written
};

// What is there already, outside of the text.
struct Surroundings {
    std::vector<std::pair<std::string, json::Value>> constants;  // NodeName, ZoneName, PluginDir, ...: the text cannot write them
    // Objects that are there without the text: references to them are good, their names are taken.
    std::vector<std::pair<std::string, std::string>> objects;  // type, full name
    std::vector<std::string> global_zones;                     // hosts and services cannot be in them
    bool director_basics = true;                               // see director.hpp
    // May who brings this text define such an object at all? Asked where two of them want a name. Empty: all may.
    std::function<bool(const ZoneFile& by, std::string_view type, const std::string& name)> in_scope = {};
};

struct Evaluation {
    std::vector<Object> objects;   // in the order of commit: what an object refers to comes before it
    std::vector<Refused> refused;  // in the order found
    std::uint64_t left_out = 0;    // further ones, beyond kRefusedMost
    bool complete = true;          // false: a limit ended it; the last of `refused` says which, and `objects` is not to be used
    std::uint64_t steps = 0, bytes = 0;
};

// Evaluates `files` in the order given. References of kind CheckCommand, EventCommand,
// NotificationCommand, Endpoint and Zone are not looked up: the caller knows them.
Evaluation evaluate(const std::vector<ZoneFile>& files, Authority authority, const Surroundings& surroundings, Limits limits);

}  // namespace endpointd::dsl
