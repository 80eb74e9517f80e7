#pragma once
// A TLS connection from connected socket to proved peer and back to a closed one.
// Free coroutines on the stream's executor; the connection owns the stream, which
// must outlive them.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <chrono>
#include <string>

#include "base/limits.hpp"
#include "tls/verify.hpp"

namespace endpointd::tls {

using Stream = boost::asio::ssl::stream<boost::asio::ip::tcp::socket>;

// The accepting side's handshake and verdict. On a refusal nothing but TLS alerts has
// been sent; the caller closes the socket. Past `patience` the socket is closed.
boost::asio::awaitable<Verdict> accept_peer(Stream& stream, KnownEndpoint known,
                                            std::chrono::milliseconds patience = limits::kTlsHandshake);

// The dialling side's, for the Endpoint `expected`, whose name goes out as SNI
// (protocol, 1.3).
boost::asio::awaitable<Verdict> dial_peer(Stream& stream, std::string expected, KnownEndpoint known,
                                          std::chrono::milliseconds patience = limits::kTlsHandshake);

// Orderly end: close_notify, within `patience`, then the socket is closed. Nothing
// may be reading or writing any more.
boost::asio::awaitable<void> close_stream(Stream& stream, std::chrono::milliseconds patience = limits::kCloseNotify);

}  // namespace endpointd::tls
