#pragma once
// The catalog entry that a refused command would need, made of what its parent pushed or
// asked for: a draft for somebody who will check each word of it, and never an entry
// that passes for a finished one. Pure.

#include <string>
#include <vector>

#include "json/value.hpp"

namespace endpointd::ctl {

struct Proposal {
    json::Object catalog;            // a catalog file; empty: there is nothing to propose
    std::string none;                // why there is nothing
    std::string missing;             // what an unfinished entry lacks (no catalog takes it); empty: it is a whole one
    std::vector<std::string> notes;  // what to look at, one sentence each, with foreign names in them
};

// `record` as in `audit show`; `entry` as in `catalog show`, null where the catalog has no command of that name.
Proposal propose(const json::Value& record, const json::Value& entry);

// What is not in `propose`'s hands: parameters that are taken from a message.
inline constexpr std::size_t kProposedParameters = 64;

}  // namespace endpointd::ctl
