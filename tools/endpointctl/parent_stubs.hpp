#pragma once
// What a parent has to know of the hosts and services that this node owns, so that it can take
// their results: a passive stub of each. Told from the objects of /v1/objects; nothing is said of commands,
// custom variables and groups. Pure; one use for one answer.

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "json/value.hpp"

namespace endpointd::ctl {

struct Stub {
    std::string host;
    std::string service;  // its short name; empty: the host itself
    std::string zone;
    std::vector<std::pair<std::string_view, json::Value>> attributes;  // in the order in which they are written
};

class ParentStubs {
public:
    // `zone`: this node's. `of_one_parent`: only what "results" of an object says that a parent may see.
    ParentStubs(std::string zone, bool of_one_parent) : zone_(std::move(zone)), of_one_parent_(of_one_parent) {}

    // One object of the answer; those of other types do not matter. False: it has not the shape of one.
    bool add(const json::Value& object);

    // Sorted: each host before its services. A host that the parent may not see but for a service of its own has
    // a stub that says nothing but its name.
    std::vector<Stub> stubs() const;

    // Hosts and services that have none.
    std::size_t of_parents() const noexcept { return of_parents_; }  // pushed or made by one: it has them
    std::size_t elsewhere() const noexcept { return elsewhere_; }    // in other zones
    std::size_t unseen() const noexcept { return unseen_; }

private:
    struct Host {
        std::optional<Stub> stub;  // none: it is no object of ours
        bool seen = true;
        std::map<std::string, Stub> services;
    };

    std::string zone_;
    bool of_one_parent_;
    std::map<std::string, Host> hosts_;
    std::size_t of_parents_ = 0, elsewhere_ = 0, unseen_ = 0;
};

// Icinga 2's language.
std::string icinga_text(const std::vector<Stub>& stubs);

// {"Host":[...],"Service":[...]}, each a body for the Director's REST API. What that has no property for is said in `notes`.
json::Value director_json(const std::vector<Stub>& stubs, std::vector<std::string>& notes);

}  // namespace endpointd::ctl
