#pragma once
// What daemon and starter program agree on before they talk. Plain values; any thread.

#include <optional>
#include <string>

#include "exec/confine.hpp"

namespace endpointd::exec {

struct StarterConfig {
    std::string config_dir;
    std::string state_dir;
    std::string run_dir;
    std::string runner;   // path of endpointd-runner; see program_beside_us
    std::string starter;  // path of endpointd-starter
    // Started as root: whom the runner runs as. None: nobody is root here.
    std::optional<User> user = {};
};

}  // namespace endpointd::exec
