#include "tls/certificate.hpp"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <climits>

namespace endpointd::tls {

namespace {

template <auto Free>
struct Freer {
    template <class T>
    void operator()(T* what) const noexcept {
        Free(what);
    }
};
using BioPtr = std::unique_ptr<BIO, Freer<BIO_free>>;
using BnPtr = std::unique_ptr<BIGNUM, Freer<BN_free>>;
using NamesPtr = std::unique_ptr<GENERAL_NAMES, Freer<GENERAL_NAMES_free>>;

BioPtr reader(std::string_view text) {
    return BioPtr(text.size() > INT_MAX ? nullptr : BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::string written(BIO* bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string();
}

std::string name_text(const X509_NAME* name) {
    const BioPtr bio(BIO_new(BIO_s_mem()));
    if (!bio || X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253) < 0) return {};
    return written(bio.get());
}

std::string hexadecimal(const unsigned char* bytes, std::size_t size) {
    constexpr char kDigits[] = "0123456789abcdef";
    std::string text;
    for (std::size_t at = 0; at < size; ++at) {
        text += kDigits[bytes[at] >> 4];
        text += kDigits[bytes[at] & 15];
    }
    return text;
}

WallTime time_of(const ASN1_TIME* time) {
    // Counted from 1970 by OpenSSL's own calendar: ASN.1 has two forms of a date.
    int days = 0;
    int seconds = 0;
    const std::unique_ptr<ASN1_TIME, Freer<ASN1_TIME_free>> epoch(ASN1_TIME_set(nullptr, 0));
    if (!epoch || ASN1_TIME_diff(&days, &seconds, epoch.get(), time) != 1) return from_unix(0);
    return from_unix(static_cast<double>(days) * 86400.0 + seconds);
}

// Without one, OpenSSL would ask for the pass phrase on the terminal.
int no_pass_phrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* asked) {
    if (asked != nullptr) *static_cast<bool*>(asked) = true;
    return -1;
}

}  // namespace

std::string openssl_reason() {
    const unsigned long first = ERR_get_error();
    ERR_clear_error();
    const char* reason = first != 0 ? ERR_reason_error_string(first) : nullptr;
    return reason != nullptr ? reason : "unknown reason";
}

Certificate Certificate::share(X509* x509) {
    EP_ASSERT(x509 != nullptr && X509_up_ref(x509) == 1);
    return Certificate(std::shared_ptr<X509>(x509, X509_free));
}

Result<std::vector<Certificate>> Certificate::from_pem(std::string_view pem) {
    const BioPtr bio = reader(pem);
    if (!bio) return fail(Errc::too_large, "too long for a certificate");
    std::vector<Certificate> found;
    ERR_clear_error();
    while (X509* x509 = PEM_read_bio_X509(bio.get(), nullptr, no_pass_phrase, nullptr)) {
        found.push_back(Certificate(std::shared_ptr<X509>(x509, X509_free)));
    }
    // The end of the text reads as "no start line"; anything else is damage.
    const unsigned long last = ERR_peek_last_error();
    const bool at_end = ERR_GET_LIB(last) == ERR_LIB_PEM && ERR_GET_REASON(last) == PEM_R_NO_START_LINE;
    const std::string reason = openssl_reason();
    if (!at_end) return fail(Errc::malformed, "certificate " + std::to_string(found.size() + 1) + " cannot be read: " + reason);
    if (found.empty()) return fail(Errc::malformed, "no certificate in it (PEM, '-----BEGIN CERTIFICATE-----', is expected)");
    return found;
}

std::optional<std::string> Certificate::common_name() const {
    const X509_NAME* subject = X509_get_subject_name(get());
    const int at = subject != nullptr ? X509_NAME_get_index_by_NID(subject, NID_commonName, -1) : -1;
    if (at < 0) return std::nullopt;
    unsigned char* bytes = nullptr;
    const int size = ASN1_STRING_to_UTF8(&bytes, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
    if (size < 0) {
        ERR_clear_error();
        return std::nullopt;
    }
    const std::string name(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
    OPENSSL_free(bytes);
    if (name.empty() || name.size() > kCommonNameBytes || name.find('\0') != std::string::npos) return std::nullopt;
    return name;
}

std::vector<std::string> Certificate::dns_names() const {
    std::vector<std::string> found;
    const NamesPtr names(static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(get(), NID_subject_alt_name, nullptr, nullptr)));
    for (int at = 0; names && at < sk_GENERAL_NAME_num(names.get()); ++at) {
        const GENERAL_NAME* entry = sk_GENERAL_NAME_value(names.get(), at);
        if (entry->type != GEN_DNS) continue;
        const ASN1_IA5STRING* text = entry->d.dNSName;
        std::string name(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)), static_cast<std::size_t>(ASN1_STRING_length(text)));
        if (name.find('\0') == std::string::npos) found.push_back(std::move(name));
    }
    return found;
}

