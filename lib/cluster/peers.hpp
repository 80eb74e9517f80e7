#pragma once
// All endpoints this node talks to: accepts their connections, dials those that
// have a host, keeps their answers while they are away, and knows who is here.
// Owned by the daemon's app; io_context's thread only. stop() before destruction.

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "cluster/outbound.hpp"
#include "cluster/peer_machine.hpp"
#include "cluster/receiver.hpp"
#include "cluster/sender.hpp"
#include "dsl/zones.hpp"
#include "net/listener.hpp"
#include "tls/context.hpp"

namespace endpointd::cluster {

// Connections one endpoint may have at a time: two when both sides dial at once,
// and as many again while dead ones have not been noticed.
inline constexpr std::size_t kConnectionsPerEndpoint = 4;
// An endpoint that was heard of this recently is there: a further connection of it is
// the duplicate. Heartbeats come every 20 s (protocol, 5.1).
inline constexpr std::chrono::seconds kHeardRecently{25};
// Within this time two connections in opposite directions are the same decision made
// on both sides; the parent chooses which one stays (protocol, 1.6).
inline constexpr std::chrono::seconds kSimultaneous{15};

struct PeersConfig {
    std::shared_ptr<const dsl::Topology> topology;
    std::shared_ptr<tls::Contexts> contexts;
    std::size_t message_size = 0;  // bytes
    Duration connect_timeout{}, reconnect_min{}, reconnect_max{};
    Duration min_answer{};
    std::function<void()> cannot_connect = {};  // told after each attempt that reached nobody; may be empty
};

// Told of each connection that was opened (behind our Hello and the answers that were
// kept), that has room again, that is gone.
struct PeerHooks {
    std::function<void(const std::string&endpoint)> opened, room, closed;
};

struct PeerStatus {
    std::string name, zone;
    dsl::Relation relation = dsl::Relation::unrelated;
    bool connected = false;
    std::optional<WallTime> since, last_message;
    std::optional<Role> role;
    std::optional<std::string> address;
    unsigned version = 0;  // 0: not known
    std::size_t queued = 0;
};

class Peers {
public:
    // `receiver`, `clock` and `log` must outlive it.
    Peers(boost::asio::any_io_executor executor, Receiver& receiver, const Clock& clock, const Log& log);
    ~Peers();

    // Takes over a configuration, before anything else. Connections stay, except those of
    // endpoints that are gone; dialling follows the new zones.
    void configure(PeersConfig config);
    // Begins to dial.
    void start();
    // A connection from the listener.
    void accept(net::Accepted accepted);

    // See Services::answer.
    void answer(const Sender& to, std::string payload, SteadyTime keep_until);

    // Before the first connection.
    void set_hooks(PeerHooks hooks);
    // Queues a message on the newest connection of `endpoint`, if it has room.
    Handed hand(const std::string& endpoint, std::string_view payload);

    // PeerMemory::remote_log_position of everybody who has one; load() before the first connection.
    void load(const std::map<std::string, double>& remote_positions);
    std::map<std::string, double> remote_positions() const;

    std::vector<PeerStatus> status() const;  // of all endpoints but ourselves, by name
    std::size_t stored_answers() const;

    // Says goodbye to everybody; returns when all connections are gone.
    boost::asio::awaitable<void> stop();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace endpointd::cluster
