#pragma once
// Netstrings: the frames of the protocol (protocol, 1.7). The reader is fed with
// whatever arrived and asked for payloads; an announced length reserves nothing,
// so it holds at most one payload and what was fed beyond it. One owner, one thread.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace endpointd::wire {

class NetstringReader {
public:
    // Payloads above `max_payload` bytes are refused as soon as their length is known.
    explicit NetstringReader(std::size_t max_payload) noexcept : max_payload_(max_payload) {}

    // Holds for every frame whose length has not been read yet: raise it when the peer has proved who it is.
    void set_max(std::size_t max_payload) noexcept { max_payload_ = max_payload; }

    // Takes a copy. Feed one read at a time and drain next() in between: that bounds the memory.
    void feed(std::string_view bytes);

    // The next whole payload; null: more bytes are needed. An error is for good
    // (framing is lost), names the rule that was broken, and is Errc::too_large
    // for the limit, Errc::malformed for the rest.
    Result<std::optional<std::string>> next();

    // True if a frame has begun and not ended: end of file here is an error as well.
    bool in_frame() const noexcept { return length_.has_value() || position_ < buffer_.size(); }

    // Bytes held now.
    std::size_t buffered() const noexcept { return buffer_.size() - position_; }

private:
    // Reads "123:" into length_; false: more bytes are needed.
    Result<bool> read_header();
    Error broken(Errc code, std::string text);
    void drop_consumed();

    std::size_t max_payload_;
    std::string buffer_;
    std::size_t position_ = 0;  // of the first byte of buffer_ that was not consumed
    std::optional<std::size_t> length_;
    std::optional<Error> error_;
};

// The frame of `payload`: its length without leading zeros, a colon, itself, a comma.
std::string netstring(std::string_view payload);

}  // namespace endpointd::wire
