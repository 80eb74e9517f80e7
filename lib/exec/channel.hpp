#pragma once
// One end of a non-blocking SOCK_SEQPACKET pair that carries whole messages: a
// message larger than a packet travels in numbered pieces, up to a bound given
// when the channel is made. What cannot be sent at once waits in order. The
// channel owns its socket and belongs to one thread; who waits for the socket to
// become readable or writable (epoll, Asio) is its owner's affair.

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "exec/fd_pass.hpp"

namespace endpointd::exec {

// Bytes before a piece: its number and how many there are.
inline constexpr std::size_t kPieceHeader = 2 * sizeof(std::uint32_t);
inline constexpr std::size_t kPieceBytes = kPacketBytes - kPieceHeader;

// Puts pieces together again. Pure; fuzzed.
class Assembler {
public:
    explicit Assembler(std::size_t most) : most_(most) {}
    // The message, when `packet` was its last piece. Errc::malformed: out of order;
    // too_large: the pieces announced cannot stay below the bound.
    Result<std::optional<std::string>> take(std::string_view packet);

private:
    std::size_t most_;
    std::uint32_t next_ = 0;
    std::uint32_t count_ = 0;
    std::string bytes_;
};

struct ChannelMessage {
    std::string bytes;
    std::vector<UniqueFd> fds;
};

class Channel {
public:
    // Messages received may have `most_bytes` and `most_fds` (with their last piece).
    Channel(UniqueFd socket, std::size_t most_bytes, std::size_t most_fds = 0);

    int fd() const noexcept { return socket_.get(); }

    // Sends, or keeps what the socket does not take yet. The descriptors travel
    // with the last piece. Errors mean that the other end is gone.
    Result<void> send(std::string_view message, std::vector<UniqueFd> fds = {});
    // To be called when the socket is writable and waiting() is true.
    Result<void> flush();
    bool waiting() const noexcept { return !pending_.empty(); }
    std::size_t waiting_bytes() const noexcept { return pending_bytes_; }

    struct Received {
        enum class State { message, nothing, closed };
        State state = State::nothing;
        ChannelMessage message;
    };
    // The next whole message, as long as the socket has one.
    Result<Received> receive();

private:
    struct Pending {
        std::string bytes;
        std::vector<UniqueFd> fds;
    };
    Result<Sent> try_send(std::string_view packet, const std::vector<UniqueFd>& fds) const;

    UniqueFd socket_;
    std::size_t most_fds_;
    Assembler assembler_;
    std::vector<UniqueFd> fds_;
    std::deque<Pending> pending_;
    std::size_t pending_bytes_ = 0;
    std::unique_ptr<PacketBuffer> buffer_;
};

}  // namespace endpointd::exec
