#include "cluster/peers.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>
#include <list>
#include <map>
#include <random>

#include "cluster/answers.hpp"
#include "cluster/connection.hpp"
#include "net/deadline.hpp"
#include "net/dial.hpp"
#include "net/task_group.hpp"

namespace endpointd::cluster {

namespace asio = boost::asio;
using std::chrono::milliseconds;

namespace {

// A connection that lived this long was a real one: the next attempt starts without backoff.
constexpr std::chrono::seconds kRealConnection{10};
// What connections get to send what is queued when the daemon stops.
constexpr milliseconds kGoodbye{3000};

std::string text_of(const asio::ip::tcp::endpoint& endpoint) {
    const std::string address = endpoint.address().to_string();
    return (endpoint.address().is_v6() ? "[" + address + "]" : address) + ":" + std::to_string(endpoint.port());
}

milliseconds in_milliseconds(Duration time) { return std::chrono::ceil<milliseconds>(time); }

}  // namespace

struct Peers::Impl {
    struct Endpoint {
        PeerMemory memory;
        std::list<Connection*> connections;  // newest last
        bool dialling = false;               // its dialler runs
        std::unique_ptr<asio::steady_timer> wake_dialler;
    };
    // An answer that is not due yet.
    struct Delayed {
        Sender to;
        std::string payload;
        SteadyTime keep_until;
    };

    Impl(asio::any_io_executor on, Receiver& to, const Clock& time, const Log& lines)
        : executor(on),
          receiver(to),
          clock(time),
          log(lines),
          due_timer(on),
          tasks(on, [this](std::string_view task, std::string_view what) {
              log.error("cluster", "connection failed", {{"task", task}, {"why", what}});
          }) {}

    asio::awaitable<void> serve(net::Accepted accepted);
    asio::awaitable<void> keep_dialling(std::string name);
    asio::awaitable<bool> dial_once(const dsl::Endpoint& target);
    asio::awaitable<void> converse(tls::Stream stream, Role role, std::string name, std::string address,
                                   std::optional<net::Admission> admission);
    bool is_duplicate(const Endpoint& endpoint, Role role) const;
    bool connected(const Endpoint& endpoint) const;
    void start_dialler(const std::string& name);
    void send_or_keep(const Sender& to, std::string payload, SteadyTime keep_until);
    void send_due();
    tls::KnownEndpoint known_endpoints() const;

