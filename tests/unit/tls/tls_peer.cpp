#include "tls/tls_peer.hpp"

#include <openssl/bio.h>
#include <openssl/pem.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <stdexcept>

#include "tls/handshake.hpp"

namespace endpointd::test {

namespace asio = boost::asio;
using asio::ip::tcp;

asio::ssl::context peer_context(const SSL_METHOD* method, const std::optional<Issued>& identity,
                                const std::function<void(SSL_CTX*)>& adjust) {
    asio::ssl::context context(SSL_CTX_new(method));
    context.set_verify_mode(asio::ssl::verify_none);
    if (identity) {
        context.use_certificate_chain(asio::buffer(identity->certificate));
        context.use_private_key(asio::buffer(identity->key), asio::ssl::context::pem);
    }
    if (adjust) adjust(context.native_handle());
    return context;
}

std::shared_ptr<tls::Contexts> our_contexts(const TestCa& ca, const std::function<void(tls::TlsMaterial&)>& adjust) {
    const Issued own = ca.issue("web1");
    tls::TlsMaterial material;
    material.ca = ca.certificate();
    material.certificate = own.certificate;
    material.key = own.key;
    if (adjust) adjust(material);
    const auto contexts = tls::make_contexts(material, SystemClock().wall());
    if (!contexts) throw std::runtime_error(contexts.error().text);
    return *contexts;
}

std::pair<tcp::socket, tcp::socket> connected_pair(asio::io_context& io) {
    tcp::acceptor acceptor(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    tcp::socket dialling(io);
    dialling.connect(acceptor.local_endpoint());
    return {acceptor.accept(), std::move(dialling)};
}

std::string Meeting::outcome() const {
    if (!verdict) return "no verdict";
    return *verdict ? "let in as " + (*verdict)->name() : std::string(name_of(verdict->error().failure));
}

std::string Meeting::detail() const { return verdict && !*verdict ? verdict->error().detail : std::string(); }

bool knows_master1(std::string_view name) { return name == "master1"; }

namespace {

asio::awaitable<void> peer(tls::Stream& stream, asio::ssl::stream_base::handshake_type role, Meeting& meeting) {
    const auto [failed] = co_await stream.async_handshake(role, asio::as_tuple(asio::use_awaitable));
    if (failed) {
        meeting.peer_error = failed.message();
    } else {
        // One byte, so that a dialler of ours has something to wait for.
        co_await stream.async_write_some(asio::buffer("!", 1), asio::as_tuple(asio::use_awaitable));
        char byte = 0;
        for (;;) {
            const auto [error, size] = co_await stream.async_read_some(asio::buffer(&byte, 1), asio::as_tuple(asio::use_awaitable));
            meeting.heard.append(&byte, size);
            if (!error) continue;
            meeting.peer_error = error.message();
            break;
        }
    }
    stream.lowest_layer().close();
}

asio::awaitable<void> us(tls::Stream& stream, std::optional<std::string> expected, Meeting& meeting) {
    if (expected) {
        meeting.verdict = co_await tls::dial_peer(stream, *expected, knows_master1);
    } else {
        meeting.verdict = co_await tls::accept_peer(stream, knows_master1);
    }
    if (*meeting.verdict && expected) {
        // With TLS 1.3 a dialler is done before the other side has judged its certificate.
        char byte = 0;
        const auto [error, size] = co_await stream.async_read_some(asio::buffer(&byte, 1), asio::as_tuple(asio::use_awaitable));
        const tls::Refusal refusal = tls::refusal_of(error, stream.native_handle());
        if (refusal.failure == tls::Failure::peer_refused_our_certificate) meeting.verdict = refusal;
    }
    co_await tls::close_stream(stream);
}

Meeting meet(asio::ssl::context& ours, asio::ssl::context& theirs, const std::optional<std::string>& expected) {
    asio::io_context io;
    auto [accepted, dialling] = connected_pair(io);
    tls::Stream our_stream(std::move(expected ? dialling : accepted), ours);
    tls::Stream peer_stream(std::move(expected ? accepted : dialling), theirs);
    Meeting meeting;
    asio::co_spawn(io, us(our_stream, expected, meeting), asio::detached);
    asio::co_spawn(io, peer(peer_stream, expected ? asio::ssl::stream_base::server : asio::ssl::stream_base::client, meeting),
                   asio::detached);
    io.run();
    return meeting;
}

}  // namespace

Meeting peer_dials_us(tls::Contexts& ours, asio::ssl::context peer) { return meet(ours.server, peer, std::nullopt); }

Meeting we_dial_peer(tls::Contexts& ours, asio::ssl::context peer, const std::string& expected) {
    return meet(ours.client, peer, expected);
}

}  // namespace endpointd::test
