#include "net/listener.hpp"

#include <fcntl.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <optional>

#include "net/deadline.hpp"

namespace endpointd::net {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

// One line a minute says how many were turned away: a stranger cannot fill the log.
constexpr std::chrono::minutes kReportEvery{1};
// How long an accept loop rests after an error that shedding does not cure.
constexpr std::chrono::milliseconds kRestAfterError{200};
// With port 0 and several addresses the port that the first one gets must be free on
// the others too; how often another one is tried.
constexpr int kPortAttempts = 16;

bool out_of_descriptors(const error_code& error) {
    return error == boost::system::errc::too_many_files_open || error == boost::system::errc::too_many_files_open_in_system;
}

bool family_is_missing(const error_code& error) {
    return error == asio::error::address_family_not_supported || error == boost::system::errc::address_not_available ||
           error == boost::system::errc::protocol_not_supported;
}

error_code listen_on(tcp::acceptor& acceptor, const tcp::endpoint& where) {
    error_code error;
    acceptor.open(where.protocol(), error);
    if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    // `0.0.0.0` and `::` are two sockets, whatever the kernel's default for the second.
    if (!error && where.address().is_v6()) acceptor.set_option(asio::ip::v6_only(true), error);
    if (!error) acceptor.bind(where, error);
    if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (!error) acceptor.non_blocking(true, error);
    return error;
}

std::string text_of(const tcp::endpoint& where) {
    const std::string address = where.address().to_string();
    return (where.address().is_v6() ? "[" + address + "]:" : address + ":") + std::to_string(where.port());
}

struct BindFailure {
    Error error;
    bool port_in_use;
};

// Everything at once, or nothing: a half of the listeners would go unnoticed.
std::optional<BindFailure> bind_all(const asio::any_io_executor& executor, const std::vector<asio::ip::address>& addresses,
                                    std::uint16_t port, bool skip_missing_families, std::list<tcp::acceptor>& acceptors) {
    acceptors.clear();
    std::string missing;
    for (const asio::ip::address& address : addresses) {
        tcp::acceptor acceptor(executor);
        const tcp::endpoint where(address, port);
        const error_code error = listen_on(acceptor, where);
        if (!error) {
            if (port == 0) port = acceptor.local_endpoint().port();
            acceptors.push_back(std::move(acceptor));
            continue;
        }
        const std::string text = "cannot listen on " + text_of(where) + ": " + error.message();
        if (skip_missing_families && family_is_missing(error)) {
            missing = text;
            continue;
        }
        return BindFailure{fail(Errc::io, text), error == asio::error::address_in_use};
    }
    if (acceptors.empty()) return BindFailure{fail(Errc::invalid, missing.empty() ? "no address to listen on" : missing), false};
    return std::nullopt;
}

}  // namespace

Result<std::unique_ptr<Listener>> Listener::open(asio::any_io_executor executor, const ListenAddresses& where, const Log& log,
                                                 const Clock& clock, AdmissionGate gate) {
    std::vector<asio::ip::address> addresses;
    for (const std::string& text : where.addresses) {
        error_code error;
        addresses.push_back(asio::ip::make_address(text, error));
        if (error) return fail(Errc::invalid, "cannot listen on '" + text + "': not an IPv4 or IPv6 address");
    }
    std::unique_ptr<Listener> listener(new Listener(log, clock, std::move(gate)));
    std::optional<BindFailure> failure;
    for (int attempt = 0; attempt < kPortAttempts; ++attempt) {
        failure = bind_all(executor, addresses, where.port, where.skip_missing_families, listener->acceptors_);
        if (!failure || where.port != 0 || !failure->port_in_use) break;
    }
    if (failure) return failure->error;
    for (const Acceptor& acceptor : listener->acceptors_) listener->endpoints_.push_back(acceptor.local_endpoint());
    listener->keep_spare();
    return listener;
}

void Listener::start(TaskGroup& group, Handler handler) {
    handler_ = std::move(handler);
    for (Acceptor& acceptor : acceptors_) group.spawn("accept", accept_loop(acceptor));
}

void Listener::close() {
    for (Acceptor& acceptor : acceptors_) {
        error_code ignored;
        acceptor.close(ignored);
    }
    spare_.reset();
}

asio::awaitable<void> Listener::accept_loop(Acceptor& acceptor) {
    co_await asio::this_coro::reset_cancellation_state(asio::enable_total_cancellation());
    co_await asio::this_coro::throw_if_cancelled(false);
    while (acceptor.is_open()) {
        // Waits before it accepts: without a free descriptor the kernel refuses an accept
        // even if nobody is there, and an accept that is tried first would spin.
        co_await acceptor.async_wait(tcp::acceptor::wait_read, asio::as_tuple(asio::use_awaitable));
        const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
        if (state.cancelled() != asio::cancellation_type::none || !acceptor.is_open()) co_return;
        error_code error;
        tcp::endpoint peer;
        tcp::socket socket = acceptor.accept(peer, error);
        if (!error) {
            take_in(std::move(socket), peer);
            continue;
        }
        // It left again while it waited.
        if (error == asio::error::connection_aborted || error == asio::error::would_block) continue;
        if (out_of_descriptors(error) && shed_one(acceptor)) continue;
        report_turned_away(error.message(), "");
        const bool rested = co_await pause(kRestAfterError);
        if (!rested) co_return;
    }
}

void Listener::take_in(tcp::socket socket, const tcp::endpoint& peer) {
    if (!spare_) keep_spare();
    if (const auto limit = gate_.full_for(peer.address())) {
        report_turned_away(name_of(*limit), peer.address().to_string());
        return;
    }
    error_code ignored;  // a peer that is gone again shows in its first read
    socket.set_option(tcp::no_delay(true), ignored);
    socket.set_option(asio::socket_base::keep_alive(true), ignored);
    try {
        handler_(Accepted{std::move(socket), peer, gate_.admit(peer.address())});
    } catch (const std::exception& failure) {
        // One connection that could not be set up must not end the loop for all others.
        log_.error("net", "connection dropped", {{"peer", peer.address().to_string()}, {"reason", failure.what()}});
    }
}

// With the spare descriptor's place: takes one connection off the backlog and closes it.
bool Listener::shed_one(Acceptor& acceptor) {
    if (!spare_) return false;
    spare_.reset();
    error_code error;
    tcp::endpoint peer;
    { const tcp::socket shed = acceptor.accept(peer, error); }
    keep_spare();
    // "would block": it went by itself meanwhile.
    if (error && error != asio::error::would_block) return false;
    if (!error) report_turned_away("out of file descriptors", peer.address().to_string());
    return true;
}

// A copy of one we have: it needs no right to open a file.
void Listener::keep_spare() {
    for (Acceptor& acceptor : acceptors_) {
        if (acceptor.is_open()) return spare_.reset(::fcntl(acceptor.native_handle(), F_DUPFD_CLOEXEC, 0));
    }
}

void Listener::report_turned_away(std::string_view why, const std::string& address) {
    ++turned_away_;
    const SteadyTime now = clock_.steady();
    if (reported_ != 0 && now < next_report_) return;
    log_.warning("net", "connections turned away", {{"reason", why}, {"peer", address}, {"count", turned_away_ - reported_}});
    reported_ = turned_away_;
    next_report_ = now + kReportEvery;
}

}  // namespace endpointd::net
