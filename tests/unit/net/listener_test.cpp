#include "net/listener.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>

#include "net/deadline.hpp"
#include "run_on.hpp"

namespace endpointd::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using test::run_on;

class ListenerTest : public testing::Test {
protected:
    Result<std::unique_ptr<Listener>> open(std::vector<std::string> addresses, std::uint16_t port = 0, bool skip = false,
                                           AdmissionGate gate = AdmissionGate()) {
        return Listener::open(io_.get_executor(), {std::move(addresses), port, skip}, log_, clock_, std::move(gate));
    }
    TaskGroup group() {
        return TaskGroup(io_.get_executor(), [](std::string_view task, std::string_view what) { ADD_FAILURE() << task << ": " << what; });
    }
    bool have_ipv6() {
        boost::system::error_code error;
        tcp::acceptor acceptor(io_);
        acceptor.open(tcp::v6(), error);
        if (!error) acceptor.bind(tcp::endpoint(asio::ip::address_v6::loopback(), 0), error);
        return !error;
    }
    // Connects, and waits until the other side has let us in or closed: what the peer
    // reads. A byte is sent by the handler for whoever is let in.
    asio::awaitable<std::string> knock(tcp::socket& socket, tcp::endpoint where) {
        co_await socket.async_connect(where, asio::use_awaitable);
        char byte = 0;
        const auto [error, size] = co_await socket.async_read_some(asio::buffer(&byte, 1), asio::as_tuple(asio::use_awaitable));
        co_return size == 1 ? "let in" : error == asio::error::eof || error == asio::error::connection_reset ? "closed" : error.message();
    }
    Listener::Handler greet() {
        return [this](Accepted accepted) {
            accepted.socket.send(asio::buffer("!", 1));
            held_.push_back(std::move(accepted));
        };
    }

