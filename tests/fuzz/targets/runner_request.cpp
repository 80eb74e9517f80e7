// Invariant: any bytes are a request or an error; a request that was read can be
// written again, and what was written reads as the same. Pieces in any order make
// a message within its bound or an error.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "exec/channel.hpp"
#include "exec/protocol.hpp"

using namespace endpointd;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    if (const auto request = exec::decode_request(bytes)) {
        const auto once = exec::encode(*request);
        // Only names of parameters and commands within their bounds are read.
        if (!once) std::abort();
        const auto again = exec::decode_request(*once);
        if (!again || *exec::encode(*again) != *once) std::abort();
    }
    constexpr std::size_t kMost = 3 * exec::kPieceBytes;
    exec::Assembler assembler(kMost);
    // The first byte of each part is its length: many packets out of one input.
    for (std::string_view rest = bytes; !rest.empty();) {
        const std::size_t length = static_cast<unsigned char>(rest.front());
        rest.remove_prefix(1);
        const auto whole = assembler.take(rest.substr(0, length));
        if (!whole) break;
        if (*whole && (*whole)->size() > kMost) std::abort();
        rest.remove_prefix(std::min(length, rest.size()));
    }
    return 0;
}
