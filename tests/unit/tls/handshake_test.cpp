#include "tls/handshake.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "tls/tls_peer.hpp"

namespace endpointd::test {
namespace {

namespace asio = boost::asio;
using testing::HasSubstr;
using testing::StartsWith;

enum class Side { they_dial, we_dial };

// Each case in both directions: as the accepting and as the dialling side.
class Handshake : public testing::TestWithParam<Side> {
protected:
    bool we_dial() const { return GetParam() == Side::we_dial; }

    Meeting meet(const std::optional<Issued>& identity, const std::function<void(SSL_CTX*)>& adjust = {}) const {
        return meet_with(*our_contexts(ca_), identity, adjust);
    }
    Meeting meet_with(tls::Contexts& ours, const std::optional<Issued>& identity, const std::function<void(SSL_CTX*)>& adjust = {}) const {
        if (we_dial()) return we_dial_peer(ours, peer_context(TLS_server_method(), identity, adjust), "master1");
        return peer_dials_us(ours, peer_context(TLS_client_method(), identity, adjust));
    }
    // Refused as `name`, and not one byte of the protocol was said.
    void expect_refused(const Meeting& meeting, const std::string& name) const {
        EXPECT_EQ(meeting.outcome(), name) << meeting.detail();
        EXPECT_EQ(meeting.heard, "");
    }

