#pragma once
// What configuration is in force on this node: the objects that stand, each with its
// origin, and everything that was refused with the reason. Made by a Planner out of
// what is wanted (stored, so that it can be made again without any parent) and the
// rules. Immutable once made; any thread may read; shared by whoever needs it.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dsl/evaluation.hpp"
#include "json/value.hpp"
#include "policy/verdict.hpp"

namespace endpointd::policy {

// A file as config::Update brought it.
struct PushedFile {
    std::string parent;  // the endpoint that pushed it
    std::string zone;
    std::string path;  // "/_etc/hosts.conf"; passed check_update()
    std::string content;

    bool operator==(const PushedFile&) const = default;
};

// An object created through the parent's API (protocol, 4.3): its text and what came with it.
struct RuntimeObject {
    std::string parent;
    std::string type, name, zone;  // zone: empty where the message had none
    double version = 0;
    std::string config;

    bool operator==(const RuntimeObject&) const = default;
};

// Attributes changed at run time of an object, wherever it comes from.
struct Modification {
    std::string parent;
    std::string type, name;
    double version = 0;
    json::Object attributes;  // path ("vars.x") to value: all that are changed
    // Since when something of it is switched off that takes `pause`, by this node's clock, seconds since 1970; 0: nothing is.
    double paused_since = 0;

    bool operator==(const Modification&) const = default;
};

// Everything that parents want, in the order it came. Shared parts are never changed
// in place: a Planner knows what is unchanged by their addresses.
struct Wanted {
    template <class T>
    using List = std::shared_ptr<const std::vector<T>>;

    List<PushedFile> files;            // sorted by zone, then as upstream loads a directory
    List<RuntimeObject> objects;       // all types but Downtime and Comment
    List<RuntimeObject> annotations;   // Downtime, Comment
    List<Modification> modifications;  // at most one for each object
};

enum class Origin : std::uint8_t { local, pushed, runtime };

// What is changed of an object at run time.
struct AppliedChanges {
    std::vector<std::string> paths;  // of the attributes
    dsl::SharedString by;            // the parent that changed them
    double paused_since = 0;         // see Modification
};

struct PlannedObject {
    // Never null; attributes with modifications applied. Holds the whole evaluation it comes from: to be let go with the plan.
    std::shared_ptr<const dsl::Object> object;
    dsl::SharedString parent;                       // who pushed or created it; empty: local
    double version = 0;                             // of the object or its modification; 0: never changed at run time
    std::shared_ptr<const AppliedChanges> changes;  // null: none, as of nearly all
    Origin origin = Origin::local;

    bool is_changed(std::string_view path) const noexcept;
    // "local", "pushed:master1", "runtime:master1"
    std::string origin_text() const;
};

struct Rejection {
    Reason reason = Reason::ok;
    std::string parent;
    std::string method;                    // "config::Update" or "config::UpdateObject"
    std::string object_type, object_name;  // empty: a statement, or a file as a whole
    std::string zone;
    std::string file;                      // "<zone>/<path as sent>"; empty for config::UpdateObject
    std::uint32_t line = 0;                // 0: none
    std::string detail;                    // one sentence for the operator
    std::string content;                   // the text as pushed
    std::optional<std::string> attribute;  // the one of a modification that is refused

    // What is said of it, its text aside: a rejection that is there again is not news.
    bool same_as(const Rejection& other) const;
};

struct Plan {
    std::vector<PlannedObject> objects;  // sorted by type (as committed) and name
    std::vector<Rejection> rejections;   // in the order found
    // A limit ended the evaluation, or the update as a whole is refused: the plan before this one
    // stays in force, `rejections` says why.
    bool failed = false;

    const PlannedObject* find(std::string_view type, std::string_view name) const noexcept;
};

// {"type","name","zone","origin","attrs"}: one object of `objects list`, defaults filled in.
json::Object object_json(const PlannedObject& object);

}  // namespace endpointd::policy
