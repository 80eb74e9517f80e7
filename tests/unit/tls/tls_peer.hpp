#pragma once
// The other end of a TLS connection in tests: a plain OpenSSL context that does
// whatever it is told, wrongly if need be, and a run of our side against it.

#include <openssl/ssl.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "tls/ca_fixture.hpp"
#include "tls/context.hpp"
#include "tls/verify.hpp"

namespace endpointd::test {

// A peer that shows `identity` (or nothing) and believes everybody, unless `adjust`
// says otherwise.
boost::asio::ssl::context peer_context(const SSL_METHOD* method, const std::optional<Issued>& identity,
                                       const std::function<void(SSL_CTX*)>& adjust = {});

// Our own contexts: CN `web1`, trusting `ca`.
std::shared_ptr<tls::Contexts> our_contexts(const TestCa& ca, const std::function<void(tls::TlsMaterial&)>& adjust = {});

// Two connected sockets on loopback.
std::pair<boost::asio::ip::tcp::socket, boost::asio::ip::tcp::socket> connected_pair(boost::asio::io_context& io);

struct Meeting {
    std::optional<tls::Verdict> verdict;  // ours
    std::string heard;                    // application bytes that the peer got from us
    std::string peer_error;               // what the peer's handshake or read ended with

    // "let in as NAME" or the name of the refusal.
    std::string outcome() const;
    std::string detail() const;
};

// One handshake over loopback. The peer sends one byte and reads until the end; our
// side closes after its verdict.
Meeting peer_dials_us(tls::Contexts& ours, boost::asio::ssl::context peer);
Meeting we_dial_peer(tls::Contexts& ours, boost::asio::ssl::context peer, const std::string& expected);

// The only Endpoint there is in these tests: `master1`.
bool knows_master1(std::string_view name);

}  // namespace endpointd::test
