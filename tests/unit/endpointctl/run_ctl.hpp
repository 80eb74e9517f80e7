#pragma once
// Runs endpointctl in process: its exit status and what it printed.

#include <sstream>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "commands.hpp"

namespace endpointd::test {

struct Ran {
    int status = 0;
    std::string out;
    std::string err;
};

inline Ran run_ctl(std::vector<std::string> arguments) {
    std::ostringstream out, err;
    const SystemClock clock;
    const int status = ctl::run(std::move(arguments), out, err, clock, false);
    return {status, out.str(), err.str()};
}

}  // namespace endpointd::test
