#pragma once
// Who sent a message: the authority every decision is made with. Made by the
// connection from a proved identity and nothing else; a plain value.

#include <cstdint>
#include <string>

#include "base/clock.hpp"

namespace endpointd::cluster {

struct Sender {
    std::string endpoint;          // the CN of its certificate, which is an Endpoint of zones.d
    std::uint64_t connection = 0;  // answers go back this way while it is open
    SteadyTime received{};         // when the message came
};

}  // namespace endpointd::cluster
