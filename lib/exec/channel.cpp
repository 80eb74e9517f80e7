#include "exec/channel.hpp"

#include <array>
#include <cstring>

namespace endpointd::exec {

Result<std::optional<std::string>> Assembler::take(std::string_view packet) {
    std::uint32_t number = 0;
    std::uint32_t count = 0;
    if (packet.size() < kPieceHeader) return fail(Errc::malformed, "a packet without a piece's header");
    std::memcpy(&number, packet.data(), sizeof number);
    std::memcpy(&count, packet.data() + sizeof number, sizeof count);
    packet.remove_prefix(kPieceHeader);
    const bool first = next_ == 0;
    if (number != next_ || count == 0 || (!first && count != count_)) return fail(Errc::malformed, "a piece out of order");
    // Every piece but the last is full, so the number of pieces bounds the size.
    const bool last = number + 1 == count;
    if (packet.size() > kPieceBytes || (!last && packet.size() != kPieceBytes)) return fail(Errc::malformed, "a piece of a wrong size");
    if (std::size_t{count - 1} * kPieceBytes > most_ || bytes_.size() + packet.size() > most_)
        return fail(Errc::too_large, "a message larger than " + std::to_string(most_) + " bytes");
    bytes_.append(packet);
    count_ = count;
    next_ = number + 1;
    if (!last) return std::optional<std::string>();
    next_ = 0;
    std::optional<std::string> whole(std::move(bytes_));
    bytes_.clear();
    return whole;
}

Channel::Channel(UniqueFd socket, std::size_t most_bytes, std::size_t most_fds)
    : socket_(std::move(socket)), most_fds_(most_fds), assembler_(most_bytes), buffer_(std::make_unique<PacketBuffer>()) {}

Result<Sent> Channel::try_send(std::string_view packet, const std::vector<UniqueFd>& fds) const {
    std::array<int, kPacketFds> numbers{};
    EP_ASSERT(fds.size() <= numbers.size());
    for (std::size_t i = 0; i < fds.size(); ++i) numbers[i] = fds[i].get();
    return send_packet(socket_.get(), packet, std::span<const int>(numbers.data(), fds.size()));
}

Result<void> Channel::send(std::string_view message, std::vector<UniqueFd> fds) {
    const std::size_t pieces = message.empty() ? 1 : (message.size() + kPieceBytes - 1) / kPieceBytes;
    for (std::size_t i = 0; i < pieces; ++i) {
        const std::string_view part = message.substr(i * kPieceBytes, kPieceBytes);
        const std::array<std::uint32_t, 2> header{static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(pieces)};
        std::string packet(reinterpret_cast<const char*>(header.data()), kPieceHeader);
        packet.append(part);
        std::vector<UniqueFd> with;
        if (i + 1 == pieces) with = std::move(fds);
        if (!waiting()) {
            auto sent = try_send(packet, with);
            if (!sent) return sent.error();
            if (*sent == Sent::yes) continue;
        }
        pending_bytes_ += packet.size();
        pending_.push_back({std::move(packet), std::move(with)});
    }
    return {};
}

Result<void> Channel::flush() {
    while (waiting()) {
        auto sent = try_send(pending_.front().bytes, pending_.front().fds);
        if (!sent) return sent.error();
        if (*sent == Sent::would_block) break;
        pending_bytes_ -= pending_.front().bytes.size();
        pending_.pop_front();
    }
    return {};
}

Result<Channel::Received> Channel::receive() {
    for (;;) {
        auto packet = receive_packet(socket_.get(), *buffer_, most_fds_);
        if (!packet) return packet.error();
        if (packet->state == Packet::State::nothing) return Received{};
        if (packet->state == Packet::State::closed) return Received{Received::State::closed, {}};
        for (UniqueFd& fd : packet->fds) fds_.push_back(std::move(fd));
        if (fds_.size() > most_fds_) return fail(Errc::malformed, "a message with too many descriptors");
        auto whole = assembler_.take(packet->bytes);
        if (!whole) return whole.error();
        if (!*whole) continue;
        Received received{Received::State::message, {std::move(**whole), std::move(fds_)}};
        fds_.clear();
        return received;
    }
}

}  // namespace endpointd::exec
