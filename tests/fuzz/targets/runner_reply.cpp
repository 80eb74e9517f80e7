// Invariant: any bytes are a reply or an error, and a reply that was read writes
// the same bytes again. The same for what a spawner answers.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "exec/protocol.hpp"
#include "exec/spawner.hpp"

using namespace endpointd;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    if (const auto reply = exec::decode_reply(bytes))
        if (exec::encode(*reply) != bytes) std::abort();
    if (const auto reply = exec::decode_spawn_reply(bytes))
        if (exec::encode(*reply) != bytes) std::abort();
    return 0;
}
