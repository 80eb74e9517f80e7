#pragma once
// Whether what a Host or Service says about commands can be run here: the commands are
// in the local catalog, the node that runs them is this one, and the values that are
// known already keep the rules of the parameters. The run asks the catalog again.
// Internal to the filter; one thread.

#include <optional>
#include <string>

#include "catalog/catalog.hpp"
#include "dsl/evaluation.hpp"
#include "policy/check_macros.hpp"
#include "policy/method_capability.hpp"
#include "policy/rights.hpp"

namespace endpointd::policy {

class CommandUse {
public:
    CommandUse(const catalog::Catalog& catalog, std::string_view node) : catalog_(catalog), node_(node) {}

    // `host`: of a Service. Everything but Host and Service is well.
    std::optional<Objection> judge(const dsl::Object& object, const dsl::Object* host);

private:
    std::optional<Objection> judge_name(const dsl::Object& object, std::string_view attribute, CommandType type) const;
    std::optional<Objection> judge_parameters(const catalog::Command& command, const dsl::Object& object, const dsl::Object* host);

    const catalog::Catalog& catalog_;
    std::string node_;
    CheckMacros macros_;
};

}  // namespace endpointd::policy
