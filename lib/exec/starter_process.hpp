#pragma once
// What runs in endpointd-starter: it starts the runner and the launcher beside it,
// starts them again when the runner died, and kills what a dead runner left behind.
// It takes two requests and no argument: start the runner anew, open endpointd.json.
// It ends, and the others with it, when the daemon's end of its socket closes. With
// the launcher it is all of ours that runs as root: no JSON, no catalog, no network,
// one thread.

#include "base/unique_fd.hpp"
#include "exec/starter_config.hpp"

namespace endpointd::exec {

// Serves `daemon` until it closes; the exit status of the process.
int run_starter(StarterConfig config, UniqueFd daemon);

}  // namespace endpointd::exec
