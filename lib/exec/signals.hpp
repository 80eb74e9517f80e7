#pragma once
// Starter, runner and spawners end when their sockets close and by nothing else:
// a terminal's Ctrl-C or a supervisor's SIGTERM to the whole group is the daemon's
// to answer, which gives running plugins their time. Called once, while the
// process is single-threaded.

namespace endpointd::exec {

// Puts every signal's action back to its default and blocks them all. Blocked and
// not ignored, because an ignored signal would stay ignored in every plugin.
void block_all_signals() noexcept;

}  // namespace endpointd::exec
