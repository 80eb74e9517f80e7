#include "cluster/connection.hpp"

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "base/limits.hpp"
#include "net/deadline.hpp"
#include "wire/netstring.hpp"

namespace endpointd::cluster {

namespace {

constexpr auto kToken = boost::asio::as_tuple(boost::asio::use_awaitable);
// One TLS record; a larger message arrives in several reads.
constexpr std::size_t kReadBytes = 16 * 1024;

}  // namespace

Connection::Connection(tls::Stream stream, ConnectionInfo info, ConnectionParts parts)
    : stream_(std::move(stream)),
      info_(std::move(info)),
      parts_(parts),
      machine_(info_.role, parts.memory, parts.limits, parts.clock.steady()),
      outbox_(stream_.get_executor(), limits::kSendQueueBytes) {}

boost::asio::awaitable<void> Connection::run(std::function<void()> on_open, std::function<void()> on_room) {
    using namespace boost::asio::experimental::awaitable_operators;
    on_open_ = std::move(on_open);
    on_room_ = std::move(on_room);
    Actions actions;
    machine_.opened(actions);
    perform(actions);
    // Whichever ends first ends the others: the reader when the peer closes or breaks
    // the protocol, the writer when close() was called and everything is out.
    co_await (read_loop() || write_loop() || tick_loop());
    outbox_.discard();
    parts_.log.info(
        "cluster", "connection closed",
        {{"endpoint", info_.endpoint}, {"address", info_.address}, {"why", closed_because_.empty() ? "stopped" : closed_because_}});
    co_await tls::close_stream(stream_);
}

bool Connection::send(std::string_view payload) {
    const net::Push outcome = outbox_.push(wire::netstring(payload));
    if (outcome == net::Push::full) {
        // Nothing of it can be trusted to arrive: the peer has stopped reading.
        closed_because_ = "the peer does not read: " + std::string(net::name_of(outcome));
        outbox_.discard();
    }
    return outcome == net::Push::queued;
}

void Connection::close(std::string why) {
    if (closed_because_.empty()) closed_because_ = std::move(why);
    outbox_.close();
}

void Connection::perform(Actions& actions) {
    for (Action& action : actions) {
        if (auto* send_it = std::get_if<Send>(&action)) {
            send(send_it->payload);
            if (on_open_) std::exchange(on_open_, {})();
        } else if (auto* message = std::get_if<Deliver>(&action)) {
            // On its way out (a duplicate, an endpoint that is gone): no more is acted upon.
            if (!outbox_.closed()) parts_.receiver.deliver({info_.endpoint, info_.id, parts_.clock.steady()}, std::move(*message));
        } else if (auto* refusal = std::get_if<Refuse>(&action)) {
            parts_.receiver.refused({info_.endpoint, info_.id, parts_.clock.steady()}, std::move(*refusal));
        } else if (auto* end = std::get_if<Close>(&action)) {
            close(std::move(end->why));
        }
    }
    actions.clear();
}

boost::asio::awaitable<void> Connection::read_loop() {
    std::array<char, kReadBytes> buffer;
    Actions actions;
    while (!outbox_.closed()) {
        const auto [error, size] = co_await stream_.async_read_some(boost::asio::buffer(buffer), kToken);
        if (error) {
            if (outbox_.closed()) co_return;  // we are the ones who end it
            machine_.ended(actions);
            // With TLS 1.3 a server's refusal of our certificate arrives only here.
            if (const tls::Refusal refusal = tls::refusal_of(error, stream_.native_handle());
                refusal.failure == tls::Failure::peer_refused_our_certificate && info_.role == Role::dialled)
                parts_.receiver.not_authenticated(refusal, info_.address, info_.endpoint);
            perform(actions);
            co_return;
        }
        machine_.received(std::string_view(buffer.data(), size), parts_.clock.steady(), parts_.clock.wall(), actions);
        perform(actions);
    }
    // Closing: the writer still has to bring out what is queued.
    co_await net::pause(limits::kCloseNotify);
}

boost::asio::awaitable<void> Connection::write_loop() {
    for (;;) {
        const std::string bytes = co_await outbox_.next();
        if (bytes.empty()) co_return;
        const auto [error, size] = co_await boost::asio::async_write(stream_, boost::asio::buffer(bytes), kToken);
        if (error) {
            if (closed_because_.empty()) closed_because_ = "write failed: " + error.message();
            co_return;
        }
        outbox_.written();
        if (on_room_ && open() && has_room()) on_room_();
    }
}

boost::asio::awaitable<void> Connection::tick_loop() {
    Actions actions;
    for (;;) {
        const auto wait = std::chrono::ceil<std::chrono::milliseconds>(machine_.next_wake() - parts_.clock.steady());
        const bool waited = co_await net::pause(std::max(wait, std::chrono::milliseconds(1)));
        if (!waited) co_return;
        machine_.tick(parts_.clock.steady(), actions);
        perform(actions);
        if (outbox_.closed()) {
            co_await net::pause(limits::kCloseNotify);  // for the writer, which ends before that if the peer reads
            co_return;
        }
    }
}

}  // namespace endpointd::cluster
