#include "net/outbox.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "run_on.hpp"

namespace endpointd::net {
namespace {

namespace asio = boost::asio;
using test::run_on;

TEST(Outbox, HandsOutInOrderAndJoinsSmallFrames) {
    asio::io_context io;
    Outbox outbox(io.get_executor(), 100'000);
    EXPECT_EQ(outbox.push("1"), Push::queued);
    EXPECT_EQ(outbox.push("2"), Push::queued);
    EXPECT_EQ(outbox.push(std::string(Outbox::kBatchBytes, 'x')), Push::queued);
    EXPECT_EQ(outbox.push("3"), Push::queued);
    outbox.close();
    std::vector<std::string> got;
    run_on(io, [&]() -> asio::awaitable<void> {
        for (;;) {
            got.push_back(co_await outbox.next());
            if (got.back().empty()) break;
        }
    }());
    EXPECT_THAT(got, testing::ElementsAre("12", std::string(Outbox::kBatchBytes, 'x'), "3", ""));
}

TEST(Outbox, IsFullAtItsBoundAndNotBefore) {
    asio::io_context io;
    Outbox outbox(io.get_executor(), 10);
    EXPECT_EQ(outbox.push("0123456789a"), Push::full);
    EXPECT_EQ(outbox.push("01234"), Push::queued);
    EXPECT_EQ(outbox.push("56789"), Push::queued);
    EXPECT_EQ(outbox.push("a"), Push::full);
    EXPECT_EQ(outbox.bytes(), 10u);
    EXPECT_EQ(outbox.messages(), 2u);
    EXPECT_EQ(name_of(Push::full), "send-queue-full");
}

TEST(Outbox, CountsWhatIsBeingWritten) {
    asio::io_context io;
    Outbox outbox(io.get_executor(), 10);
    EXPECT_EQ(outbox.push("01234"), Push::queued);
    run_on(io, [&]() -> asio::awaitable<void> {
        EXPECT_EQ(co_await outbox.next(), "01234");
        EXPECT_EQ(outbox.bytes(), 5u);
        EXPECT_EQ(outbox.push("56789a"), Push::full);
        EXPECT_EQ(outbox.push("56789"), Push::queued);
        EXPECT_EQ(co_await outbox.next(), "56789");
        EXPECT_EQ(outbox.bytes(), 5u);
    }());
}

TEST(Outbox, WakesWhoWaits) {
    asio::io_context io;
    Outbox outbox(io.get_executor(), 10);
    asio::post(io, [&] { EXPECT_EQ(outbox.push("late"), Push::queued); });
    run_on(io, [&]() -> asio::awaitable<void> {
        EXPECT_EQ(co_await outbox.next(), "late");
        asio::post(io, [&] { outbox.close(); });
        EXPECT_EQ(co_await outbox.next(), "");
    }());
}

TEST(Outbox, TakesNothingOnceClosed) {
    asio::io_context io;
    Outbox outbox(io.get_executor(), 10);
    EXPECT_EQ(outbox.push("kept"), Push::queued);
    outbox.close();
    EXPECT_EQ(outbox.push("not"), Push::closed);
    run_on(io, [&]() -> asio::awaitable<void> {
        EXPECT_EQ(co_await outbox.next(), "kept");
        EXPECT_EQ(co_await outbox.next(), "");
    }());
}

TEST(Outbox, DropsWhatIsQueuedWhenDiscarded) {
    asio::io_context io;
    Outbox outbox(io.get_executor(), 10);
    EXPECT_EQ(outbox.push("dropped"), Push::queued);
    outbox.discard();
    EXPECT_EQ(outbox.bytes(), 0u);
    run_on(io, [&]() -> asio::awaitable<void> { EXPECT_EQ(co_await outbox.next(), ""); }());
}

TEST(Outbox, ACancelledWaiterGetsTheEnd) {
    asio::io_context io;
    Outbox outbox(io.get_executor(), 10);
    asio::cancellation_signal stop;
    std::string got = "nothing yet";
    asio::co_spawn(
        io, [&]() -> asio::awaitable<void> { got = co_await outbox.next(); },
        asio::bind_cancellation_slot(stop.slot(), [](const std::exception_ptr&) {}));
    asio::post(io, [&] { stop.emit(asio::cancellation_type::terminal); });
    io.run();
    // Without a value: asio ends a cancelled coroutine with an exception at its next await, or hands over "".
    EXPECT_TRUE(got.empty() || got == "nothing yet");
}

TEST(Outbox, AnEmptyFrameIsNotTheEnd) {
    asio::io_context io;
    Outbox outbox(io.get_executor(), 10);
    EXPECT_EQ(outbox.push(""), Push::queued);
    EXPECT_EQ(outbox.messages(), 0u);
}

}  // namespace
}  // namespace endpointd::net
