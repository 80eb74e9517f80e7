#include "net/task_group.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <stdexcept>
#include <vector>

#include "net/deadline.hpp"
#include "run_on.hpp"

namespace endpointd::net {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using test::run_on;

class TaskGroupTest : public testing::Test {
protected:
    TaskGroup group() {
        return TaskGroup(io_.get_executor(), [this](std::string_view task, std::string_view what) {
            failures_.push_back(std::string(task) + ": " + std::string(what));
        });
    }

    // Waits for ever, and notes its end.
    asio::awaitable<void> wait(std::string name, bool hears_the_request) {
        if (hears_the_request) co_await asio::this_coro::reset_cancellation_state(asio::enable_total_cancellation());
        co_await asio::this_coro::throw_if_cancelled(false);
        asio::steady_timer timer(io_, asio::steady_timer::time_point::max());
        co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
        ended_.push_back(std::move(name));
    }

    asio::io_context io_;
    std::vector<std::string> ended_;
    std::vector<std::string> failures_;
};

TEST_F(TaskGroupTest, ForgetsTasksThatEnd) {
    TaskGroup tasks = group();
    EXPECT_TRUE(tasks.spawn("short", []() -> asio::awaitable<void> { co_return; }()));
    io_.run();
    EXPECT_EQ(tasks.size(), 0u);
    EXPECT_THAT(failures_, testing::IsEmpty());
}

TEST_F(TaskGroupTest, AsksFirstAndCancelsHardAfterItsPatience) {
    TaskGroup tasks = group();
    tasks.spawn("deaf", wait("deaf", false));
    tasks.spawn("polite", wait("polite", true));
    run_on(io_, [&]() -> asio::awaitable<void> {
        tasks.request_stop();
        co_await asio::post(asio::use_awaitable);
        co_await asio::post(asio::use_awaitable);
        EXPECT_THAT(ended_, testing::ElementsAre("polite"));
        co_await tasks.stop(milliseconds(5));
        EXPECT_THAT(ended_, testing::ElementsAre("polite", "deaf"));
        EXPECT_EQ(tasks.size(), 0u);
    }());
    EXPECT_THAT(failures_, testing::IsEmpty());
}

TEST_F(TaskGroupTest, DoesNotWaitOutItsPatienceWhenAllHaveGone) {
    TaskGroup tasks = group();
    for (int task = 0; task < 100; ++task) tasks.spawn("polite", wait("polite", true));
    const auto before = std::chrono::steady_clock::now();
    run_on(io_, [&]() -> asio::awaitable<void> { co_await tasks.stop(std::chrono::hours(1)); }());
    EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::minutes(30));
    EXPECT_EQ(ended_.size(), 100u);
}

TEST_F(TaskGroupTest, WaitsForAGoodbyeThatTakesLongerThanItsPatience) {
    TaskGroup tasks = group();
    bool said = false;
    tasks.spawn("slow", [](bool& done) -> asio::awaitable<void> {
        co_await asio::this_coro::throw_if_cancelled(false);
        co_await pause(std::chrono::hours(1));  // cut short by the hard cancel
        co_await pause(milliseconds(20));       // and the clean-up behind it is waited for
        done = true;
    }(said));
    run_on(io_, [&]() -> asio::awaitable<void> {
        co_await tasks.stop(milliseconds(1));
        EXPECT_TRUE(said);
    }());
}

TEST_F(TaskGroupTest, TakesNothingNewWhileItStops) {
    TaskGroup tasks = group();
    tasks.request_stop();
    bool ran = false;
    EXPECT_FALSE(tasks.spawn("late", [](bool& started) -> asio::awaitable<void> {
        started = true;
        co_return;
    }(ran)));
    io_.run();
    EXPECT_FALSE(ran);
}

TEST_F(TaskGroupTest, ATaskThatSpawnsWhileItIsStoppedIsRefused) {
    TaskGroup tasks = group();
    bool refused = false;
    tasks.spawn("parent", [](TaskGroup& in, bool& said_no) -> asio::awaitable<void> {
        co_await asio::this_coro::reset_cancellation_state(asio::enable_total_cancellation());
        co_await asio::this_coro::throw_if_cancelled(false);
        co_await pause(std::chrono::hours(1));
        said_no = !in.spawn("child", []() -> asio::awaitable<void> { co_return; }());
    }(tasks, refused));
    run_on(io_, [&]() -> asio::awaitable<void> { co_await tasks.stop(std::chrono::hours(1)); }());
    EXPECT_TRUE(refused);
}

TEST_F(TaskGroupTest, ReportsWhatATaskThrows) {
    TaskGroup tasks = group();
    tasks.spawn("broken", []() -> asio::awaitable<void> {
        throw std::runtime_error("it broke");
        co_return;
    }());
    tasks.spawn("odd", []() -> asio::awaitable<void> {
        throw 7;
        co_return;
    }());
    io_.run();
    EXPECT_THAT(failures_, testing::ElementsAre("broken: it broke", "odd: an exception that is no std::exception"));
}

TEST_F(TaskGroupTest, AnAbortWhileStoppingIsNoFailure) {
    TaskGroup tasks = group();
    tasks.spawn("throws", [](asio::io_context& io) -> asio::awaitable<void> {
        asio::steady_timer timer(io, asio::steady_timer::time_point::max());
        co_await timer.async_wait(asio::use_awaitable);
    }(io_));
    run_on(io_, [&]() -> asio::awaitable<void> { co_await tasks.stop(milliseconds(0)); }());
    EXPECT_THAT(failures_, testing::IsEmpty());
}

TEST_F(TaskGroupTest, ACancelledStopStillWaitsForTheLastTask) {
    TaskGroup tasks = group();
    tasks.spawn("deaf", wait("deaf", false));
    asio::cancellation_signal impatient;
    std::size_t left = 99;
    asio::co_spawn(
        io_,
        [&]() -> asio::awaitable<void> {
            co_await tasks.stop(std::chrono::hours(1));
            left = tasks.size();
        },
        asio::bind_cancellation_slot(impatient.slot(), [](const std::exception_ptr&) {}));
    asio::post(io_, [&] { impatient.emit(asio::cancellation_type::terminal); });
    io_.run();
    EXPECT_EQ(left, 0u);
    EXPECT_THAT(ended_, testing::ElementsAre("deaf"));
}

TEST_F(TaskGroupTest, ATaskLeftBehindAborts) {
    EXPECT_DEATH(
        {
            TaskGroup tasks = group();
            tasks.spawn("left", wait("left", false));
        },
        "empty");
}

}  // namespace
}  // namespace endpointd::net
