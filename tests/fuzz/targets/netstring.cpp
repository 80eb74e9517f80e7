// Any bytes, cut into pieces whose size the first byte says. Invariant: the same
// frames and the same end however they are cut; no payload above the limit; what
// is held is bounded by what was fed; framing the payloads again gives the bytes
// they were read from.

#include <cstdint>
#include <string>
#include <vector>

#include "base/assert.hpp"
#include "wire/netstring.hpp"

namespace {

using namespace endpointd;

constexpr std::size_t kMost = 4096;

struct Outcome {
    std::vector<std::string> payloads;
    std::string error;
    bool operator==(const Outcome&) const = default;
};

Outcome read(std::string_view bytes, std::size_t piece) {
    wire::NetstringReader reader(kMost);
    Outcome outcome;
    for (std::size_t at = 0; at < bytes.size() && outcome.error.empty(); at += piece) {
        reader.feed(bytes.substr(at, piece));
        for (;;) {
            auto frame = reader.next();
            if (!frame) {
                outcome.error = frame.error().text;
                EP_ASSERT(reader.next().has_error());
                break;
            }
            if (!*frame) break;
            EP_ASSERT((*frame)->size() <= kMost);
            outcome.payloads.push_back(std::move(**frame));
        }
        EP_ASSERT(reader.buffered() <= kMost + piece);
    }
    return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    if (bytes.empty()) return 0;
    const Outcome whole = read(bytes, bytes.size());
    EP_ASSERT(read(bytes, static_cast<std::size_t>(data[0]) + 1) == whole);
    EP_ASSERT(read(bytes, 1) == whole);
    std::string framed;
    for (const std::string& payload : whole.payloads) framed += wire::netstring(payload);
    EP_ASSERT(bytes.starts_with(framed));
    return 0;
}
