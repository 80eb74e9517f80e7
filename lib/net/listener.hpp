#pragma once
// The accept loops of one service on one or more addresses. Bounds the strangers
// that are let in (admission.hpp) and survives running out of descriptors. Owned by
// the daemon; lives on its executor, and must outlive the task group it was started
// in (stop the group, then destroy the listener).

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "net/admission.hpp"
#include "net/task_group.hpp"

namespace endpointd::net {

struct ListenAddresses {
    std::vector<std::string> addresses;  // literal IPv4 and IPv6; `::` is IPv6 only
    std::uint16_t port = 0;              // 0: any free one, the same for every address
    // Leave out an address whose family the kernel does not have instead of failing:
    // for the default list. At least one address must be left.
    bool skip_missing_families = false;
};

struct Accepted {
    boost::asio::ip::tcp::socket socket;  // TCP_NODELAY and keepalive are on
    boost::asio::ip::tcp::endpoint peer;
    Admission admission;  // release() once the peer is authenticated
};

class Listener {
public:
    // Called on the executor for each connection that is let in. Must not block;
    // typically spawns the connection's coroutine.
    using Handler = std::function<void(Accepted)>;

    // Binds and listens; nothing is accepted before start(). `log` and `clock` must
    // outlive the listener. Errors name the address and what the system said.
    static Result<std::unique_ptr<Listener>> open(boost::asio::any_io_executor executor, const ListenAddresses& where, const Log& log,
                                                  const Clock& clock, AdmissionGate gate = AdmissionGate());

    // Runs one accept loop per address in `group`; they end when the group is asked
    // to stop, or on close().
    void start(TaskGroup& group, Handler handler);
    // Stops listening. Connections handed out are not touched.
    void close();

    // Where we listen, with real ports.
    const std::vector<boost::asio::ip::tcp::endpoint>& endpoints() const noexcept { return endpoints_; }
    std::size_t unauthenticated() const noexcept { return gate_.held(); }
    // Connections closed at once since the start, because a limit or our descriptors were used up.
    std::uint64_t turned_away() const noexcept { return turned_away_; }

private:
    using Acceptor = boost::asio::ip::tcp::acceptor;

    Listener(const Log& log, const Clock& clock, AdmissionGate gate) : log_(log), clock_(clock), gate_(std::move(gate)) {}

    boost::asio::awaitable<void> accept_loop(Acceptor& acceptor);
    void take_in(boost::asio::ip::tcp::socket socket, const boost::asio::ip::tcp::endpoint& peer);
    bool shed_one(Acceptor& acceptor);
    void keep_spare();
    void report_turned_away(std::string_view why, const std::string& address);

    const Log& log_;
    const Clock& clock_;
    AdmissionGate gate_;
    std::list<Acceptor> acceptors_;
    std::vector<boost::asio::ip::tcp::endpoint> endpoints_;
    Handler handler_;
    // Given up for a moment when descriptors ran out, to accept and close what waits:
    // a backlog that nobody empties keeps the acceptor readable and would spin us.
    UniqueFd spare_;
    std::uint64_t turned_away_ = 0;
    std::uint64_t reported_ = 0;
    SteadyTime next_report_{};
};

}  // namespace endpointd::net
