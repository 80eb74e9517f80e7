#pragma once
// What one parent's `config` grants let it push, asked object by object: types, zones,
// hosts and services, attributes, intervals and numbers. Either of the endpoint's and
// its zone's grant may allow. Internal to the filter; belongs to the evaluation thread.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "dsl/evaluation.hpp"
#include "dsl/zones.hpp"
#include "policy/grants.hpp"
#include "policy/subject.hpp"

namespace endpointd::policy {

// Why something is not taken: the code, and one sentence for the operator.
struct Objection {
    Reason reason = Reason::ok;
    std::string detail;
    std::string attribute = {};  // that it is about ("check_interval", "vars.x"); empty: the object
};

// The `config` grants of one parent that need no signature.
struct ParentRights {
    std::string zone;                  // the parent's own; empty: not in zones.d
    std::vector<const Grant*> grants;  // the endpoint's own first; valid as long as the Grants
    std::optional<Objection> refusal;  // why there is none
};
ParentRights rights_of(std::string_view parent, const Grants& grants, const dsl::Topology& topology);

// Why nothing may be configured in this zone: it is unknown, or neither our own, below it, nor global. An
// empty name is our own zone.
std::optional<std::string> why_not_ours(std::string_view zone, const dsl::Topology& topology);

class Rights {
public:
    Rights(const Grants& grants, const dsl::Topology& topology) : grants_(grants), topology_(topology) {}

    const ParentRights& of(const std::string& parent);
    const Grants& grants() const noexcept { return grants_; }
    const dsl::Topology& topology() const noexcept { return topology_; }

    // May `parent` push this object? If so, it counts as one of max_objects.
    std::optional<Objection> take(const std::string& parent, const dsl::Object& object);
    // What was taken last is refused for another reason: it does not count.
    void give_back();
    // May `parent` change `attribute` ("vars.x") of this object, which it need not have pushed? `object` has the
    // new value already.
    std::optional<Objection> change(const std::string& parent, const dsl::Object& object, std::string_view attribute);

private:
    // How far a grant gets with an object before it says no: the objection of the one that gets furthest is shown.
    struct Judged {
        int stage = 0;
        std::optional<Objection> objection;
    };
    struct State {
        std::uint64_t objects = 0;
        std::unordered_map<std::string, bool> attributes;  // by path: is it covered
    };

    Judged judge(const Grant& grant, const dsl::Object& object, const Subject& subject, std::optional<std::string_view> attribute);
    bool covers_attribute(const Grant& grant, const std::string& path);
    std::optional<std::string> uncovered(const Grant& grant, const dsl::Object& object);

    const Grants& grants_;
    const dsl::Topology& topology_;
    std::map<std::string, ParentRights, std::less<>> parents_;
    std::unordered_map<const Grant*, State> states_;
    const Grant* last_ = nullptr;  // that took an object
};

}  // namespace endpointd::policy
