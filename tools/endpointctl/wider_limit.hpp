#pragma once
// The next wider form of what refused a request: a limit of its grant or of endpointd.json, the rule of a
// parameter, the list of combinations. Never wider than the record asks, or nothing. Pure.

#include <optional>
#include <string>
#include <string_view>

#include "json/value.hpp"

namespace endpointd::ctl {

struct WiderLimit {
    std::string name;     // "max_objects", "eval_steps"
    json::Value value;    // what it would have to be
    std::string opens;    // "may then ...", or what it costs
    bool grants = false;  // a member of the grant's scope; otherwise of `limits` in endpointd.json
};

// Only limits that the record's own `detail` names are told. `scope` is that of the grant in force, empty where there is none.
std::optional<WiderLimit> wider_limit(std::string_view detail, const json::Object& scope);

// A combination for `tuples`: of what was sent (`macros`), the entry's own parameters and the defaults of
// those that were not sent. None: a value is one that nobody should propose.
std::optional<json::Object> sent_tuple(const json::Value& entry, const json::Value& macros);

// Makes a parameter's rule (`pattern` or `enum`) the rule and this one text besides. False: nobody should.
bool widened(json::Object& rule, const json::Value& value);

}  // namespace endpointd::ctl
