#include "net/dial.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "run_on.hpp"

namespace endpointd::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using std::chrono::milliseconds;

Result<tcp::socket> dialled(asio::io_context& io, const std::string& host, std::uint16_t port, milliseconds patience) {
    std::optional<Result<tcp::socket>> result;
    test::run_on(io, [&]() -> asio::awaitable<void> { result.emplace(co_await dial(host, port, patience)); }());
    return std::move(*result);
}

TEST(Dial, ReachesALiteralAddress) {
    asio::io_context io;
    tcp::acceptor acceptor(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    const auto socket = dialled(io, "127.0.0.1", acceptor.local_endpoint().port(), std::chrono::seconds(10));
    ASSERT_TRUE(socket) << socket.error().text;
    EXPECT_EQ(socket->remote_endpoint(), acceptor.local_endpoint());
    tcp::no_delay no_delay;
    asio::socket_base::keep_alive keep_alive;
    socket->get_option(no_delay);
    socket->get_option(keep_alive);
    EXPECT_TRUE(no_delay.value());
    EXPECT_TRUE(keep_alive.value());
}

TEST(Dial, TriesEveryAddressOfAName) {
    // `localhost` may be ::1 first; we listen on 127.0.0.1 only.
    asio::io_context io;
    tcp::acceptor acceptor(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    const auto socket = dialled(io, "localhost", acceptor.local_endpoint().port(), std::chrono::seconds(10));
    EXPECT_TRUE(socket) << socket.error().text;
}

TEST(Dial, NamesTheAddressAndTheReason) {
    asio::io_context io;
    tcp::acceptor acceptor(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    const std::uint16_t port = acceptor.local_endpoint().port();
    acceptor.close();
    const auto socket = dialled(io, "127.0.0.1", port, std::chrono::seconds(10));
    ASSERT_FALSE(socket);
    EXPECT_EQ(socket.error().code, Errc::unavailable);
    EXPECT_EQ(socket.error().text, "cannot connect to port " + std::to_string(port) + " of '127.0.0.1': 127.0.0.1: Connection refused");
}

TEST(Dial, AHostThatIsNoNameIsNotFound) {
    // Malformed on purpose: no name server is asked for it.
    asio::io_context io;
    const auto socket = dialled(io, "a..b", 5665, std::chrono::seconds(30));
    ASSERT_FALSE(socket);
    EXPECT_EQ(socket.error().code, Errc::not_found);
    EXPECT_THAT(socket.error().text, testing::StartsWith("cannot resolve 'a..b': "));
}

TEST(Dial, GivesUpOnAPeerThatDoesNotAnswer) {
    // A full backlog drops what comes next, as a firewall would.
    asio::io_context io;
    tcp::acceptor acceptor(io, tcp::v4());
    acceptor.bind(tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    acceptor.listen(0);
    std::vector<tcp::socket> filling;
    for (int at = 0; at < 4; ++at) {
        // Asio's own connect would wait for the answer that the later ones never get.
        tcp::socket& socket = filling.emplace_back(io, tcp::v4());
        socket.native_non_blocking(true);
        const tcp::endpoint where = acceptor.local_endpoint();
        ::connect(socket.native_handle(), where.data(), static_cast<socklen_t>(where.size()));
    }
    const auto socket = dialled(io, "127.0.0.1", acceptor.local_endpoint().port(), milliseconds(30));
    ASSERT_FALSE(socket);
    EXPECT_EQ(socket.error().code, Errc::timed_out);
    EXPECT_THAT(socket.error().text, testing::EndsWith("127.0.0.1: no answer in time"));
}

TEST(Dial, ANameIsWaitedForOnlySoLong) {
    asio::io_context io;
    const auto socket = dialled(io, "localhost", 1, milliseconds(0));
    ASSERT_FALSE(socket);
    EXPECT_EQ(socket.error().code, Errc::timed_out);
}

}  // namespace
}  // namespace endpointd::net
