#include "tls/context.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include "tls/ca_fixture.hpp"

namespace endpointd::tls {
namespace {

using test::TestCa;

class ContextTest : public testing::Test {
protected:
    TlsMaterial material() const {
        TlsMaterial made;
        made.ca = ca_.certificate();
        made.certificate = own_.certificate;
        made.key = own_.key;
        return made;
    }

    std::string error_of(const TlsMaterial& material) const {
        const auto contexts = make_contexts(material, now_);
        return contexts ? "no error" : contexts.error().text;
    }
    std::string ciphers(const std::string& list) const {
        TlsMaterial changed = material();
        changed.ciphers = list;
        return error_of(changed);
    }
    std::string suites(const std::string& list, const std::string& min_version = "1.2") const {
        TlsMaterial changed = material();
        changed.ciphersuites = list;
        changed.min_version = min_version;
        return error_of(changed);
    }

    const TestCa ca_;
    const test::Issued own_ = ca_.issue("web1");
    const WallTime now_ = SystemClock().wall();
};

TEST_F(ContextTest, TakesWhatIcingaMakes) {
    const auto contexts = make_contexts(material(), now_);
    ASSERT_TRUE(contexts) << contexts.error().text;
    EXPECT_EQ((*contexts)->own.common_name(), "web1");
    EXPECT_THAT((*contexts)->warnings, testing::IsEmpty());
}

TEST_F(ContextTest, LeavesNoWayToWeakenIt) {
    const auto contexts = make_contexts(material(), now_);
    for (SSL_CTX* context : {(*contexts)->server.native_handle(), (*contexts)->client.native_handle()}) {
        EXPECT_EQ(SSL_CTX_get_min_proto_version(context), TLS1_2_VERSION);
        EXPECT_EQ(SSL_CTX_get_verify_mode(context), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT);
        EXPECT_EQ(SSL_CTX_get_session_cache_mode(context), SSL_SESS_CACHE_OFF);
        EXPECT_EQ(SSL_CTX_get_num_tickets(context), 0u);
        const auto wanted = SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE;
        EXPECT_EQ(SSL_CTX_get_options(context) & wanted, wanted);
        EXPECT_GE(SSL_CTX_get_security_level(context), 2);
        EXPECT_EQ(sk_X509_NAME_num(SSL_CTX_get_client_CA_list(context)), 1);
    }
}

TEST_F(ContextTest, TakesAuthenticatedForwardSecretAeadOnly) {
    EXPECT_EQ(ciphers("ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM"), "no error");
    EXPECT_EQ(ciphers("AES256-GCM-SHA384"), "tls.ciphers: AES256-GCM-SHA384 is weaker than authenticated ECDHE or DHE with AEAD");
    EXPECT_EQ(ciphers("ECDHE+AESGCM:ECDHE-RSA-AES256-SHA384"),
              "tls.ciphers: ECDHE-RSA-AES256-SHA384 is weaker than authenticated ECDHE or DHE with AEAD");
    EXPECT_THAT(ciphers("ECDHE+AESGCM:PSK+AESGCM"), testing::HasSubstr("weaker than"));
    EXPECT_THAT(ciphers("ADH-AES128-GCM-SHA256"), testing::HasSubstr("weaker than"));
    EXPECT_THAT(ciphers("ECDHE-ECDSA-AES128-CCM8"), testing::HasSubstr("weaker than"));
    EXPECT_THAT(ciphers("HIGH"), testing::HasSubstr("weaker than"));
    EXPECT_THAT(ciphers("ALL:COMPLEMENTOFALL"), testing::HasSubstr("weaker than"));
}

TEST_F(ContextTest, RefusesAListThatLowersTheSecurityLevel) {
    EXPECT_EQ(ciphers("ECDHE+AESGCM:@SECLEVEL=0"), "tls.ciphers: the security level cannot be lowered");
}

TEST_F(ContextTest, RefusesAListOfNothing) {
    EXPECT_EQ(ciphers("NO-SUCH-CIPHER"), "tls.ciphers: OpenSSL does not take 'NO-SUCH-CIPHER': no cipher match");
    EXPECT_THAT(suites("NO_SUCH_SUITE"), testing::StartsWith("tls.ciphersuites: "));
    EXPECT_EQ(suites("", "1.3"), "tls.ciphersuites: no cipher is left");
    EXPECT_EQ(suites(""), "no error");  // TLS 1.2 alone
}

TEST_F(ContextTest, RefusesASuiteWithAShortTag) {
    EXPECT_EQ(suites("TLS_AES_256_GCM_SHA384", "1.3"), "no error");
    EXPECT_EQ(suites("TLS_AES_256_GCM_SHA384:TLS_AES_128_CCM_8_SHA256"),
              "tls.ciphersuites: TLS_AES_128_CCM_8_SHA256 has too short an authentication tag");
}

TEST_F(ContextTest, RefusesOlderVersions) {
    TlsMaterial changed = material();
    changed.min_version = "1.1";
    EXPECT_EQ(error_of(changed), "tls.min_version: '1.1' is neither \"1.2\" nor \"1.3\"");
}

TEST_F(ContextTest, NamesTheMaterialAtFault) {
    TlsMaterial changed = material();
    changed.ca = "";
    EXPECT_EQ(error_of(changed), "tls.ca: no certificate in it (PEM, '-----BEGIN CERTIFICATE-----', is expected)");
    changed = material();
    changed.ca = own_.certificate;
    EXPECT_EQ(error_of(changed), "tls.ca: 'CN=web1' is not the certificate of a CA");
    changed = material();
    changed.certificate = "nonsense";
    EXPECT_THAT(error_of(changed), testing::StartsWith("tls.certificate: "));
    changed = material();
    changed.key = ca_.issue("web1").key;
    EXPECT_EQ(error_of(changed), "tls.key: it is not the key of the certificate 'CN=web1'");
    changed = material();
    changed.crl = ca_.certificate();
    EXPECT_EQ(error_of(changed), "tls.crl: no revocation list in it (PEM, '-----BEGIN X509 CRL-----', is expected)");
    changed = material();
    const auto nameless = ca_.issue(test::LeafOptions{});
    changed.certificate = nameless.certificate;
    changed.key = nameless.key;
    EXPECT_EQ(error_of(changed), "tls.certificate: it has no CN, so that no peer can tell who we are");
}

TEST_F(ContextTest, WarnsOfAnOwnCertificateThatPeersWillRefuse) {
    TlsMaterial changed = material();
    changed.ca = TestCa("Another CA").certificate();
    auto contexts = make_contexts(changed, now_);
    ASSERT_TRUE(contexts);
    EXPECT_THAT(
        (*contexts)->warnings,
        testing::ElementsAre("our own certificate 'CN=web1' does not verify against tls.ca: unable to get local issuer certificate"));
    contexts = make_contexts(material(), now_ + std::chrono::hours(48));
    ASSERT_TRUE(contexts);
    EXPECT_THAT((*contexts)->warnings, testing::ElementsAre(testing::HasSubstr("expired at")));
    contexts = make_contexts(material(), now_ - std::chrono::hours(48));
    ASSERT_TRUE(contexts);
    EXPECT_THAT((*contexts)->warnings, testing::ElementsAre(testing::HasSubstr("is not valid before")));
}

}  // namespace
}  // namespace endpointd::tls
