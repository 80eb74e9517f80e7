#include "cluster/peer_machine.hpp"

#include <algorithm>
#include <utility>

#include "base/limits.hpp"
#include "base/units.hpp"
#include "json/document.hpp"
#include "wire/decode.hpp"
#include "wire/encode.hpp"
#include "wire/hello.hpp"

namespace endpointd::cluster {

namespace {

template <class... Handlers>
struct Overloaded : Handlers... {
    using Handlers::operator()...;
};
template <class... Handlers>
Overloaded(Handlers...) -> Overloaded<Handlers...>;  // clang 16 needs to be told

std::string for_audit(std::string payload) {
    if (payload.size() > limits::kAuditContent) payload.resize(limits::kAuditContent);
    return payload;
}

}  // namespace

PeerMachine::PeerMachine(Role role, PeerMemory& memory, PeerLimits limits, SteadyTime now)
    : role_(role),
      memory_(memory),
      limits_(limits),
      frames_(limits.message_size),
      born_(now),
      last_seen_(now),
      next_heartbeat_(now + limits::kHeartbeatEvery),
      next_ack_(now + limits::kAckEvery) {}

void PeerMachine::opened(Actions& actions) {
    if (role_ == Role::dialled) open(actions);
}

void PeerMachine::open(Actions& actions) {
    status_ = Status::open;
    actions.push_back(Send{wire::encode(wire::our_hello())});
}

void PeerMachine::close(std::string why, Actions& actions) {
    status_ = Status::closed;
    actions.push_back(Close{std::move(why)});
}

void PeerMachine::received(std::string_view bytes, SteadyTime now, WallTime wall, Actions& actions) {
    if (status_ == Status::closed || bytes.empty()) return;
    // Any byte is a sign of life, also in the middle of a slow large message (protocol, 5.1).
    last_seen_ = now;
    if (status_ == Status::silent) {
        // Protocol, 1.4: a digit is JSON-RPC, anything else would be HTTP, which this port does not serve.
        if (bytes.front() < '0' || bytes.front() > '9') {
            actions.push_back(Refuse{{}, "the first byte is not that of a netstring", escaped(bytes.substr(0, 64))});
            return close("the peer does not speak JSON-RPC", actions);
        }
        open(actions);
    }
    frames_.feed(bytes);
    for (;;) {
        auto frame = frames_.next();
        if (!frame) {
            actions.push_back(Refuse{{}, frame.error().text, {}});
            return close("broken frame: " + frame.error().text, actions);
        }
        if (!*frame) return;
        memory_.last_message = wall;
        if (!message(std::move(**frame), actions)) return;
    }
}

bool PeerMachine::message(std::string payload, Actions& actions) {
    const auto root = json::parse(payload);
    if (!root || !root->object()) {
        const std::string what = root ? "a message must be an object, not " + std::string(root->type_name()) : root.error().text;
        actions.push_back(Refuse{{}, what, for_audit(std::move(payload))});
        close("broken message: " + what, actions);
        return false;
    }
    auto decoded = wire::decode(*root);
    const auto ts = std::visit([](const wire::Envelope& envelope) { return envelope.ts; }, decoded);
    if (ts) {
        // Before the method is looked at, as upstream (protocol, 2.2): a replay of what was already received.
        if (*ts < memory_.remote_log_position) return true;
        memory_.remote_log_position = *ts;
    }
    std::visit(Overloaded{
                   [&](wire::Incoming& incoming) {
                       if (const auto* hello = std::get_if<wire::Hello>(&incoming.message)) {
                           memory_.version = hello->version.value_or(0);
                           memory_.capabilities = hello->capabilities;
                       }
                       // At once, before it runs: a parent that restarts or loses the connection would ask for it again.
                       if (const auto* command = std::get_if<wire::ExecuteCommand>(&incoming.message); ts && command && command->source)
                           actions.push_back(Send{wire::encode(wire::SetLogPosition{memory_.remote_log_position})});
                       actions.push_back(Deliver{std::move(incoming), for_audit(std::move(payload))});
                   },
                   [&](wire::UnknownMethod& unknown) {
                       actions.push_back(Refuse{std::move(unknown.name), "no such method", for_audit(std::move(payload)), true});
                   },
                   [&](wire::Malformed& malformed) {
                       actions.push_back(Refuse{std::move(malformed.method), std::move(malformed.what), for_audit(std::move(payload))});
                   },
                   [](wire::Ignored&) {},
               },
               decoded);
    return true;
}

void PeerMachine::ended(Actions& actions) {
    if (status_ == Status::closed) return;
    if (frames_.in_frame()) actions.push_back(Refuse{{}, "the connection ended inside a frame", {}});
    close("closed by the peer", actions);
}

void PeerMachine::tick(SteadyTime now, Actions& actions) {
    if (status_ == Status::closed) return;
    if (status_ == Status::silent) {
        if (now >= born_ + limits_.connect_timeout) close("no first byte within connect.timeout", actions);
        while (next_ack_ <= now) next_ack_ += limits::kAckEvery;
        return;
    }
    if (now >= last_seen_ + limits::kSilenceBeforeDrop) return close("silent for 60 s", actions);
    if (now >= next_heartbeat_) {
        actions.push_back(Send{wire::encode(wire::Heartbeat{})});
        next_heartbeat_ = now + limits::kHeartbeatEvery;
    }
    if (now >= next_ack_) {
        // Protocol, 4.6: the receiver of data acknowledges it, or the sender replays it on every reconnect.
        if (memory_.remote_log_position != 0) actions.push_back(Send{wire::encode(wire::SetLogPosition{memory_.remote_log_position})});
        next_ack_ = now + limits::kAckEvery;
    }
}

SteadyTime PeerMachine::next_wake() const noexcept {
    if (status_ == Status::silent) return std::min(born_ + limits_.connect_timeout, next_ack_);
    return std::min({next_heartbeat_, next_ack_, last_seen_ + limits::kSilenceBeforeDrop});
}

}  // namespace endpointd::cluster
