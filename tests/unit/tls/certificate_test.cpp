#include "tls/certificate.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/pem.h>

#include "tls/ca_fixture.hpp"

namespace endpointd::tls {
namespace {

using test::LeafOptions;
using test::TestCa;

Certificate leaf(const LeafOptions& options) { return Certificate::from_pem(TestCa().issue(options).certificate)->front(); }

Certificate named(const std::string& name) {
    LeafOptions options;
    options.common_name = name;
    return leaf(options);
}

std::string encrypted_key() {
    const auto key = PrivateKey::from_pem(TestCa().key());
    const std::unique_ptr<BIO, int (*)(BIO*)> bio(BIO_new(BIO_s_mem()), BIO_free);
    PEM_write_bio_PrivateKey(bio.get(), key->get(), EVP_aes_128_cbc(), reinterpret_cast<const unsigned char*>("secret"), 6, nullptr,
                             nullptr);
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &data);
    return std::string(data, static_cast<std::size_t>(size));
}

TEST(Certificate, TellsItsParts) {
    const auto now = SystemClock().wall();
    const TestCa ca;
    const auto issued = ca.issue("web1");
    const auto certificate = Certificate::from_pem(issued.certificate)->front();
    EXPECT_EQ(certificate.common_name(), "web1");
    EXPECT_THAT(certificate.dns_names(), testing::ElementsAre("web1"));
    EXPECT_EQ(certificate.subject(), "CN=web1");
    EXPECT_EQ(certificate.issuer(), "CN=Icinga CA");
    EXPECT_EQ(certificate.serial().size(), 32u);
    EXPECT_EQ(certificate.fingerprint().size(), 64u);
    EXPECT_EQ(certificate.pem(), issued.certificate);
    EXPECT_FALSE(certificate.may_be_authority());
    EXPECT_FALSE(certificate.is_self_signed());
    EXPECT_NEAR(to_unix(certificate.not_before()), to_unix(now) - 3600, 60);
    EXPECT_NEAR(to_unix(certificate.not_after()), to_unix(now) + 86400, 60);
    const auto authority = Certificate::from_pem(ca.certificate())->front();
    EXPECT_TRUE(authority.may_be_authority());
    EXPECT_TRUE(authority.is_self_signed());
    EXPECT_FALSE(authority.has_dns_names());
}

TEST(Certificate, BelongsToItsKeyOnly) {
    const TestCa ca;
    const auto one = ca.issue("web1");
    const auto other = ca.issue("web1");
    const auto certificate = Certificate::from_pem(one.certificate)->front();
    EXPECT_TRUE(certificate.belongs_to(*PrivateKey::from_pem(one.key)));
    EXPECT_FALSE(certificate.belongs_to(*PrivateKey::from_pem(other.key)));
}

TEST(Certificate, ACommonNameThatIsNotWhatItSeemsIsNone) {
    EXPECT_EQ(leaf({}).common_name(), std::nullopt);
    EXPECT_EQ(named("").common_name(), std::nullopt);
    EXPECT_EQ(named(std::string("master1\0.evil", 13)).common_name(), std::nullopt);
    EXPECT_EQ(named(std::string(256, 'a')).common_name(), std::nullopt);
    EXPECT_EQ(named(std::string(255, 'a')).common_name(), std::string(255, 'a'));
    EXPECT_EQ(named("m\xc3\xbcnchen").common_name(), "m\xc3\xbcnchen");
}

TEST(Certificate, DnsNamesMatchAsHostNamesDo) {
    LeafOptions options;
    options.common_name = "only-in-cn";
    options.dns_names = {"Web1.example.org", "*.dmz.example.org"};
    const auto certificate = leaf(options);
    EXPECT_TRUE(certificate.has_dns_names());
    EXPECT_TRUE(certificate.dns_name_matches("web1.EXAMPLE.org"));
    EXPECT_TRUE(certificate.dns_name_matches("a.dmz.example.org"));
    EXPECT_FALSE(certificate.dns_name_matches("a.b.dmz.example.org"));
    EXPECT_FALSE(certificate.dns_name_matches("only-in-cn"));
    EXPECT_FALSE(certificate.dns_name_matches(".example.org"));
    EXPECT_FALSE(certificate.dns_name_matches(""));
}

TEST(Certificate, ReadsAChainInOrder) {
    const TestCa ca;
    const auto chain = Certificate::from_pem("text before\n" + ca.issue("web1").certificate + "text between\n" + ca.certificate());
    ASSERT_TRUE(chain);
    ASSERT_EQ(chain->size(), 2u);
    EXPECT_EQ(chain->at(0).subject(), "CN=web1");
    EXPECT_EQ(chain->at(1).subject(), "CN=Icinga CA");
}

TEST(Certificate, RefusesWhatIsNone) {
    EXPECT_EQ(Certificate::from_pem("").error().text, "no certificate in it (PEM, '-----BEGIN CERTIFICATE-----', is expected)");
    EXPECT_EQ(Certificate::from_pem(TestCa().key()).error().code, Errc::malformed);
    std::string damaged = TestCa().certificate();
    damaged.replace(damaged.size() / 2, 4, "!!!!");
    EXPECT_EQ(Certificate::from_pem(damaged).error().text, "certificate 1 cannot be read: bad base64 decode");
    const std::string cut = TestCa().certificate().substr(0, 300);
    EXPECT_FALSE(Certificate::from_pem(TestCa().certificate() + cut));
}

TEST(PrivateKey, RefusesAnEncryptedOneWithoutAskingAnybody) {
    EXPECT_EQ(PrivateKey::from_pem(encrypted_key()).error().text, "the private key is encrypted; a daemon needs it without a pass phrase");
}

TEST(PrivateKey, RefusesWhatIsNone) {
    EXPECT_EQ(PrivateKey::from_pem("").error().code, Errc::malformed);
    EXPECT_EQ(PrivateKey::from_pem(TestCa().certificate()).error().code, Errc::malformed);
}

}  // namespace
}  // namespace endpointd::tls
