#pragma once
// The smallest change of caps.d, catalog.d or endpointd.json that would allow what a record says was
// refused. A change never names more than the record does: where a foreign name would be
// read as a pattern, there is none. Pure.

#include <cstdint>
#include <optional>
#include <string>

#include "json/value.hpp"
#include "policy/capability.hpp"

namespace endpointd::ctl {

struct Circumstances;

enum class Remedy : std::uint8_t {
    never,       // nothing may ever allow it
    none,        // no entry of caps.d or catalog.d is what is missing
    by_hand,     // the grant is the rule, and what to make of it is for people to say
    capability,  // the capability, or a command of its grant
    scope,       // hosts, services or zones of the grant
    type,        // types of the config grant
    attribute,   // attributes of it
    rate,        // the grant's rate
    entry,       // an entry of the catalog
    limit,       // a limit of the grant or of endpointd.json
    parameter,   // the rule of a parameter, or `tuples`
};

// A grant of `caps show`.
struct GrantInForce {
    policy::Capability capability = policy::Capability::results;
    std::string key;  // of caps.d: "master1", "zone:dmz"
    json::Object scope;
    json::Value rate;
    std::string source;
};

struct Cure {
    bool never = false;                 // of a remedy that can help: not in this case
    std::optional<GrantInForce> grant;  // the rule that decided, if a grant it was
    std::string rule, source;           // the rule, if it was another one
    std::string because;                // what keeps a change from being named; empty: nothing
    json::Value change;
    std::string opens;
};

Cure cure_of(Remedy remedy, const Circumstances& circumstances);

}  // namespace endpointd::ctl