    asio::any_io_executor executor;
    Receiver& receiver;
    const Clock& clock;
    const Log& log;
    PeersConfig config;
    std::map<std::string, Endpoint, std::less<>> endpoints;
    StoredAnswers stored;
    PeerHooks hooks;
    std::multimap<SteadyTime, Delayed> delayed;
    asio::steady_timer due_timer;
    std::uint64_t next_id = 1;
    std::minstd_rand jitter{std::random_device{}()};
    bool started = false;
    bool stopping = false;
    net::TaskGroup tasks;  // last: its coroutines use everything above
};

Peers::Peers(asio::any_io_executor executor, Receiver& receiver, const Clock& clock, const Log& log)
    : impl_(std::make_unique<Impl>(std::move(executor), receiver, clock, log)) {}
Peers::~Peers() = default;

void Peers::configure(PeersConfig config) {
    impl_->config = std::move(config);
    const dsl::Topology& topology = *impl_->config.topology;
    for (auto& [name, endpoint] : impl_->endpoints) {
        if (topology.endpoint(name) == nullptr || name == topology.local_endpoint().name)
            for (Connection* connection : endpoint.connections) connection->close("no longer an endpoint of zones.d");
        if (endpoint.wake_dialler) endpoint.wake_dialler->cancel();  // its host may have changed, or be gone
    }
    if (impl_->started) start();
}

void Peers::start() {
    impl_->started = true;
    for (const dsl::Endpoint* target : impl_->config.topology->whom_to_dial()) impl_->start_dialler(target->name);
}

void Peers::accept(net::Accepted accepted) {
    if (impl_->stopping) return;
    const std::string name = "accepted " + text_of(accepted.peer);
    impl_->tasks.spawn(name, impl_->serve(std::move(accepted)));
}

tls::KnownEndpoint Peers::Impl::known_endpoints() const {
    return [topology = config.topology](std::string_view name) {
        return topology->endpoint(name) != nullptr && name != topology->local_endpoint().name;
    };
}

asio::awaitable<void> Peers::Impl::serve(net::Accepted accepted) {
    const std::string address = text_of(accepted.peer);
    std::optional<net::Admission> admission(std::move(accepted.admission));
    const std::shared_ptr<tls::Contexts> contexts = config.contexts;
    tls::Stream stream(std::move(accepted.socket), contexts->server);
    tls::KnownEndpoint known = known_endpoints();
    const milliseconds patience = std::min(in_milliseconds(config.connect_timeout), milliseconds(limits::kTlsHandshake));
    const tls::Verdict verdict = co_await tls::accept_peer(stream, std::move(known), patience);
    if (!verdict) {
        receiver.not_authenticated(verdict.error(), address, {});
        boost::system::error_code ignored;
        stream.lowest_layer().close(ignored);
        co_return;
    }
    std::string name = verdict->name();
    co_await converse(std::move(stream), Role::accepted, std::move(name), address, std::move(admission));
}

bool Peers::Impl::connected(const Endpoint& endpoint) const {
    return std::ranges::any_of(endpoint.connections, [](const Connection* connection) { return connection->open(); });
}

bool Peers::Impl::is_duplicate(const Endpoint& endpoint, Role role) const {
    if (endpoint.connections.size() >= kConnectionsPerEndpoint) return true;
    const SteadyTime now = clock.steady();
    return std::ranges::any_of(endpoint.connections, [&](const Connection* other) {
        if (!other->open() || now - other->last_seen() > kHeardRecently) return false;  // half open: the new one is its replacement
        return other->info().role == role || now - other->info().opened > kSimultaneous;
    });
}

asio::awaitable<void> Peers::Impl::converse(tls::Stream stream, Role role, std::string name, std::string address,
                                            std::optional<net::Admission> admission) {
    // A reload during the handshake may have taken it out of zones.d.
    const tls::KnownEndpoint known = known_endpoints();
    if (stopping || !known(name)) co_return;
    Endpoint& endpoint = endpoints[name];  // never erased: endpoints come from zones.d
    const bool duplicate = is_duplicate(endpoint, role);
    ConnectionInfo info{next_id++, name, address, role, clock.wall(), clock.steady()};
    Connection connection(std::move(stream), info, {endpoint.memory, receiver, clock, log, {config.message_size, config.connect_timeout}});
    if (duplicate) {
        // Protocol, 1.6: the newcomer is told Hello and goes. Until then it keeps its
        // place among the strangers, so that these are bounded as well.
        log.info("cluster", "duplicate connection refused", {{"endpoint", name}, {"address", address}});
        std::function<void()> leave_at_once = [&connection] { connection.close("the endpoint is connected already"); };
        co_await connection.run(std::move(leave_at_once));
        co_return;
    }
    admission.reset();
    log.info("cluster", "connected",
             {{"endpoint", name}, {"address", address}, {"direction", role == Role::accepted ? "inbound" : "outbound"}});
    endpoint.connections.push_back(&connection);
    struct Leave {
        Endpoint& of;
        Connection* connection;
        const PeerHooks& hooks;
        bool opened = false;
        ~Leave() {
            of.connections.remove(connection);
            if (of.wake_dialler) of.wake_dialler->cancel();
            if (opened && hooks.closed) hooks.closed(connection->info().endpoint);
        }
    } leave{endpoint, &connection, hooks};
    // Named, here and above: GCC 12 destroys a lambda twice that becomes a std::function in the operand of co_await.
    std::function<void()> on_open = [this, &connection, &endpoint, &leave, name] {
        for (StoredAnswer& answer : stored.take(name, clock.steady()))
            if (!connection.send(answer.payload)) stored.keep(name, std::move(answer.payload), answer.expires, clock.steady());
        // Whoever was here before and is silent has been replaced.
        for (Connection* other : endpoint.connections)
            if (other != &connection && clock.steady() - other->last_seen() > kHeardRecently)
                other->close("replaced by a newer connection");
        leave.opened = true;
        if (hooks.opened) hooks.opened(name);
    };
    std::function<void()> on_room = [this, name] {
        if (hooks.room) hooks.room(name);
    };
    co_await connection.run(std::move(on_open), std::move(on_room));
}

void Peers::Impl::start_dialler(const std::string& name) {
    Endpoint& endpoint = endpoints[name];
    if (endpoint.dialling || stopping) return;
    endpoint.dialling = tasks.spawn("dialler of " + name, keep_dialling(name));
}

asio::awaitable<void> Peers::Impl::keep_dialling(std::string name) {
    Endpoint& endpoint = endpoints[name];
    endpoint.wake_dialler = std::make_unique<asio::steady_timer>(executor);
    Duration backoff = config.reconnect_min;
    while (!stopping) {
        const dsl::Topology& topology = *config.topology;
        const auto targets = topology.whom_to_dial();
        const auto target = std::ranges::find_if(targets, [&](const dsl::Endpoint* one) { return one->name == name; });
        if (target == targets.end()) break;
        Duration wait = std::chrono::hours(24);  // until its connection ends, which wakes us
        if (endpoint.connections.empty()) {
            const SteadyTime begun = clock.steady();
            const dsl::Endpoint copy = **target;
            const bool talked = co_await dial_once(copy);
            const bool real = talked && clock.steady() - begun >= kRealConnection;
            backoff = real ? config.reconnect_min : std::min(std::max(backoff * 2, config.reconnect_min), config.reconnect_max);
            // Even spread, so that many agents do not come back to a restarted parent in one second.
            const auto most = static_cast<double>(backoff.count());
            wait = Duration(static_cast<Duration::rep>(std::uniform_real_distribution<double>(most / 2, most)(jitter)));
            if (stopping) break;
            endpoint.wake_dialler->expires_after(wait);
            co_await endpoint.wake_dialler->async_wait(asio::as_tuple(asio::use_awaitable));
            continue;
        }
        endpoint.wake_dialler->expires_after(wait);
        co_await endpoint.wake_dialler->async_wait(asio::as_tuple(asio::use_awaitable));
    }
    endpoint.dialling = false;
}

asio::awaitable<bool> Peers::Impl::dial_once(const dsl::Endpoint& target) {
    std::uint16_t port = 0;
    std::from_chars(target.port.data(), target.port.data() + target.port.size(), port);
    const std::string address = target.host + ":" + target.port;
    const milliseconds patience = in_milliseconds(config.connect_timeout);
    const SteadyTime deadline = clock.steady() + patience;
    auto socket = co_await net::dial(target.host, port, patience);
    if (!socket) {
        log.info("cluster", "cannot connect", {{"endpoint", target.name}, {"address", address}, {"why", socket.error().text}});
        if (config.cannot_connect) config.cannot_connect();
        co_return false;
    }
    const std::shared_ptr<tls::Contexts> contexts = config.contexts;
    tls::Stream stream(std::move(*socket), contexts->client);
    const milliseconds left = std::min(std::chrono::ceil<milliseconds>(deadline - clock.steady()), milliseconds(limits::kTlsHandshake));
    tls::KnownEndpoint known = known_endpoints();
    const tls::Verdict verdict = co_await tls::dial_peer(stream, target.name, std::move(known), std::max(left, milliseconds(1)));
    if (!verdict) {
        receiver.not_authenticated(verdict.error(), address, target.name);
        boost::system::error_code ignored;
        stream.lowest_layer().close(ignored);
        co_return false;
    }
    std::optional<net::Admission> none;
    co_await converse(std::move(stream), Role::dialled, target.name, address, std::move(none));
    co_return true;
}

void Peers::answer(const Sender& to, std::string payload, SteadyTime keep_until) {
    const SteadyTime due = to.received + impl_->config.min_answer;
    const SteadyTime now = impl_->clock.steady();
    if (due <= now && impl_->delayed.empty()) return impl_->send_or_keep(to, std::move(payload), keep_until);
    const bool earliest = impl_->delayed.empty() || due < impl_->delayed.begin()->first;
    impl_->delayed.emplace(due, Impl::Delayed{to, std::move(payload), keep_until});
    if (earliest) impl_->send_due();
}

// Sends what is due and sets the timer for the next.
void Peers::Impl::send_due() {
    const SteadyTime now = clock.steady();
    while (!delayed.empty() && delayed.begin()->first <= now) {
        auto node = delayed.extract(delayed.begin());
        send_or_keep(node.mapped().to, std::move(node.mapped().payload), node.mapped().keep_until);
    }
    if (delayed.empty() || stopping) return;
    due_timer.expires_after(delayed.begin()->first - now);
    due_timer.async_wait([this](const boost::system::error_code& error) {
        if (!error) send_due();
    });
}

void Peers::Impl::send_or_keep(const Sender& to, std::string payload, SteadyTime keep_until) {
    const auto found = endpoints.find(to.endpoint);
    if (found != endpoints.end()) {
        // The way it came, else the newest: both ends send on the newest (protocol, 1.6).
        const auto& connections = found->second.connections;
        for (Connection* connection : connections)
            if (connection->info().id == to.connection && connection->open() && connection->send(payload)) return;
        for (auto newest = connections.rbegin(); newest != connections.rend(); ++newest)
            if ((*newest)->open() && (*newest)->send(payload)) return;
    }
    if (!stored.keep(to.endpoint, std::move(payload), keep_until, clock.steady()))
        log.warning("cluster", "too many answers wait for an endpoint that is away: the oldest are dropped", {{"endpoint", to.endpoint}});
}

void Peers::set_hooks(PeerHooks hooks) { impl_->hooks = std::move(hooks); }

Handed Peers::hand(const std::string& endpoint, std::string_view payload) {
    const auto found = impl_->endpoints.find(endpoint);
    if (found == impl_->endpoints.end()) return Handed::away;
    const auto& connections = found->second.connections;
    const auto newest = std::find_if(connections.rbegin(), connections.rend(), [](const Connection* one) { return one->open(); });
    if (newest == connections.rend()) return Handed::away;
    if (!(*newest)->has_room()) return Handed::no_room;
    return (*newest)->send(payload) ? Handed::sent : Handed::away;
}

void Peers::load(const std::map<std::string, double>& remote_positions) {
    for (const auto& [name, position] : remote_positions) impl_->endpoints[name].memory.remote_log_position = position;
}

std::map<std::string, double> Peers::remote_positions() const {
    std::map<std::string, double> positions;
    for (const auto& [name, endpoint] : impl_->endpoints)
        if (endpoint.memory.remote_log_position != 0) positions[name] = endpoint.memory.remote_log_position;
    return positions;
}

std::vector<PeerStatus> Peers::status() const {
    std::vector<PeerStatus> all;
    const dsl::Topology& topology = *impl_->config.topology;
    for (const auto& [name, endpoint] : topology.endpoints()) {
        if (name == topology.local_endpoint().name) continue;
        PeerStatus peer;
        peer.name = name;
        peer.zone = endpoint.zone;
        peer.relation = topology.relation(name);
        peer.queued = impl_->stored.waiting(name);
        if (const auto found = impl_->endpoints.find(name); found != impl_->endpoints.end()) {
            peer.version = found->second.memory.version;
            if (found->second.memory.last_message != WallTime{}) peer.last_message = found->second.memory.last_message;
            for (const Connection* connection : found->second.connections) {
                peer.queued += connection->queued();
                if (!connection->open()) continue;
                peer.connected = true;
                peer.since = connection->info().since;
                peer.role = connection->info().role;
                peer.address = connection->info().address;
            }
        }
        all.push_back(std::move(peer));
    }
    return all;
}

std::size_t Peers::stored_answers() const { return impl_->stored.waiting(); }

asio::awaitable<void> Peers::stop() {
    impl_->stopping = true;
    impl_->due_timer.cancel();
    // The last answers do not wait out min_answer: there is no time left for them.
    for (auto& [due, answer] : impl_->delayed) impl_->send_or_keep(answer.to, std::move(answer.payload), answer.keep_until);
    impl_->delayed.clear();
    for (auto& [name, endpoint] : impl_->endpoints) {
        for (Connection* connection : endpoint.connections) connection->close("endpointd stops");
        if (endpoint.wake_dialler) endpoint.wake_dialler->cancel();
    }
    co_await impl_->tasks.stop(kGoodbye);
}

}  // namespace endpointd::cluster
