#include "tls/ca_fixture.hpp"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <stdexcept>

namespace endpointd::test {

namespace {

using KeyPtr = std::shared_ptr<EVP_PKEY>;
using CertPtr = std::shared_ptr<X509>;

template <class T>
T* must(T* what) {
    if (what == nullptr) throw std::runtime_error("OpenSSL failed in the test's CA");
    return what;
}
void must(int done) {
    if (done <= 0) throw std::runtime_error("OpenSSL failed in the test's CA");
}

KeyPtr new_key() { return KeyPtr(must(EVP_EC_gen("P-256")), EVP_PKEY_free); }

template <class Write>
std::string pem_of(const Write& write) {
    const std::unique_ptr<BIO, int (*)(BIO*)> bio(must(BIO_new(BIO_s_mem())), BIO_free);
    must(write(bio.get()));
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &data);
    return std::string(data, static_cast<std::size_t>(size));
}

std::string pem_of(X509* certificate) {
    return pem_of([certificate](BIO* bio) { return PEM_write_bio_X509(bio, certificate); });
}
std::string pem_of(EVP_PKEY* key) {
    return pem_of([key](BIO* bio) { return PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr); });
}
CertPtr parsed(const std::string& pem) {
    const std::unique_ptr<BIO, int (*)(BIO*)> bio(must(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))), BIO_free);
    return CertPtr(must(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)), X509_free);
}

void add_extension(X509* certificate, int nid, const std::string& value) {
    X509_EXTENSION* extension = must(X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str()));
    const int added = X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
    must(added);
}

CertPtr unsigned_certificate(const LeafOptions& options, EVP_PKEY* key) {
    CertPtr certificate(must(X509_new()), X509_free);
    must(X509_set_version(certificate.get(), X509_VERSION_3));
    unsigned char serial[16];
    must(RAND_bytes(serial, sizeof serial));
    serial[0] = static_cast<unsigned char>((serial[0] & 0x3F) | 0x40);  // positive, and always of full length
    BIGNUM* number = must(BN_bin2bn(serial, sizeof serial, nullptr));
    must(BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate.get())));
    BN_free(number);
    must(X509_gmtime_adj(X509_getm_notBefore(certificate.get()), static_cast<long>(options.starts.count())));
    must(X509_gmtime_adj(X509_getm_notAfter(certificate.get()), static_cast<long>(options.ends.count())));
    if (options.common_name) {
        // A concrete string type: OpenSSL then checks neither length nor content.
        must(X509_NAME_add_entry_by_NID(X509_get_subject_name(certificate.get()), NID_commonName, V_ASN1_UTF8STRING,
                                        reinterpret_cast<const unsigned char*>(options.common_name->data()),
                                        static_cast<int>(options.common_name->size()), -1, 0));
    }
    must(X509_set_pubkey(certificate.get(), key));
    return certificate;
}

void finish_leaf(X509* certificate, const LeafOptions& options, const X509_NAME* issuer, EVP_PKEY* signer) {
    must(X509_set_issuer_name(certificate, issuer));
    add_extension(certificate, NID_basic_constraints, "critical,CA:FALSE");
    std::string names;
    for (const std::string& name : options.dns_names) names += (names.empty() ? "DNS:" : ",DNS:") + name;
    if (!names.empty()) add_extension(certificate, NID_subject_alt_name, names);
    if (!options.extended_key_usage.empty()) add_extension(certificate, NID_ext_key_usage, options.extended_key_usage);
    must(X509_sign(certificate, signer, EVP_sha256()));
}

std::string authority(const std::string& name, std::chrono::seconds starts, std::chrono::seconds ends, EVP_PKEY* key,
                      const X509_NAME* issuer, EVP_PKEY* signer) {
    const CertPtr certificate = unsigned_certificate({name, {}, starts, ends, {}}, key);
    must(X509_set_issuer_name(certificate.get(), issuer != nullptr ? issuer : X509_get_subject_name(certificate.get())));
    add_extension(certificate.get(), NID_basic_constraints, "critical,CA:TRUE");
    must(X509_sign(certificate.get(), signer, EVP_sha256()));
    return pem_of(certificate.get());
}

}  // namespace

TestCa::TestCa(std::string common_name, std::chrono::seconds starts, std::chrono::seconds ends) : key_(new_key()) {
    certificate_ = authority(common_name, starts, ends, key_.get(), nullptr, key_.get());
}

std::string TestCa::key() const { return pem_of(key_.get()); }

Issued TestCa::issue(const LeafOptions& options) const {
    const KeyPtr key = new_key();
    const CertPtr certificate = unsigned_certificate(options, key.get());
    const CertPtr issuer = parsed(certificate_);
    finish_leaf(certificate.get(), options, X509_get_subject_name(issuer.get()), key_.get());
    return {pem_of(certificate.get()), pem_of(key.get())};
}

Issued TestCa::issue(const std::string& name) const {
    LeafOptions options;
    options.common_name = name;
    options.dns_names = {name};
    return issue(options);
}

TestCa TestCa::intermediate(const std::string& common_name) const {
    KeyPtr key = new_key();
    const CertPtr issuer = parsed(certificate_);
    std::string certificate =
        authority(common_name, std::chrono::hours(-1), std::chrono::hours(24), key.get(), X509_get_subject_name(issuer.get()), key_.get());
    return TestCa(std::move(key), std::move(certificate));
}

std::string TestCa::revocation_list(const std::vector<Issued>& revoked, std::chrono::seconds starts) const {
    const std::shared_ptr<X509_CRL> list(must(X509_CRL_new()), X509_CRL_free);
    const CertPtr issuer = parsed(certificate_);
    must(X509_CRL_set_version(list.get(), X509_CRL_VERSION_2));
    must(X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(issuer.get())));
    const std::shared_ptr<ASN1_TIME> from(must(X509_gmtime_adj(nullptr, static_cast<long>(starts.count()))), ASN1_TIME_free);
    const std::shared_ptr<ASN1_TIME> to(must(X509_gmtime_adj(nullptr, static_cast<long>(starts.count()) + 86400)), ASN1_TIME_free);
    must(X509_CRL_set1_lastUpdate(list.get(), from.get()));
    must(X509_CRL_set1_nextUpdate(list.get(), to.get()));
    for (const Issued& leaf : revoked) {
        X509_REVOKED* entry = must(X509_REVOKED_new());
        const CertPtr certificate = parsed(leaf.certificate);
        must(X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(certificate.get())));
        must(X509_REVOKED_set_revocationDate(entry, from.get()));
        must(X509_CRL_add0_revoked(list.get(), entry));
    }
    must(X509_CRL_sort(list.get()));
    must(X509_CRL_sign(list.get(), key_.get(), EVP_sha256()));
    return pem_of([&list](BIO* bio) { return PEM_write_bio_X509_CRL(bio, list.get()); });
}

Issued TestCa::self_signed(const std::string& name) {
    LeafOptions options;
    options.common_name = name;
    options.dns_names = {name};
    const KeyPtr key = new_key();
    const CertPtr certificate = unsigned_certificate(options, key.get());
    finish_leaf(certificate.get(), options, X509_get_subject_name(certificate.get()), key.get());
    return {pem_of(certificate.get()), pem_of(key.get())};
}

}  // namespace endpointd::test
