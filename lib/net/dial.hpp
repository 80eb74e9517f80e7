#pragma once
// Connecting to a peer by host and port within a time. A free coroutine: it owns
// its socket until it returns it, and runs on its caller's executor.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/result.hpp"

namespace endpointd::net {

// Addresses of one name that are tried; a name with more is not made faster by them.
inline constexpr std::size_t kDialAddresses = 16;

// A connected socket (TCP_NODELAY and keepalive on), or why not: `host` has no
// address (not_found), none of its addresses answered (unavailable; the text names
// each with its reason), or the time was up (timed_out). Every address gets an even
// share of the time left, so one that swallows packets does not starve the next.
// A literal address asks no resolver. A name is resolved in Asio's resolver thread,
// whose getaddrinfo cannot be interrupted: when the time is up it goes on alone, its
// answer unused.
boost::asio::awaitable<Result<boost::asio::ip::tcp::socket>> dial(std::string host, std::uint16_t port, std::chrono::milliseconds patience);

}  // namespace endpointd::net
