#pragma once
// Packets with descriptors over a SOCK_SEQPACKET socket: an exact number of them
// or none, extras closed, a cut packet or ancillary part refused, close-on-exec
// from the moment they arrive. Every packet is smaller than 64 KiB. Stateless;
// any thread that owns the socket.

#include <array>
#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace endpointd::exec {

// Bytes of one packet: below 64 KiB, so that a socket's default buffer holds several.
inline constexpr std::size_t kPacketBytes = 60 * 1024;
// Descriptors of one packet: a program, its output, and the secrets passed to it.
inline constexpr std::size_t kPacketFds = 18;

enum class Sent { yes, would_block };

// Sends one packet; the descriptors stay the caller's. Errc::unavailable when the
// other end is gone, io otherwise. Blocks only if the socket does.
Result<Sent> send_packet(int socket, std::string_view bytes, std::span<const int> fds = {});

struct Packet {
    enum class State { packet, nothing, closed };  // nothing: a non-blocking socket has none
    State state = State::nothing;
    std::string_view bytes;  // into `buffer` of the receiver
    std::vector<UniqueFd> fds;
};

using PacketBuffer = std::array<char, kPacketBytes>;

// Receives one packet into `buffer`. A packet that is larger, or carries another
// number of descriptors than `fds` allows, is Errc::malformed (its descriptors
// are closed): the peer is not one of ours.
Result<Packet> receive_packet(int socket, PacketBuffer& buffer, std::size_t most_fds = 0);

// A connected pair, close-on-exec. `non_blocking` is for both ends.
struct SocketPair {
    UniqueFd ours;
    UniqueFd theirs;
};
Result<SocketPair> make_socket_pair(bool non_blocking);

}  // namespace endpointd::exec
