#include "net/deadline.hpp"

#include <gtest/gtest.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "run_on.hpp"

namespace endpointd::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using std::chrono::milliseconds;
using test::run_on;

TEST(Deadline, EndsARealRead) {
    asio::io_context io;
    tcp::acceptor acceptor(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    tcp::socket silent(io);
    silent.connect(acceptor.local_endpoint());
    tcp::socket socket = acceptor.accept();
    run_on(io, [&]() -> asio::awaitable<void> {
        const Deadline deadline(socket, milliseconds(10));
        char byte = 0;
        const auto [error, size] = co_await socket.async_read_some(asio::buffer(&byte, 1), asio::as_tuple(asio::use_awaitable));
        EXPECT_TRUE(error);
        EXPECT_EQ(size, 0u);
        EXPECT_TRUE(deadline.expired());
        EXPECT_FALSE(socket.is_open());
    }());
}

TEST(Deadline, IsQuietOnceItsOwnerIsDone) {
    asio::io_context io;
    int calls = 0;
    run_on(io, [&]() -> asio::awaitable<void> {
        {
            const Deadline deadline(io.get_executor(), milliseconds(1), [&calls] { ++calls; });
        }
        co_await pause(milliseconds(20));
    }());
    EXPECT_EQ(calls, 0);
}

TEST(Deadline, AnExpiryAlreadyOnItsWayDoesNotReachADestroyedOwner) {
    asio::io_context io;
    int calls = 0;
    {
        const Deadline deadline(io.get_executor(), milliseconds(0), [&calls] { ++calls; });
        asio::post(io, [] {});
        io.poll_one();  // the timer may be queued behind this, and is not run yet
    }
    io.run();
    EXPECT_EQ(calls, 0);
}

TEST(Deadline, CallsItsHandlerOnce) {
    asio::io_context io;
    int calls = 0;
    run_on(io, [&]() -> asio::awaitable<void> {
        Deadline deadline(io.get_executor(), milliseconds(1), [&calls] { ++calls; });
        while (!deadline.expired()) co_await pause(milliseconds(1));
        deadline.extend(milliseconds(1));
        co_await pause(milliseconds(20));
        EXPECT_TRUE(deadline.expired());
    }());
    EXPECT_EQ(calls, 1);
}

TEST(Deadline, StartsAnewWhenExtended) {
    asio::io_context io;
    run_on(io, [&]() -> asio::awaitable<void> {
        Deadline deadline(io.get_executor(), std::chrono::hours(1), [] {});
        deadline.extend(milliseconds(1));
        while (!deadline.expired()) co_await pause(milliseconds(1));
    }());
    run_on(io, [&]() -> asio::awaitable<void> {
        Deadline deadline(io.get_executor(), milliseconds(1), [] { ADD_FAILURE() << "of an earlier time"; });
        deadline.extend(std::chrono::hours(1));
        co_await pause(milliseconds(20));
        EXPECT_FALSE(deadline.expired());
    }());
}

TEST(Pause, SaysWhetherItWasCutShort) {
    asio::io_context io;
    asio::cancellation_signal stop;
    bool whole = false;
    bool cut = false;
    run_on(io, [&]() -> asio::awaitable<void> { whole = co_await pause(milliseconds(1)); }());
    asio::co_spawn(
        io,
        [&]() -> asio::awaitable<void> {
            co_await asio::this_coro::throw_if_cancelled(false);
            cut = !co_await pause(std::chrono::hours(1));
        },
        asio::bind_cancellation_slot(stop.slot(), [](const std::exception_ptr&) {}));
    asio::post(io, [&] { stop.emit(asio::cancellation_type::terminal); });
    io.run();
    EXPECT_TRUE(whole);
    EXPECT_TRUE(cut);
}

}  // namespace
}  // namespace endpointd::net
