#include "exec/channel.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>

namespace endpointd::exec {
namespace {

std::string piece(std::uint32_t number, std::uint32_t count, std::string_view bytes) {
    std::string packet(kPieceHeader, '\0');
    std::memcpy(packet.data(), &number, sizeof number);
    std::memcpy(packet.data() + sizeof number, &count, sizeof count);
    return packet.append(bytes);
}

std::size_t open_descriptors() {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
    return count;
}

UniqueFd some_fd() { return UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC)); }

// Sends raw bytes with raw descriptors, as somebody would who is not one of ours.
void send_raw(int socket, std::string_view bytes, const std::vector<int>& fds) {
    iovec part{const_cast<char*>(bytes.data()), bytes.size()};
    std::vector<char> control(CMSG_SPACE(sizeof(int) * fds.size()));
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (!fds.empty()) {
        message.msg_control = control.data();
        message.msg_controllen = control.size();
        cmsghdr* header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int) * fds.size());
        std::memcpy(CMSG_DATA(header), fds.data(), sizeof(int) * fds.size());
    }
    ASSERT_EQ(::sendmsg(socket, &message, MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
}

TEST(Assembler, PutsPiecesTogetherInOrder) {
    Assembler assembler(3 * kPieceBytes);
    const std::string full(kPieceBytes, 'a');
    EXPECT_FALSE(assembler.take(piece(0, 3, full))->has_value());
    EXPECT_FALSE(assembler.take(piece(1, 3, full))->has_value());
    EXPECT_EQ(**assembler.take(piece(2, 3, "end")), full + full + "end");
    EXPECT_EQ(**assembler.take(piece(0, 1, "next")), "next");
}

TEST(Assembler, RefusesWhatIsOutOfOrder) {
    const std::string full(kPieceBytes, 'a');
    EXPECT_EQ(Assembler(1000).take("short").error().code, Errc::malformed);
    EXPECT_EQ(Assembler(1000).take(piece(1, 2, "x")).error().code, Errc::malformed);
    EXPECT_EQ(Assembler(1000).take(piece(0, 0, "x")).error().code, Errc::malformed);
    Assembler skips(3 * kPieceBytes);
    ASSERT_TRUE(skips.take(piece(0, 3, full)).has_value());
    EXPECT_EQ(skips.take(piece(2, 3, "x")).error().code, Errc::malformed);
    Assembler changes(3 * kPieceBytes);
    ASSERT_TRUE(changes.take(piece(0, 3, full)).has_value());
    EXPECT_EQ(changes.take(piece(1, 2, "x")).error().code, Errc::malformed);
    EXPECT_EQ(Assembler(3 * kPieceBytes).take(piece(0, 2, "not full")).error().code, Errc::malformed);
}

TEST(Assembler, HoldsItsBoundBeforeItHoldsBytes) {
    EXPECT_EQ(Assembler(10).take(piece(0, 1, "eleven bytes")).error().code, Errc::too_large);
    EXPECT_EQ(Assembler(10).take(piece(0, 1'000'000, std::string(kPieceBytes, 'a'))).error().code, Errc::too_large);
    EXPECT_EQ(**Assembler(10).take(piece(0, 1, "ten bytes!")), "ten bytes!");
}

class ChannelTest : public testing::Test {
protected:
    ChannelTest() : pair_(*make_socket_pair(true)) {}
    SocketPair pair_;
};

TEST_F(ChannelTest, CarriesLargeMessagesWithTheirDescriptors) {
    Channel left(std::move(pair_.ours), 100, 0);
    Channel right(std::move(pair_.theirs), 4 * 1024 * 1024, 2);
    const std::string large(3 * 1024 * 1024 + 17, 'x');
    std::vector<UniqueFd> fds;
    fds.push_back(some_fd());
    fds.push_back(some_fd());
    ASSERT_TRUE(left.send(large, std::move(fds)).has_value());
    ASSERT_TRUE(left.send("small").has_value());
    EXPECT_TRUE(left.waiting()) << "more than a socket's buffer";
    Channel::Received received;
    while (received.state != Channel::Received::State::message) {
        received = *right.receive();
        ASSERT_TRUE(left.flush().has_value());
    }
    EXPECT_EQ(received.message.bytes, large);
    ASSERT_EQ(received.message.fds.size(), 2U);
    EXPECT_NE(::fcntl(received.message.fds[0].get(), F_GETFD) & FD_CLOEXEC, 0);
    EXPECT_EQ(left.waiting_bytes(), 0U);
    EXPECT_EQ(right.receive()->message.bytes, "small");
    EXPECT_EQ(right.receive()->state, Channel::Received::State::nothing);
}

TEST_F(ChannelTest, SaysThatTheOtherEndIsGone) {
    Channel left(std::move(pair_.ours), 100);
    pair_.theirs.reset();
    EXPECT_EQ(left.receive()->state, Channel::Received::State::closed);
    EXPECT_EQ(left.send("x").error().code, Errc::unavailable);
}

TEST_F(ChannelTest, ClosesDescriptorsThatNobodyAskedFor) {
    Channel left(std::move(pair_.ours), 100, 0);
    const UniqueFd fd = some_fd();
    const std::size_t before = open_descriptors();
    send_raw(pair_.theirs.get(), piece(0, 1, "x"), {fd.get()});
    EXPECT_EQ(left.receive().error().code, Errc::malformed);
    EXPECT_EQ(open_descriptors(), before);
}

TEST_F(ChannelTest, ClosesThemAllWhenThereAreTooMany) {
    Channel left(std::move(pair_.ours), 100, 2);
    const UniqueFd fd = some_fd();
    const std::size_t before = open_descriptors();
    send_raw(pair_.theirs.get(), piece(0, 1, "x"), std::vector<int>(3, fd.get()));
    EXPECT_EQ(left.receive().error().code, Errc::malformed);
    EXPECT_EQ(open_descriptors(), before);
    send_raw(pair_.theirs.get(), piece(0, 1, "x"), std::vector<int>(100, fd.get()));
    EXPECT_EQ(left.receive().error().code, Errc::malformed);
    EXPECT_EQ(open_descriptors(), before);
}

TEST_F(ChannelTest, RefusesAPacketThatWasCut) {
    Channel left(std::move(pair_.ours), 1024 * 1024);
    send_raw(pair_.theirs.get(), piece(0, 1, std::string(kPacketBytes, 'x')), {});
    EXPECT_EQ(left.receive().error().code, Errc::malformed);
}

}  // namespace
}  // namespace endpointd::exec
