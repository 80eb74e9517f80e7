#pragma once
// What a plugin finds in its environment: our own few variables and those of its
// catalog entry, nothing inherited. Pure; any thread.

#include <cstdint>
#include <string>
#include <vector>

namespace endpointd::exec {

// `own` are the entry's, as "NAME=VALUE"; they go before ours of the same name,
// except for the mark of the run (see exec/orphans.hpp).
std::vector<std::string> environment_for(std::uint64_t run, const std::vector<std::string>& own);

}  // namespace endpointd::exec
