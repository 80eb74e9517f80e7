#pragma once
// Wrappers: entries that take an inner command as the name of another entry. The
// wrapper's process starts the inner plugin, so the inner command runs with what
// the wrapper has and not with what its own entry says; which commands that is
// harmless for is decided here. Pure; any thread.

#include <optional>
#include <string>

#include "catalog/command.hpp"

namespace endpointd::catalog {

// Why `inner` may not run inside `wrapper`, as the end of a sentence about the
// inner command; none: it may. Both are of one catalog.
std::optional<std::string> why_not_inside(const Command& wrapper, const Command& inner);

}  // namespace endpointd::catalog
