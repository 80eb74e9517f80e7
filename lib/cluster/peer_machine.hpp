#pragma once
// What one connection to an authenticated endpoint says and accepts, without a
// socket: bytes and ticks in, actions out. The connection's coroutine owns it and
// performs the actions in order; it lives on the io_context's thread.
//
// Status:  silent -> open -> closed. An accepted connection stays silent until
// the first byte shows JSON-RPC (protocol, 1.4); a dialled one opens with Hello.

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.hpp"
#include "wire/message.hpp"
#include "wire/netstring.hpp"

namespace endpointd::cluster {

// What is known of an endpoint beyond one connection. Owned by the peer table.
struct PeerMemory {
    double remote_log_position = 0;  // the highest `ts` seen; below it is a replay (protocol, 2.2)
    unsigned version = 0;            // of its last Hello
    std::uint64_t capabilities = 0;
    WallTime last_message{};
};

enum class Role { accepted, dialled };

// Hand this text to the peer, framed.
struct Send {
    std::string payload;
};
// A message that may now be judged; `payload` is its text, for the audit.
struct Deliver {
    wire::Incoming incoming;
    std::string payload;
};
// Something the peer sent was refused before it became a message.
struct Refuse {
    std::string method;   // as sent, empty if there was none
    std::string what;     // our words
    std::string payload;  // what came, cut to the audit's bound
    bool unknown_method = false;
};
// Nothing more is read or sent. `why` is for our log.
struct Close {
    std::string why;
};
using Action = std::variant<Send, Deliver, Refuse, Close>;
using Actions = std::vector<Action>;

struct PeerLimits {
    std::size_t message_size;  // bytes of one message
    Duration connect_timeout;  // until the first byte came
};

class PeerMachine {
public:
    // `memory` must outlive the machine.
    PeerMachine(Role role, PeerMemory& memory, PeerLimits limits, SteadyTime now);

    // The TLS handshake is finished and the peer is who it should be.
    void opened(Actions& actions);
    // Bytes arrived, in order.
    void received(std::string_view bytes, SteadyTime now, WallTime wall, Actions& actions);
    // The peer closed its side: an unfinished frame is an error of its own.
    void ended(Actions& actions);
    // Time passed: heartbeats, acknowledgements, silence. Call it at next_wake().
    void tick(SteadyTime now, Actions& actions);
    SteadyTime next_wake() const noexcept;

    bool is_open() const noexcept { return status_ == Status::open; }
    SteadyTime last_seen() const noexcept { return last_seen_; }

private:
    enum class Status { silent, open, closed };

    void open(Actions& actions);
    void close(std::string why, Actions& actions);
    // False: the rest of the connection is not to be believed any more.
    bool message(std::string payload, Actions& actions);

    Role role_;
    PeerMemory& memory_;
    PeerLimits limits_;
    Status status_ = Status::silent;
    wire::NetstringReader frames_;
    SteadyTime born_, last_seen_, next_heartbeat_, next_ack_;
};

}  // namespace endpointd::cluster
