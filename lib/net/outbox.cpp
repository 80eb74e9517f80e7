#include "net/outbox.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "base/assert.hpp"

namespace endpointd::net {

namespace asio = boost::asio;

std::string_view name_of(Push outcome) noexcept {
    switch (outcome) {
        case Push::queued:
            return "queued";
        case Push::full:
            return "send-queue-full";
        case Push::closed:
            return "closed";
    }
    return "closed";
}

Outbox::Outbox(asio::any_io_executor executor, std::size_t most_bytes)
    : wake_(std::move(executor), asio::steady_timer::time_point::max()), most_bytes_(most_bytes) {}

Push Outbox::push(std::string frame) {
    if (closed_) return Push::closed;
    if (frame.empty()) return Push::queued;  // nothing to send, and next() uses "empty" for the end
    if (bytes() > most_bytes_ || frame.size() > most_bytes_ - bytes()) return Push::full;
    bytes_ += frame.size();
    frames_.push_back(std::move(frame));
    wake_.cancel();
    return Push::queued;
}

std::string Outbox::take() {
    std::string batch = std::move(frames_.front());
    frames_.pop_front();
    while (!frames_.empty() && batch.size() + frames_.front().size() <= kBatchBytes) {
        batch += frames_.front();
        frames_.pop_front();
    }
    EP_ASSERT(bytes_ >= batch.size());
    bytes_ -= batch.size();
    handed_out_ = batch.size();
    return batch;
}

asio::awaitable<std::string> Outbox::next() {
    handed_out_ = 0;  // asking for more says that the last was written
    std::string batch;
    while (frames_.empty() && !closed_) {
        co_await wake_.async_wait(asio::as_tuple(asio::use_awaitable));
        // push() and a cancelled caller both end the wait as aborted.
        const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
        if (state.cancelled() != asio::cancellation_type::none) co_return batch;
    }
    if (!frames_.empty()) batch = take();
    co_return batch;
}

void Outbox::close() {
    closed_ = true;
    wake_.cancel();
}

void Outbox::discard() {
    frames_.clear();
    bytes_ = 0;
    close();
}

}  // namespace endpointd::net
