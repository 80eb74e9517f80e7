#pragma once
// How the runner tells the starter why it ended. Constants; any thread.

namespace endpointd::exec {

// To be started again at once, without any backoff.
inline constexpr int kRestartStatus = 75;
// It could not load its configuration.
inline constexpr int kBadConfigStatus = 2;

}  // namespace endpointd::exec
