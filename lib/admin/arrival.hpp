#pragma once
// A callback's answer, waited for by a coroutine. On one thread.

#include <chrono>
#include <memory>
#include <optional>
#include <utility>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace endpointd::admin {

// One value that comes once, from a callback on the same thread, and the coroutine
// that waits for it. The coroutine owns it: a callback that comes when the
// coroutine is gone, or the io_context with it, finds nothing and does nothing.
template <class T>
struct Arrival : std::enable_shared_from_this<Arrival<T>> {
    explicit Arrival(const boost::asio::any_io_executor& executor) : timer(executor) {}

    std::optional<T> value;
    boost::asio::steady_timer timer;

    // What takes the value; the first one stands.
    auto callback() {
        return [weak = this->weak_from_this()](T arrived) {
            const auto self = weak.lock();
            if (!self || self->value) return;
            self->value.emplace(std::move(arrived));
            self->timer.cancel();
        };
    }

    // False: `most` passed, or somebody cancelled the timer, before anything came.
    boost::asio::awaitable<bool> wait(std::optional<std::chrono::milliseconds> most = std::nullopt) {
        const auto self = this->shared_from_this();
        if (value) co_return true;
        if (most) {
            timer.expires_after(*most);
        } else {
            timer.expires_at(boost::asio::steady_timer::time_point::max());
        }
        co_await timer.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
        co_return value.has_value();
    }
};

}  // namespace endpointd::admin
