#include "tls/verify.hpp"

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>

namespace endpointd::tls {
namespace {

bool knows(std::string_view name) { return name == "master1"; }

PeerFacts proved() {
    PeerFacts facts;
    facts.handshake_finished = true;
    facts.certificate_present = true;
    facts.verify_result = X509_V_OK;
    facts.common_name = "master1";
    facts.certificate = "'CN=master1' issued by 'CN=Icinga CA'";
    return facts;
}

std::string outcome(const PeerFacts& facts) {
    const Verdict verdict = decide(facts, knows);
    return verdict ? "let in as " + verdict->name() : verdict.error().text();
}

TEST(Verify, KnowsNobodyByDefault) { EXPECT_EQ(outcome(PeerFacts{}), "tls-handshake-failed: the handshake is not finished"); }

TEST(Verify, LetsInAProvedAndKnownPeer) { EXPECT_EQ(outcome(proved()), "let in as master1"); }

TEST(Verify, AFinishedHandshakeWithoutACertificateProvesNothing) {
    PeerFacts facts = proved();
    facts.certificate_present = false;
    EXPECT_EQ(outcome(facts), "no-peer-certificate: the peer showed no certificate");
}

TEST(Verify, EachOfTheThreeProofsIsNeeded) {
    PeerFacts facts = proved();
    facts.handshake_finished = false;
    EXPECT_EQ(outcome(facts), "tls-handshake-failed: the handshake is not finished");
    facts = proved();
    facts.verify_result = X509_V_ERR_CERT_HAS_EXPIRED;
    EXPECT_EQ(outcome(facts), "peer-certificate-expired: certificate has expired, 'CN=master1' issued by 'CN=Icinga CA'");
    facts.verify_result = PeerFacts{}.verify_result;
    EXPECT_FALSE(decide(facts, knows));
}

TEST(Verify, ComparesTheNameByteForByte) {
    PeerFacts facts = proved();
    facts.common_name = "Master1";
    EXPECT_EQ(outcome(facts), "unknown-endpoint: no Endpoint object is named 'Master1', the certificate's CN");
    facts.expected = "master1";
    EXPECT_EQ(outcome(facts), "peer-name-mismatch: the certificate's CN is 'Master1', dialled was 'master1'; names differ by case");
    facts.common_name = "web2";
    EXPECT_EQ(outcome(facts), "peer-name-mismatch: the certificate's CN is 'web2', dialled was 'master1'");
}

TEST(Verify, ADnsNameNeverReplacesTheCommonName) {
    PeerFacts facts = proved();
    facts.has_dns_names = facts.dns_name_matches = true;
    facts.expected = "master1";
    facts.common_name.reset();
    EXPECT_EQ(outcome(facts), "no-common-name: the certificate has no usable CN; 'CN=master1' issued by 'CN=Icinga CA'");
    facts.common_name = "web2";
    EXPECT_EQ(decide(facts, knows).error().failure, Failure::peer_name_mismatch);
}

TEST(Verify, ADialledPeerWithDnsNamesMustHaveOursAmongThem) {
    PeerFacts facts = proved();
    facts.expected = "master1";
    EXPECT_EQ(outcome(facts), "let in as master1");
    facts.has_dns_names = true;
    EXPECT_EQ(outcome(facts), "peer-name-mismatch: none of the certificate's DNS names is 'master1'");
    facts.dns_name_matches = true;
    EXPECT_EQ(outcome(facts), "let in as master1");
}

TEST(Verify, DnsNamesOfADiallingPeerAreNotLookedAt) {
    PeerFacts facts = proved();
    facts.has_dns_names = true;
    EXPECT_EQ(outcome(facts), "let in as master1");
}

TEST(Verify, ADialledPeerMustStillBeAnEndpoint) {
    PeerFacts facts = proved();
    facts.expected = facts.common_name = "gone";
    EXPECT_EQ(decide(facts, knows).error().failure, Failure::unknown_endpoint);
}

TEST(Verify, ASignatureThatDoesNotFitMeansAnotherAuthority) {
    EXPECT_EQ(failure_of_verification(X509_V_ERR_CERT_SIGNATURE_FAILURE), Failure::unknown_authority);
    EXPECT_EQ(failure_of_verification(X509_V_ERR_INVALID_PURPOSE), Failure::peer_certificate_invalid);
    EXPECT_EQ(failure_of_verification(X509_V_ERR_CRL_HAS_EXPIRED), Failure::peer_certificate_invalid);
}

boost::system::error_code ssl_error(int reason) {
    return {static_cast<int>(ERR_PACK(ERR_LIB_SSL, 0, reason)), boost::asio::error::get_ssl_category()};
}

TEST(HandshakeFailure, NamesWhatThePeerDid) {
    OPENSSL_init_ssl(OPENSSL_INIT_LOAD_SSL_STRINGS, nullptr);  // as the first context does
    EXPECT_EQ(refusal_of(ssl_error(SSL_R_HTTP_REQUEST), nullptr).text(), "not-tls: the peer speaks plain HTTP");
    EXPECT_EQ(refusal_of(ssl_error(SSL_R_WRONG_VERSION_NUMBER), nullptr).text(), "not-tls: wrong version number");
    EXPECT_EQ(refusal_of(ssl_error(SSL_R_UNSUPPORTED_PROTOCOL), nullptr).text(), "tls-version: unsupported protocol");
    EXPECT_EQ(refusal_of(ssl_error(SSL_R_NO_SHARED_CIPHER), nullptr).text(), "no-shared-cipher: no shared cipher");
    EXPECT_EQ(refusal_of(ssl_error(SSL_R_LENGTH_MISMATCH), nullptr).text(), "tls-handshake-failed: length mismatch");
}

TEST(HandshakeFailure, TellsARefusalOfOurCertificateFromOtherAlerts) {
    EXPECT_EQ(refusal_of(ssl_error(SSL_R_TLSV1_ALERT_UNKNOWN_CA), nullptr).text(), "peer-refused-our-certificate: alert 48, unknown CA");
    EXPECT_EQ(refusal_of(ssl_error(SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED), nullptr).text(),
              "peer-refused-our-certificate: alert 45, certificate expired");
    EXPECT_EQ(refusal_of(ssl_error(SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED), nullptr).failure, Failure::peer_refused_our_certificate);
    EXPECT_EQ(refusal_of(ssl_error(SSL_R_TLSV1_ALERT_PROTOCOL_VERSION), nullptr).text(), "tls-version: alert 70, protocol version");
    EXPECT_EQ(refusal_of(ssl_error(SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE), nullptr).text(),
              "tls-handshake-failed: the peer sent alert 40, handshake failure");
}

TEST(HandshakeFailure, IsNeverJustAShortRead) {
    EXPECT_EQ(refusal_of(boost::asio::ssl::error::stream_truncated, nullptr).failure, Failure::peer_closed);
    EXPECT_EQ(refusal_of(boost::asio::error::eof, nullptr).failure, Failure::peer_closed);
    EXPECT_EQ(refusal_of(boost::asio::error::connection_reset, nullptr).failure, Failure::peer_closed);
    EXPECT_EQ(refusal_of(boost::asio::error::bad_descriptor, nullptr).failure, Failure::tls_handshake_failed);
}

}  // namespace
}  // namespace endpointd::tls
