// Any bytes as a peer's stream: frames, JSON, typed messages. The first byte says
// how the stream is cut. Invariant: no crash, every payload has an outcome, a
// refusal has words, and a message that we can write ourselves is the same after
// writing and reading it again.

#include <cstdint>
#include <string>

#include "base/assert.hpp"
#include "base/limits.hpp"
#include "json/document.hpp"
#include "wire/decode.hpp"
#include "wire/encode.hpp"
#include "wire/netstring.hpp"

namespace {

using namespace endpointd;

template <class T>
void same_again(const T& message, const std::string& text) {
    const auto root = json::parse(text);
    EP_ASSERT(root.has_value());
    const auto again = wire::decode(*root);
    const auto* incoming = std::get_if<wire::Incoming>(&again);
    EP_ASSERT(incoming != nullptr && std::get<T>(incoming->message) == message);
}

void handle(const std::string& payload) {
    const auto root = json::parse(payload);
    if (!root) {
        EP_ASSERT(!root.error().text.empty());
        return;
    }
    const auto result = wire::decode(*root);
    if (const auto* malformed = std::get_if<wire::Malformed>(&result)) EP_ASSERT(!malformed->what.empty());
    const auto* incoming = std::get_if<wire::Incoming>(&result);
    if (!incoming) return;
    const wire::Message& message = incoming->message;
    if (const auto* hello = std::get_if<wire::Hello>(&message)) {
        // Without a version we write no capabilities either, as a peer that old.
        if (hello->version) same_again(*hello, wire::encode(*hello));
    } else if (const auto* position = std::get_if<wire::SetLogPosition>(&message)) {
        same_again(*position, wire::encode(*position));
    } else if (const auto* executed = std::get_if<wire::ExecutedCommand>(&message)) {
        same_again(*executed, wire::encode(*executed));
    }
    std::visit(
        [&](const auto& relayed) {
            if constexpr (requires { wire::encode(relayed, wire::Relayed{}); })
                same_again(relayed, wire::encode(relayed, {incoming->ts, incoming->origin_zone.value_or("")}));
        },
        message);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    const std::size_t piece = static_cast<std::size_t>(data[0]) + 1;
    wire::NetstringReader reader(limits::kAnonymousMessage);
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
        reader.feed(bytes.substr(at, piece));
        for (;;) {
            auto frame = reader.next();
            if (!frame) return 0;
            if (!*frame) break;
            handle(**frame);
        }
    }
    return 0;
}
