#pragma once
// The one place that makes time-outs. A Deadline watches over operations on one
// stream from its construction to its destruction, and closes the stream's socket
// when the time is up: whatever waits on it then ends with an error, and expired()
// says why. Works for any stream with a lowest_layer(), TLS included (there,
// cancelling a read between two records would leave the session unusable anyway).
// Owned by the coroutine that waits; used on the stream's executor only.

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/system/error_code.hpp>
#include <chrono>
#include <functional>
#include <memory>

namespace endpointd::net {

class Deadline {
public:
    // `on_expiry` is called at most once, on `executor`, never after the destructor.
    Deadline(boost::asio::any_io_executor executor, std::chrono::milliseconds after, std::function<void()> on_expiry);

    // Closes the socket below `stream`, which must outlive the deadline.
    template <class Stream>
    Deadline(Stream& stream, std::chrono::milliseconds after)
        : Deadline(stream.get_executor(), after, [&socket = stream.lowest_layer()] {
              boost::system::error_code ignored;
              socket.close(ignored);
          }) {}

    Deadline(const Deadline&) = delete;
    Deadline& operator=(const Deadline&) = delete;
    ~Deadline();

    // Starts the time anew, from now. No effect once it has expired.
    void extend(std::chrono::milliseconds after);

    bool expired() const noexcept;

private:
    struct State;
    static void arm(const std::shared_ptr<State>& state, std::chrono::milliseconds after);
    std::shared_ptr<State> state_;
};

// Waits `time` on the caller's executor (a reconnect's backoff, a heartbeat's
// period). False when it was cut short by cancellation.
boost::asio::awaitable<bool> pause(std::chrono::milliseconds time);

}  // namespace endpointd::net
