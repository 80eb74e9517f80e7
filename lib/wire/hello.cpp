#include "wire/hello.hpp"

namespace endpointd::wire {

Hello our_hello() { return {kVersion, kCapabilities}; }

std::string version_text(std::uint32_t version) {
    if (version == 0) return "unknown";
    return std::to_string(version / 10000) + "." + std::to_string(version / 100 % 100) + "." + std::to_string(version % 100);
}

}  // namespace endpointd::wire