    const TestCa ca_;
};

INSTANTIATE_TEST_SUITE_P(BothWays, Handshake, testing::Values(Side::they_dial, Side::we_dial),
                         [](const auto& tested) { return tested.param == Side::we_dial ? "WeDial" : "TheyDial"; });

TEST_P(Handshake, LetsInAnEndpointOfOurAuthority) { EXPECT_EQ(meet(ca_.issue("master1")).outcome(), "let in as master1"); }

TEST_P(Handshake, LetsItInWithTls12) {
    const auto meeting = meet(ca_.issue("master1"), [](SSL_CTX* peer) { SSL_CTX_set_max_proto_version(peer, TLS1_2_VERSION); });
    EXPECT_EQ(meeting.outcome(), "let in as master1") << meeting.detail();
}

TEST_P(Handshake, LetsItInThroughAnIntermediate) {
    const TestCa between = ca_.intermediate("Between");
    Issued leaf = between.issue("master1");
    leaf.certificate += between.certificate();
    EXPECT_EQ(meet(leaf).outcome(), "let in as master1");
}

TEST_P(Handshake, RefusesAnotherAuthority) { expect_refused(meet(TestCa("Another CA").issue("master1")), "unknown-authority"); }

TEST_P(Handshake, RefusesAnotherAuthorityOfTheSameName) {
    const TestCa other("Icinga CA");
    expect_refused(meet(other.issue("master1")), "unknown-authority");
    Issued with_root = other.issue("master1");
    with_root.certificate += other.certificate();
    expect_refused(meet(with_root), "unknown-authority");
}

TEST_P(Handshake, RefusesAPeerThatBringsItsOwnRoot) {
    const TestCa other("Another CA");
    Issued leaf = other.issue("master1");
    leaf.certificate += other.certificate();
    expect_refused(meet(leaf), "unknown-authority");
}

TEST_P(Handshake, RefusesALeafThatPlaysAuthority) {
    const Issued web = ca_.issue("web9");
    const std::string own_name = "master1";
    // A certificate signed with a leaf's key, the leaf as its "authority" in the chain.
    const TestCa other("web9");
    Issued leaf = other.issue(own_name);
    leaf.certificate += web.certificate;
    EXPECT_THAT(meet(leaf).outcome(), testing::Not(StartsWith("let in")));
}

TEST_P(Handshake, RefusesAnExpiredCertificate) {
    LeafOptions options;
    options.common_name = "master1";
    options.starts = std::chrono::hours(-48);
    options.ends = std::chrono::hours(-24);
    const auto meeting = meet(ca_.issue(options));
    expect_refused(meeting, "peer-certificate-expired");
    EXPECT_THAT(meeting.detail(), StartsWith("certificate has expired: 'CN=master1' issued by 'CN=Icinga CA', valid from "));
}

TEST_P(Handshake, RefusesACertificateOfTomorrow) {
    LeafOptions options;
    options.common_name = "master1";
    options.starts = std::chrono::hours(24);
    options.ends = std::chrono::hours(48);
    expect_refused(meet(ca_.issue(options)), "peer-certificate-not-yet-valid");
}

TEST_P(Handshake, RefusesASelfSignedCertificate) { expect_refused(meet(TestCa::self_signed("master1")), "self-signed"); }

TEST_P(Handshake, RefusesTheRightAuthoritysCertificateOfSomebodyElse) {
    expect_refused(meet(ca_.issue("web2")), we_dial() ? "peer-name-mismatch" : "unknown-endpoint");
}

TEST_P(Handshake, RefusesTheNameInAnotherCase) {
    expect_refused(meet(ca_.issue("Master1")), we_dial() ? "peer-name-mismatch" : "unknown-endpoint");
}

TEST_P(Handshake, RefusesANameThatIsOnlyADnsName) {
    LeafOptions options;
    options.dns_names = {"master1"};
    expect_refused(meet(ca_.issue(options)), "no-common-name");
    options.common_name = "web2";
    expect_refused(meet(ca_.issue(options)), we_dial() ? "peer-name-mismatch" : "unknown-endpoint");
}

TEST_P(Handshake, RefusesANameCutByANul) {
    LeafOptions options;
    options.common_name = std::string("master1\0.example.org", 20);
    expect_refused(meet(ca_.issue(options)), "no-common-name");
}

TEST_P(Handshake, LooksAtDnsNamesWhenDiallingOnly) {
    LeafOptions options;
    options.common_name = "master1";
    options.dns_names = {"elsewhere"};
    EXPECT_EQ(meet(ca_.issue(options)).outcome(), we_dial() ? "peer-name-mismatch" : "let in as master1");
    options.dns_names = {"elsewhere", "MASTER1"};
    EXPECT_EQ(meet(ca_.issue(options)).outcome(), "let in as master1");
    options.dns_names = {};
    EXPECT_EQ(meet(ca_.issue(options)).outcome(), "let in as master1");
}

TEST_P(Handshake, RefusesARevokedCertificate) {
    const Issued good = ca_.issue("master1");
    const Issued bad = ca_.issue("master1");
    const auto ours = our_contexts(ca_, [&](tls::TlsMaterial& material) { material.crl = ca_.revocation_list({bad}); });
    EXPECT_EQ(meet_with(*ours, good).outcome(), "let in as master1");
    expect_refused(meet_with(*ours, bad), "peer-certificate-revoked");
}

TEST_P(Handshake, AnOutdatedRevocationListLetsNobodyIn) {
    const auto ours =
        our_contexts(ca_, [&](tls::TlsMaterial& material) { material.crl = ca_.revocation_list({}, std::chrono::hours(-72)); });
    const auto meeting = meet_with(*ours, ca_.issue("master1"));
    expect_refused(meeting, "peer-certificate-invalid");
    EXPECT_THAT(meeting.detail(), StartsWith("CRL has expired"));
}

TEST_P(Handshake, RefusesACertificateMadeForTheOtherRoleOnly) {
    LeafOptions options;
    options.common_name = "master1";
    options.extended_key_usage = we_dial() ? "clientAuth" : "serverAuth";
    expect_refused(meet(ca_.issue(options)), "peer-certificate-invalid");
    options.extended_key_usage = "serverAuth,clientAuth";
    EXPECT_EQ(meet(ca_.issue(options)).outcome(), "let in as master1");
}

TEST_P(Handshake, RefusesAnOlderTls) {
    const auto meeting = meet(ca_.issue("master1"), [](SSL_CTX* peer) {
        SSL_CTX_set_security_level(peer, 0);
        SSL_CTX_set_cipher_list(peer, "ALL:@SECLEVEL=0");
        SSL_CTX_set_min_proto_version(peer, TLS1_VERSION);
        SSL_CTX_set_max_proto_version(peer, TLS1_1_VERSION);
    });
    expect_refused(meeting, "tls-version");
}

TEST_P(Handshake, RefusesAWeakCipher) {
    const auto meeting = meet(ca_.issue("master1"), [](SSL_CTX* peer) {
        SSL_CTX_set_max_proto_version(peer, TLS1_2_VERSION);
        SSL_CTX_set_cipher_list(peer, "ECDHE-ECDSA-AES128-SHA256");
    });
    if (we_dial()) {
        expect_refused(meeting, "tls-handshake-failed");
        EXPECT_EQ(meeting.detail(), "the peer sent alert 40, handshake failure");
    } else {
        expect_refused(meeting, "no-shared-cipher");
    }
}

TEST_P(Handshake, NamesThePeersRefusalOfOurCertificate) {
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        const auto meeting = meet(ca_.issue("master1"), [version](SSL_CTX* peer) {
            SSL_CTX_set_max_proto_version(peer, version);
            SSL_CTX_set_verify(peer, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
        });
        expect_refused(meeting, "peer-refused-our-certificate");
        EXPECT_EQ(meeting.detail(), "alert 48, unknown CA");
    }
}

TEST(HandshakeAccepting, RefusesAPeerWithoutACertificate) {
    const TestCa ca;
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        const auto meeting = peer_dials_us(*our_contexts(ca), peer_context(TLS_client_method(), std::nullopt, [version](SSL_CTX* peer) {
            SSL_CTX_set_max_proto_version(peer, version);
        }));
        EXPECT_EQ(meeting.outcome(), "no-peer-certificate");
        EXPECT_EQ(meeting.heard, "");
    }
}

TEST(HandshakeDialling, RefusesAnAnonymousServer) {
    const TestCa ca;
    const auto meeting = we_dial_peer(*our_contexts(ca),
                                      peer_context(TLS_server_method(), std::nullopt,
                                                   [](SSL_CTX* peer) {
                                                       SSL_CTX_set_max_proto_version(peer, TLS1_2_VERSION);
                                                       SSL_CTX_set_cipher_list(peer, "aNULL:@SECLEVEL=0");
                                                       SSL_CTX_set_dh_auto(peer, 1);
                                                   }),
                                      "master1");
    EXPECT_EQ(meeting.outcome(), "tls-handshake-failed");
}

TEST(HandshakeDialling, SendsTheEndpointsNameAsSni) {
    const TestCa ca;
    static std::string asked;
    asked.clear();
    const auto meeting = we_dial_peer(*our_contexts(ca),
                                      peer_context(TLS_server_method(), ca.issue("master1"),
                                                   [](SSL_CTX* peer) {
                                                       SSL_CTX_set_tlsext_servername_callback(
                                                           peer, +[](SSL* ssl, int*, void*) {
                                                               const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
                                                               asked = name != nullptr ? name : "";
                                                               return SSL_TLSEXT_ERR_OK;
                                                           });
                                                   }),
                                      "master1");
    EXPECT_EQ(meeting.outcome(), "let in as master1");
    EXPECT_EQ(asked, "master1");
}

// What a peer that speaks no TLS gets out of our accepting side.
std::string refusal_of_bytes(const std::string& bytes, bool then_close, std::chrono::milliseconds patience = std::chrono::seconds(10)) {
    const TestCa ca;
    const auto ours = our_contexts(ca);
    asio::io_context io;
    auto [accepted, dialling] = connected_pair(io);
    tls::Stream stream(std::move(accepted), ours->server);
    asio::write(dialling, asio::buffer(bytes));
    if (then_close) dialling.shutdown(asio::ip::tcp::socket::shutdown_send);
    std::string outcome;
    asio::co_spawn(
        io,
        [&]() -> asio::awaitable<void> {
            const tls::Verdict verdict = co_await tls::accept_peer(stream, knows_master1, patience);
            outcome = verdict ? "let in" : verdict.error().text();
        },
        asio::detached);
    io.run();
    return outcome;
}

TEST(HandshakeAccepting, NamesPlainHttp) {
    EXPECT_EQ(refusal_of_bytes("GET / HTTP/1.1\r\n\r\n", false), "not-tls: the peer speaks plain HTTP");
}

TEST(HandshakeAccepting, NamesNoise) { EXPECT_THAT(refusal_of_bytes("90:{\"jsonrpc\":\"2.0\"},", false), StartsWith("not-tls: ")); }

TEST(HandshakeAccepting, NamesAPeerThatLeaves) {
    EXPECT_THAT(refusal_of_bytes("", true), StartsWith("peer-closed: "));
    EXPECT_THAT(refusal_of_bytes("\x16\x03\x01", true), StartsWith("peer-closed: "));
}

TEST(HandshakeAccepting, WaitsForASilentPeerOnlySoLong) {
    EXPECT_EQ(refusal_of_bytes("", false, std::chrono::milliseconds(20)), "handshake-timed-out: after 20 ms");
    EXPECT_EQ(refusal_of_bytes("\x16\x03\x01\x02", false, std::chrono::milliseconds(20)), "handshake-timed-out: after 20 ms");
}

TEST(CloseStream, DoesNotWaitForAPeerThatStaysSilent) {
    const TestCa ca;
    const auto ours = our_contexts(ca);
    auto theirs = peer_context(TLS_client_method(), ca.issue("master1"));
    asio::io_context io;
    auto [accepted, dialling] = connected_pair(io);
    tls::Stream our_stream(std::move(accepted), ours->server);
    tls::Stream peer_stream(std::move(dialling), theirs);
    bool closed = false;
    asio::co_spawn(
        io,
        [&]() -> asio::awaitable<void> {
            const tls::Verdict verdict = co_await tls::accept_peer(our_stream, knows_master1);
            EXPECT_TRUE(verdict);
            co_await tls::close_stream(our_stream, std::chrono::milliseconds(20));
            closed = !our_stream.lowest_layer().is_open();
        },
        asio::detached);
    // The peer shakes hands and then neither reads nor answers.
    asio::co_spawn(io, peer_stream.async_handshake(asio::ssl::stream_base::client, asio::use_awaitable), asio::detached);
    io.run();
    EXPECT_TRUE(closed);
}

}  // namespace
}  // namespace endpointd::test
