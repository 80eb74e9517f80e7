// endpointctl: everything an operator does. Talks to the daemon over its admin
// socket, and needs none for what it can judge by itself.

#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "commands.hpp"

int main(int argc, char** argv) {
    const char* const no_color = std::getenv("NO_COLOR");
    const bool color = ::isatty(STDOUT_FILENO) == 1 && !(no_color && *no_color);
    const endpointd::SystemClock clock;
    const int status = endpointd::ctl::run(std::vector<std::string>(argv + 1, argv + argc), std::cout, std::cerr, clock, color);
    std::cout.flush();
    if (!std::cout) {
        std::cerr << "endpointctl: output: cannot be written\n";
        return status == 0 ? 2 : status;
    }
    return status;
}
