#include "net/deadline.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdint>
#include <utility>

namespace endpointd::net {

namespace asio = boost::asio;

struct Deadline::State {
    State(asio::any_io_executor executor, std::function<void()> handler) : timer(std::move(executor)), on_expiry(std::move(handler)) {}

    asio::steady_timer timer;
    std::function<void()> on_expiry;  // empty once called, or once the deadline is gone
    // An expiry already on its way to the executor cannot be called back; its number
    // tells that it is of an earlier time.
    std::uint64_t round = 0;
    bool expired = false;
};

Deadline::Deadline(asio::any_io_executor executor, std::chrono::milliseconds after, std::function<void()> on_expiry)
    : state_(std::make_shared<State>(std::move(executor), std::move(on_expiry))) {
    arm(state_, after);
}

Deadline::~Deadline() {
    ++state_->round;
    state_->on_expiry = nullptr;
    state_->timer.cancel();
}

void Deadline::extend(std::chrono::milliseconds after) {
    if (!state_->expired) arm(state_, after);
}

bool Deadline::expired() const noexcept { return state_->expired; }

void Deadline::arm(const std::shared_ptr<State>& state, std::chrono::milliseconds after) {
    const std::uint64_t round = ++state->round;
    state->timer.expires_after(after);
    state->timer.async_wait([state, round](const boost::system::error_code& error) {
        if (error || round != state->round) return;
        state->expired = true;
        if (const auto handler = std::exchange(state->on_expiry, nullptr)) handler();
    });
}

asio::awaitable<bool> pause(std::chrono::milliseconds time) {
    asio::steady_timer timer(co_await asio::this_coro::executor, time);
    const auto [error] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    co_return !error;
}

}  // namespace endpointd::net
