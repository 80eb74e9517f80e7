#include "tls/handshake.hpp"

#include <openssl/ssl.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "net/deadline.hpp"

namespace endpointd::tls {

namespace asio = boost::asio;

namespace {

asio::awaitable<Verdict> shake(Stream& stream, asio::ssl::stream_base::handshake_type role, std::optional<std::string> expected,
                               KnownEndpoint known, std::chrono::milliseconds patience) {
    boost::system::error_code error;
    {
        const net::Deadline deadline(stream, patience);
        const auto [failure] = co_await stream.async_handshake(role, asio::as_tuple(asio::use_awaitable));
        error = failure;
        if (deadline.expired()) co_return Refusal{Failure::handshake_timed_out, "after " + std::to_string(patience.count()) + " ms"};
    }
    SSL* ssl = stream.native_handle();
    if (error) co_return refusal_of(error, ssl);
    co_return evaluate(ssl, expected, known);
}

}  // namespace

asio::awaitable<Verdict> accept_peer(Stream& stream, KnownEndpoint known, std::chrono::milliseconds patience) {
    return shake(stream, asio::ssl::stream_base::server, std::nullopt, std::move(known), patience);
}

asio::awaitable<Verdict> dial_peer(Stream& stream, std::string expected, KnownEndpoint known, std::chrono::milliseconds patience) {
    // A name SNI cannot carry (over 255 bytes) goes without; it is no part of the verdict.
    SSL_set_tlsext_host_name(stream.native_handle(), expected.c_str());
    return shake(stream, asio::ssl::stream_base::client, std::move(expected), std::move(known), patience);
}

asio::awaitable<void> close_stream(Stream& stream, std::chrono::milliseconds patience) {
    {
        const net::Deadline deadline(stream, patience);
        co_await stream.async_shutdown(asio::as_tuple(asio::use_awaitable));
    }
    boost::system::error_code ignored;
    stream.lowest_layer().close(ignored);
}

}  // namespace endpointd::tls
