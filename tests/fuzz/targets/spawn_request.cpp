// Invariant: any bytes are a request to a spawner or an error; a request has one form, so
// what was read encodes to the same bytes, and it has an argv[0] and words within their bounds.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/limits.hpp"
#include "exec/spawner.hpp"

using namespace endpointd;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const auto request = exec::decode_spawn_request(bytes);
    if (!request) return 0;
    if (exec::encode(*request) != bytes) std::abort();
    if (request->argv.empty() || request->argv.size() > exec::kSpawnWords || request->env.size() > exec::kSpawnWords) std::abort();
    for (const auto* words : {&request->argv, &request->env})
        for (const std::string& word : *words)
            if (word.size() > limits::kArgvBytes || word.find('\0') != std::string::npos) std::abort();
    if (request->path.find('\0') != std::string::npos) std::abort();
    return 0;
}
