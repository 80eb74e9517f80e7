#include "net/dial.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <vector>

#include "net/deadline.hpp"

namespace endpointd::net {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using std::chrono::milliseconds;
using SteadyClock = std::chrono::steady_clock;

namespace {

struct Lookup {
    explicit Lookup(const asio::any_io_executor& executor) : resolver(executor), done(executor) {}
    tcp::resolver resolver;
    asio::steady_timer done;  // cancelled when the answer is there
    bool answered = false;
    error_code error;
    std::vector<tcp::endpoint> addresses;
};

asio::awaitable<Result<std::vector<tcp::endpoint>>> resolve(std::string host, std::uint16_t port, SteadyClock::time_point until) {
    error_code not_literal;
    const auto literal = asio::ip::make_address(host, not_literal);
    if (!not_literal) co_return std::vector{tcp::endpoint(literal, port)};

    // Shared with the resolver's answer, which may come after we stopped waiting.
    const auto lookup = std::make_shared<Lookup>(co_await asio::this_coro::executor);
    lookup->done.expires_at(until);
    lookup->resolver.async_resolve(host, std::to_string(port), tcp::resolver::numeric_service,
                                   [lookup](const error_code& error, const tcp::resolver::results_type& results) {
                                       lookup->answered = true;
                                       lookup->error = error;
                                       for (const auto& entry : results) {
                                           if (lookup->addresses.size() < kDialAddresses) lookup->addresses.push_back(entry.endpoint());
                                       }
                                       lookup->done.cancel();
                                   });
    co_await lookup->done.async_wait(asio::as_tuple(asio::use_awaitable));
    if (!lookup->answered) {
        lookup->resolver.cancel();
        co_return fail(Errc::timed_out, "cannot resolve '" + host + "': no answer in time");
    }
    if (lookup->error) co_return fail(Errc::not_found, "cannot resolve '" + host + "': " + lookup->error.message());
    if (lookup->addresses.empty()) co_return fail(Errc::not_found, "cannot resolve '" + host + "': it has no address");
    co_return lookup->addresses;
}

milliseconds left(SteadyClock::time_point until) {
    return std::max(milliseconds(0), std::chrono::duration_cast<milliseconds>(until - SteadyClock::now()));
}

}  // namespace

asio::awaitable<Result<tcp::socket>> dial(std::string host, std::uint16_t port, milliseconds patience) {
    const auto until = SteadyClock::now() + patience;
    const auto addresses = co_await resolve(host, port, until);
    if (!addresses) co_return addresses.error();

    std::string tried;
    std::size_t to_try = addresses->size();
    for (const tcp::endpoint& address : *addresses) {
        tcp::socket socket(co_await asio::this_coro::executor);
        error_code error;
        bool expired = false;
        {
            const Deadline deadline(socket, left(until) / static_cast<milliseconds::rep>(to_try--));
            const auto [failure] = co_await socket.async_connect(address, asio::as_tuple(asio::use_awaitable));
            error = failure;
            expired = deadline.expired();
        }
        if (!error && !expired) {
            error_code ignored;
            socket.set_option(tcp::no_delay(true), ignored);
            socket.set_option(asio::socket_base::keep_alive(true), ignored);
            co_return socket;
        }
        const std::string where = (address.address().is_v6() ? "[" + address.address().to_string() + "]" : address.address().to_string());
        tried += (tried.empty() ? "" : "; ") + where + ": " + (expired ? "no answer in time" : error.message());
        const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
        if (state.cancelled() != asio::cancellation_type::none) break;
    }
    const bool out_of_time = left(until) == milliseconds(0);
    co_return fail(out_of_time ? Errc::timed_out : Errc::unavailable,
                   "cannot connect to port " + std::to_string(port) + " of '" + host + "': " + tried);
}

}  // namespace endpointd::net
