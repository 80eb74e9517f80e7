#pragma once
// What waits to be sent to one peer, bounded in bytes: a peer that does not read
// costs this much and no more. Owned by its connection, used on the connection's
// executor: many may push, one coroutine awaits next() and writes.

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <deque>
#include <string>
#include <string_view>

namespace endpointd::net {

enum class Push {
    queued,
    full,    // nothing was queued; the peer does not read, and its connection should be dropped
    closed,  // close() was called; the connection is on its way out
};

std::string_view name_of(Push outcome) noexcept;  // "queued", "send-queue-full", "closed"

class Outbox {
public:
    // Small messages are joined up to this many bytes: one write and one TLS record
    // (16 KiB at most) for many, while a large message is not copied.
    static constexpr std::size_t kBatchBytes = 16 * 1024;

    // `most_bytes` bounds what is queued and what next() handed out last, together.
    Outbox(boost::asio::any_io_executor executor, std::size_t most_bytes);

    // `frame` is complete, as it goes on the wire.
    [[nodiscard]] Push push(std::string frame);

    // The next bytes to write: one or more whole frames in the order of push().
    // Empty when there is no more to come: after close() and everything queued was
    // handed out, or when the caller is cancelled.
    boost::asio::awaitable<std::string> next();

    // What next() handed out last is on its way; asking for more says the same.
    void written() noexcept { handed_out_ = 0; }

    // Takes nothing more; next() still hands out what is queued.
    void close();
    // close(), and drops what is queued.
    void discard();

    bool closed() const noexcept { return closed_; }
    std::size_t bytes() const noexcept { return bytes_ + handed_out_; }
    std::size_t messages() const noexcept { return frames_.size(); }

private:
    std::string take();

    boost::asio::steady_timer wake_;  // never expires: cancelled to wake next()
    std::deque<std::string> frames_;
    std::size_t most_bytes_;
    std::size_t bytes_ = 0;
    std::size_t handed_out_ = 0;
    bool closed_ = false;
};

}  // namespace endpointd::net
