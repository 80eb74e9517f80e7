#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <memory>

#include "tls/tls_peer.hpp"

namespace endpointd::test {
namespace {

// Both ends in one thread, joined by a pair of memory buffers: what is asked of TLS
// itself needs no sockets.
class Pair {
public:
    Pair(SSL_CTX* server, SSL_CTX* client) : server_(SSL_new(server), SSL_free), client_(SSL_new(client), SSL_free) {
        BIO* left = nullptr;
        BIO* right = nullptr;
        BIO_new_bio_pair(&left, 0, &right, 0);
        SSL_set_bio(server_.get(), left, left);
        SSL_set_bio(client_.get(), right, right);
        SSL_set_accept_state(server_.get());
        SSL_set_connect_state(client_.get());
    }
    SSL* server() const { return server_.get(); }
    SSL* client() const { return client_.get(); }

    bool shake() const {
        bool server_done = false;
        bool client_done = false;
        for (int round = 0; round < 20 && !(server_done && client_done); ++round) {
            client_done = SSL_do_handshake(client()) == 1;
            server_done = SSL_do_handshake(server()) == 1;
        }
        ERR_clear_error();
        return server_done && client_done;
    }
    // Moves what tickets and alerts there are; true if an application byte came through.
    bool byte_to_client() const {
        char byte = 0;
        return SSL_write(server(), "x", 1) == 1 && SSL_read(client(), &byte, 1) == 1;
    }

private:
    std::unique_ptr<SSL, void (*)(SSL*)> server_;
    std::unique_ptr<SSL, void (*)(SSL*)> client_;
};

class Session : public testing::TestWithParam<int> {
protected:
    void SetUp() override {
        ours_ = our_contexts(ca_);
        const int version = GetParam();
        peer_.emplace(peer_context(TLS_client_method(), ca_.issue("master1"), [version](SSL_CTX* peer) {
            SSL_CTX_set_max_proto_version(peer, version);
            SSL_CTX_set_session_cache_mode(peer, SSL_SESS_CACHE_CLIENT);
        }));
    }
    SSL_CTX* server() const { return ours_->server.native_handle(); }
    SSL_CTX* peer() { return peer_->native_handle(); }

    const TestCa ca_;
    std::shared_ptr<tls::Contexts> ours_;
    std::optional<boost::asio::ssl::context> peer_;
};

INSTANTIATE_TEST_SUITE_P(Versions, Session, testing::Values(TLS1_2_VERSION, TLS1_3_VERSION),
                         [](const auto& tested) { return tested.param == TLS1_2_VERSION ? "Tls12" : "Tls13"; });

TEST_P(Session, IsNeverResumed) {
    const Pair first(server(), peer());
    ASSERT_TRUE(first.shake());
    ASSERT_TRUE(first.byte_to_client());
    SSL_SESSION* kept = SSL_get1_session(first.client());
    ASSERT_NE(kept, nullptr);
    EXPECT_EQ(SSL_SESSION_has_ticket(kept), 0);

    const Pair second(server(), peer());
    SSL_set_session(second.client(), kept);
    SSL_SESSION_free(kept);
    ASSERT_TRUE(second.shake());
    EXPECT_EQ(SSL_session_reused(second.server()), 0);
    EXPECT_EQ(SSL_session_reused(second.client()), 0);
    const auto verdict = tls::evaluate(second.server(), std::nullopt, knows_master1);
    ASSERT_TRUE(verdict);
    EXPECT_EQ(verdict->name(), "master1");
}

TEST_P(Session, ATicketMadeElsewhereGetsAFullHandshake) {
    // A server that resumes gives the peer a real ticket; ours must not honour it.
    auto generous = peer_context(TLS_server_method(), ca_.issue("web1"));
    const Pair elsewhere(generous.native_handle(), peer());
    ASSERT_TRUE(elsewhere.shake());
    ASSERT_TRUE(elsewhere.byte_to_client());
    SSL_SESSION* kept = SSL_get1_session(elsewhere.client());
    ASSERT_EQ(SSL_SESSION_has_ticket(kept), 1);

    const Pair pair(server(), peer());
    SSL_set_session(pair.client(), kept);
    SSL_SESSION_free(kept);
    ASSERT_TRUE(pair.shake());
    EXPECT_EQ(SSL_session_reused(pair.server()), 0);
    EXPECT_TRUE(tls::evaluate(pair.server(), std::nullopt, knows_master1));
}

TEST_P(Session, BeforeItsEndTheHandshakeProvesNothing) {
    const Pair pair(server(), peer());
    EXPECT_FALSE(tls::evaluate(pair.server(), std::nullopt, knows_master1));
    SSL_do_handshake(pair.client());
    SSL_do_handshake(pair.server());
    SSL_do_handshake(pair.client());
    EXPECT_FALSE(tls::evaluate(pair.server(), std::nullopt, knows_master1));
    ASSERT_TRUE(pair.shake());
    EXPECT_TRUE(tls::evaluate(pair.server(), std::nullopt, knows_master1));
}

TEST_P(Session, IsNotCompressedAndAuthenticatesItsData) {
    const Pair pair(server(), peer());
    ASSERT_TRUE(pair.shake());
    EXPECT_EQ(SSL_get_current_compression(pair.server()), nullptr);
    EXPECT_EQ(SSL_CIPHER_is_aead(SSL_get_current_cipher(pair.server())), 1);
}

TEST(SessionTls12, IsNeverRenegotiated) {
    const TestCa ca;
    const auto ours = our_contexts(ca);
    auto peer = peer_context(TLS_client_method(), ca.issue("master1"),
                             [](SSL_CTX* context) { SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION); });
    const Pair pair(ours->server.native_handle(), peer.native_handle());
    ASSERT_TRUE(pair.shake());
    ASSERT_EQ(SSL_renegotiate(pair.client()), 1);
    ERR_clear_error();
    SSL_do_handshake(pair.client());  // sends the request
    char byte = 0;
    SSL_read(pair.server(), &byte, 1);  // answers it with an alert
    ERR_clear_error();
    EXPECT_NE(SSL_do_handshake(pair.client()), 1);
    EXPECT_EQ(ERR_GET_REASON(ERR_peek_error()), SSL_R_NO_RENEGOTIATION);
    ERR_clear_error();
    EXPECT_EQ(SSL_total_renegotiations(pair.server()), 0);
}

TEST(SessionTls12, WeDoNotRenegotiateAsDiallerEither) {
    const TestCa ca;
    const auto ours = our_contexts(ca);
    auto peer = peer_context(TLS_server_method(), ca.issue("master1"),
                             [](SSL_CTX* context) { SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION); });
    const Pair pair(peer.native_handle(), ours->client.native_handle());
    ASSERT_TRUE(pair.shake());
    ASSERT_EQ(SSL_renegotiate(pair.server()), 1);
    SSL_do_handshake(pair.server());
    char byte = 0;
    SSL_read(pair.client(), &byte, 1);
    ERR_clear_error();
    EXPECT_EQ(SSL_num_renegotiations(pair.client()), 0);
}

}  // namespace
}  // namespace endpointd::test
