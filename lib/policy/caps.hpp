#pragma once
// caps.d to Grants: shape by schema/caps.schema.json, meaning here. Pure; any thread.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/findings.hpp"
#include "policy/grants.hpp"

namespace endpointd::dsl {
class Topology;
}

namespace endpointd::policy {

// What names in caps.d can mean. A name that matches nothing is only a warning:
// the host it is for may come tomorrow. Null or unset: not known, so nothing is said.
struct KnownNames {
    const dsl::Topology* topology = nullptr;
    std::optional<std::vector<std::string>> commands;  // of the catalog
};

// `files`: caps.d in lexical order. A parent's same capability in two files is an
// error. Every error and warning goes to `findings`; none is returned if there was
// an error.
std::optional<Grants> load_caps(const std::vector<SourceFile>& files, const KnownNames& known, Findings& findings);

// The types that `config` may be granted for, and those it means without `types`.
std::span<const std::string_view> grantable_types() noexcept;

}  // namespace endpointd::policy
