#pragma once
// In every plugin's environment stands which run it belongs to, for processes that
// have left its group while it still runs. Stateless; any thread.

#include <sys/types.h>

#include <cstdint>
#include <optional>

namespace endpointd::exec {

inline constexpr const char* kRunVariable = "ENDPOINTD_RUN";

// What the process's environment says; none where it says nothing, or may not be
// looked at.
std::optional<std::uint64_t> marked_run(pid_t pid);

}  // namespace endpointd::exec
