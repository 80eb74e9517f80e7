#pragma once
// `audit why`: one sentence on what a record says, the rule behind it, and the smallest
// change of caps.d or catalog.d that would allow it, or that nothing does. One table by
// reason; the rest is filling in names. Pure: what is in force is handed in.

#include <optional>
#include <string>

#include "json/value.hpp"

namespace endpointd::ctl {

// What `audit show`, `caps show PARENT` and `catalog show COMMAND` answer; null where they know nothing.
struct Circumstances {
    json::Value record;
    json::Value caps;
    json::Value command;
};

struct Explanation {
    std::string sentence;
    std::string rule;                   // in words, or the scope of the grant as caps.d has it
    std::optional<std::string> source;  // where it stands: "caps.d/10-web.json:4"; none: it is built in, or the default (deny)
    json::Value change;                 // what to merge into a file of caps.d or catalog.d; null: no change of these would do
    std::optional<std::string> opens;   // what the change allows beside this one case
};

Explanation explain(const Circumstances& circumstances);

// {"id","sentence","rule","source","change","opens"}; `change` is JSON text.
json::Object why_json(const json::Value& record, const Explanation& explanation);

}  // namespace endpointd::ctl