bool Certificate::has_dns_names() const {
    const NamesPtr names(static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(get(), NID_subject_alt_name, nullptr, nullptr)));
    for (int at = 0; names && at < sk_GENERAL_NAME_num(names.get()); ++at) {
        if (sk_GENERAL_NAME_value(names.get(), at)->type == GEN_DNS) return true;
    }
    return false;
}

bool Certificate::dns_name_matches(std::string_view host) const {
    // An empty name matches nothing, one with a dot in front would match every
    // subdomain, and OpenSSL takes a size of 0 for strlen.
    if (host.empty() || host.front() == '.') return false;
    return X509_check_host(get(), host.data(), host.size(), X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, nullptr) == 1;
}

WallTime Certificate::not_before() const { return time_of(X509_get0_notBefore(get())); }
WallTime Certificate::not_after() const { return time_of(X509_get0_notAfter(get())); }
std::string Certificate::subject() const { return name_text(X509_get_subject_name(get())); }
std::string Certificate::issuer() const { return name_text(X509_get_issuer_name(get())); }

std::string Certificate::serial() const {
    const BnPtr number(ASN1_INTEGER_to_BN(X509_get0_serialNumber(get()), nullptr));
    if (!number) return {};
    std::string bytes(static_cast<std::size_t>(BN_num_bytes(number.get())), '\0');
    auto* raw = reinterpret_cast<unsigned char*>(bytes.data());
    return bytes.empty() ? "00" : hexadecimal(raw, static_cast<std::size_t>(BN_bn2bin(number.get(), raw)));
}

std::string Certificate::fingerprint() const {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    return X509_digest(get(), EVP_sha256(), digest, &size) == 1 ? hexadecimal(digest, size) : std::string();
}

std::string Certificate::pem() const {
    const BioPtr bio(BIO_new(BIO_s_mem()));
    if (!bio || PEM_write_bio_X509(bio.get(), get()) != 1) return {};
    return written(bio.get());
}

bool Certificate::may_be_authority() const { return X509_check_ca(get()) != 0; }

bool Certificate::belongs_to(const PrivateKey& key) const {
    const bool belongs = X509_check_private_key(get(), key.get()) == 1;
    ERR_clear_error();
    return belongs;
}

bool Certificate::is_self_signed() const {
    const bool self_signed = X509_self_signed(get(), 1) == 1;
    ERR_clear_error();
    return self_signed;
}

Result<PrivateKey> PrivateKey::from_pem(std::string_view pem) {
    const BioPtr bio = reader(pem);
    if (!bio) return fail(Errc::too_large, "too long for a private key");
    ERR_clear_error();
    bool asked = false;
    EVP_PKEY* key = PEM_read_bio_PrivateKey(bio.get(), nullptr, no_pass_phrase, &asked);
    const std::string reason = openssl_reason();
    if (key == nullptr && asked) return fail(Errc::invalid, "the private key is encrypted; a daemon needs it without a pass phrase");
    if (key == nullptr) return fail(Errc::malformed, "no private key can be read from it (PEM is expected): " + reason);
    return PrivateKey(std::shared_ptr<EVP_PKEY>(key, EVP_PKEY_free));
}

}  // namespace endpointd::tls