    asio::io_context io_;
    ManualClock clock_{from_unix(1'700'000'000)};
    Log log_{clock_, ::open("/dev/null", O_WRONLY | O_CLOEXEC), "test"};
    std::vector<Accepted> held_;
};

TEST_F(ListenerTest, HandsOutConnectionsAndSaysWhereItListens) {
    auto listener = open({"127.0.0.1"});
    ASSERT_TRUE(listener) << listener.error().text;
    ASSERT_EQ((*listener)->endpoints().size(), 1u);
    const tcp::endpoint where = (*listener)->endpoints().front();
    EXPECT_NE(where.port(), 0);
    TaskGroup tasks = group();
    (*listener)->start(tasks, greet());
    tcp::socket socket(io_);
    run_on(io_, [&]() -> asio::awaitable<void> {
        EXPECT_EQ(co_await knock(socket, where), "let in");
        co_await tasks.stop(std::chrono::hours(1));
    }());
    ASSERT_EQ(held_.size(), 1u);
    EXPECT_EQ(held_[0].peer, socket.local_endpoint());
    EXPECT_EQ((*listener)->unauthenticated(), 1u);
    held_[0].admission.release();
    EXPECT_EQ((*listener)->unauthenticated(), 0u);
}

TEST_F(ListenerTest, UsesOnePortForEveryAddress) {
    if (!have_ipv6()) GTEST_SKIP() << "no IPv6 here";
    auto listener = open({"127.0.0.1", "::1"});
    ASSERT_TRUE(listener) << listener.error().text;
    ASSERT_EQ((*listener)->endpoints().size(), 2u);
    EXPECT_EQ((*listener)->endpoints()[0].port(), (*listener)->endpoints()[1].port());
}

TEST_F(ListenerTest, TheIpv6WildcardIsIpv6Only) {
    if (!have_ipv6()) GTEST_SKIP() << "no IPv6 here";
    auto listener = open({"0.0.0.0", "::"});
    ASSERT_TRUE(listener) << listener.error().text;
    EXPECT_EQ((*listener)->endpoints().size(), 2u);
}

TEST_F(ListenerTest, SkipsAMissingFamilyOnlyInTheDefaultList) {
    // An address this host does not have stands for the family it does not have.
    auto listener = open({"192.0.2.1", "127.0.0.1"}, 0, true);
    ASSERT_TRUE(listener) << listener.error().text;
    EXPECT_EQ((*listener)->endpoints().size(), 1u);
    listener = open({"192.0.2.1", "127.0.0.1"}, 5665, false);
    ASSERT_FALSE(listener);
    EXPECT_EQ(listener.error().text, "cannot listen on 192.0.2.1:5665: Cannot assign requested address");
    listener = open({"192.0.2.1"}, 0, true);
    EXPECT_FALSE(listener);
}

TEST_F(ListenerTest, RefusesWhatIsNoAddress) {
    EXPECT_EQ(open({"localhost"}).error().text, "cannot listen on 'localhost': not an IPv4 or IPv6 address");
    EXPECT_EQ(open({}).error().text, "no address to listen on");
}

TEST_F(ListenerTest, NamesAPortThatIsTaken) {
    auto first = open({"127.0.0.1"});
    ASSERT_TRUE(first);
    const std::uint16_t port = (*first)->endpoints().front().port();
    EXPECT_EQ(open({"127.0.0.1"}, port).error().text, "cannot listen on 127.0.0.1:" + std::to_string(port) + ": Address already in use");
}

TEST_F(ListenerTest, TurnsAwayStrangersBeyondTheLimitUntilOneIsKnown) {
    auto listener = open({"127.0.0.1"}, 0, false, AdmissionGate(8, 2));
    ASSERT_TRUE(listener);
    TaskGroup tasks = group();
    (*listener)->start(tasks, greet());
    const tcp::endpoint where = (*listener)->endpoints().front();
    run_on(io_, [&]() -> asio::awaitable<void> {
        tcp::socket one(io_), two(io_), three(io_), four(io_);
        EXPECT_EQ(co_await knock(one, where), "let in");
        EXPECT_EQ(co_await knock(two, where), "let in");
        EXPECT_EQ(co_await knock(three, where), "closed");
        EXPECT_EQ((*listener)->turned_away(), 1u);
        held_.front().admission.release();
        EXPECT_EQ(co_await knock(four, where), "let in");
        co_await tasks.stop(std::chrono::hours(1));
    }());
}

TEST_F(ListenerTest, AHandlerThatThrowsDoesNotEndTheLoop) {
    auto listener = open({"127.0.0.1"});
    ASSERT_TRUE(listener);
    TaskGroup tasks = group();
    int calls = 0;
    (*listener)->start(tasks, [&](Accepted accepted) {
        if (++calls == 1) throw std::runtime_error("no memory for this one");
        greet()(std::move(accepted));
    });
    const tcp::endpoint where = (*listener)->endpoints().front();
    run_on(io_, [&]() -> asio::awaitable<void> {
        tcp::socket one(io_), two(io_);
        EXPECT_EQ(co_await knock(one, where), "closed");
        EXPECT_EQ(co_await knock(two, where), "let in");
        EXPECT_EQ((*listener)->unauthenticated(), 1u);
        co_await tasks.stop(std::chrono::hours(1));
    }());
}

TEST_F(ListenerTest, EndsItsLoopsWhenClosed) {
    auto listener = open({"127.0.0.1"});
    ASSERT_TRUE(listener);
    TaskGroup tasks = group();
    (*listener)->start(tasks, greet());
    (*listener)->close();
    io_.run();
    EXPECT_EQ(tasks.size(), 0u);
}

#ifndef ENDPOINTD_SANITIZED  // UBSan opens a pipe to look at an object, and calls it broken when it cannot

// Takes every descriptor this process may have, and gives them back.
class NoDescriptors {
public:
    NoDescriptors() {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        rlimit low = before_;
        low.rlim_cur = 128;
        ::setrlimit(RLIMIT_NOFILE, &low);
        for (int fd = ::dup(0); fd >= 0; fd = ::dup(0)) taken_.emplace_back(fd);
    }
    ~NoDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
    NoDescriptors(const NoDescriptors&) = delete;
    NoDescriptors& operator=(const NoDescriptors&) = delete;

private:
    rlimit before_{};
    std::vector<UniqueFd> taken_;
};

TEST_F(ListenerTest, ShedsConnectionsWhileDescriptorsAreOutAndRecovers) {
    auto listener = open({"127.0.0.1"});
    ASSERT_TRUE(listener);
    TaskGroup tasks = group();
    (*listener)->start(tasks, greet());
    const tcp::endpoint where = (*listener)->endpoints().front();
    run_on(io_, [&]() -> asio::awaitable<void> {
        tcp::socket one(io_, tcp::v4()), two(io_, tcp::v4()), three(io_);
        {
            const NoDescriptors none;
            EXPECT_EQ(co_await knock(one, where), "closed");
            EXPECT_EQ(co_await knock(two, where), "closed");
        }
        EXPECT_EQ((*listener)->turned_away(), 2u);
        EXPECT_EQ(co_await knock(three, where), "let in");
        co_await tasks.stop(std::chrono::hours(1));
    }());
}

#endif

}  // namespace
}  // namespace endpointd::net
