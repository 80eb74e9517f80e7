#pragma once
// One TLS connection to an authenticated endpoint: performs what its PeerMachine
// decides. It is a local of the coroutine that runs it and gone when that ends;
// the peer table holds a pointer to it meanwhile. io_context's thread only.

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <functional>
#include <string>

#include "base/log.hpp"
#include "cluster/peer_machine.hpp"
#include "cluster/receiver.hpp"
#include "net/outbox.hpp"
#include "tls/handshake.hpp"

namespace endpointd::cluster {

// Bytes queued up to which stored results are handed to a connection: enough to keep a
// fast peer busy, little beside what ends the connection (limits::kSendQueueBytes).
inline constexpr std::size_t kSendAhead = 512 * 1024;

struct ConnectionInfo {
    std::uint64_t id = 0;
    std::string endpoint;
    std::string address;  // "192.0.2.1:5665"
    Role role = Role::accepted;
    WallTime since{};
    SteadyTime opened{};
};

// Everything a connection is made of; all of it outlives the connection.
struct ConnectionParts {
    PeerMemory& memory;
    Receiver& receiver;
    const Clock& clock;
    const Log& log;
    PeerLimits limits;
};

class Connection {
public:
    Connection(tls::Stream stream, ConnectionInfo info, ConnectionParts parts);

    // Talks until either side ends it, then closes in an orderly way. `on_open` is
    // called once, right behind our Hello: what it sends comes before anything else.
    // `on_room` is called each time something was written and has_room().
    boost::asio::awaitable<void> run(std::function<void()> on_open, std::function<void()> on_room = {});

    // Queues a message. False: it will not go out this way (closed, or the peer does
    // not read and is being dropped for it).
    bool send(std::string_view payload);

    // Sends what is queued, says goodbye, ends. `why` is logged.
    void close(std::string why);

    const ConnectionInfo& info() const noexcept { return info_; }
    bool open() const noexcept { return machine_.is_open() && !outbox_.closed(); }
    SteadyTime last_seen() const noexcept { return machine_.last_seen(); }
    std::size_t queued() const noexcept { return outbox_.messages(); }
    // Whoever has more to send than this queue holds sends while this is true.
    bool has_room() const noexcept { return outbox_.bytes() < kSendAhead; }

private:
    boost::asio::awaitable<void> read_loop();
    boost::asio::awaitable<void> write_loop();
    boost::asio::awaitable<void> tick_loop();
    void perform(Actions& actions);

    tls::Stream stream_;
    ConnectionInfo info_;
    ConnectionParts parts_;
    PeerMachine machine_;
    net::Outbox outbox_;
    std::function<void()> on_open_, on_room_;
    std::string closed_because_;
};

}  // namespace endpointd::cluster
