#include "exec/fd_pass.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace endpointd::exec {

Result<Sent> send_packet(int socket, std::string_view bytes, std::span<const int> fds) {
    EP_ASSERT(bytes.size() <= kPacketBytes && !bytes.empty() && fds.size() <= kPacketFds);
    iovec part{const_cast<char*>(bytes.data()), bytes.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * kPacketFds)> control{};
    if (!fds.empty()) {
        message.msg_control = control.data();
        message.msg_controllen = CMSG_SPACE(fds.size_bytes());
        cmsghdr* header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(fds.size_bytes());
        std::memcpy(CMSG_DATA(header), fds.data(), fds.size_bytes());
    }
    for (;;) {
        if (::sendmsg(socket, &message, MSG_NOSIGNAL) >= 0) return Sent::yes;
        if (errno == EINTR) continue;
        if (errno == EAGAIN || errno == ENOBUFS) return Sent::would_block;
        Error error = system_error("send", errno);
        if (errno == EPIPE || errno == ECONNRESET) error.code = Errc::unavailable;
        return error;
    }
}

Result<Packet> receive_packet(int socket, PacketBuffer& buffer, std::size_t most_fds) {
    iovec part{buffer.data(), buffer.size()};
    // Room for more than is allowed, so that extras arrive and can be closed.
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * kPacketFds * 2)> control;
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    ssize_t got = 0;
    do got = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_TRUNC);
    while (got < 0 && errno == EINTR);
    if (got < 0 && errno == EAGAIN) return Packet{};
    if (got < 0 && errno == ECONNRESET) return Packet{Packet::State::closed, {}, {}};
    if (got < 0) return system_error("receive", errno);

    Packet packet;
    bool foreign = false;
    for (cmsghdr* header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS || header->cmsg_len < CMSG_LEN(0)) {
            foreign = true;
            continue;
        }
        const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(header) + i * sizeof fd, sizeof fd);
            packet.fds.emplace_back(fd);
        }
    }
    if (foreign || packet.fds.size() > most_fds || (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0 ||
        static_cast<std::size_t>(got) > buffer.size())
        return fail(Errc::malformed, "a packet that is too large or carries descriptors it may not carry");
    // An empty packet is no packet of ours: on a SEQPACKET socket it cannot be told from the end.
    packet.state = got == 0 ? Packet::State::closed : Packet::State::packet;
    packet.bytes = std::string_view(buffer.data(), static_cast<std::size_t>(got));
    return packet;
}

Result<SocketPair> make_socket_pair(bool non_blocking) {
    std::array<int, 2> fds{};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | (non_blocking ? SOCK_NONBLOCK : 0), 0, fds.data()) != 0)
        return system_error("socketpair", errno);
    return SocketPair{UniqueFd(fds[0]), UniqueFd(fds[1])};
}

}  // namespace endpointd::exec
