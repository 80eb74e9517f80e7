// A peer's certificate as DER, hostile: whatever OpenSSL parses, reading it never
// fails us, and a name that comes out is one that can be compared: not empty, no
// NUL, within its bound; and what is read twice is the same.

#include <openssl/err.h>
#include <openssl/x509.h>

#include <cstddef>
#include <cstdint>

#include "base/assert.hpp"
#include "tls/certificate.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace endpointd;
    const unsigned char* at = data;
    X509* x509 = d2i_X509(nullptr, &at, static_cast<long>(size));
    if (x509 == nullptr) {
        ERR_clear_error();
        return 0;
    }
    const tls::Certificate certificate = tls::Certificate::share(x509);
    X509_free(x509);
    if (const auto name = certificate.common_name()) {
        EP_ASSERT(!name->empty() && name->size() <= tls::kCommonNameBytes && name->find('\0') == std::string::npos);
        EP_ASSERT(certificate.common_name() == name);
    }
    for (const std::string& name : certificate.dns_names()) {
        EP_ASSERT(name.find('\0') == std::string::npos);
        EP_ASSERT(certificate.has_dns_names());
    }
    static_cast<void>(certificate.dns_name_matches("master1.example.org"));
    EP_ASSERT(certificate.fingerprint().size() == 64);
    static_cast<void>(certificate.subject() + certificate.issuer() + certificate.serial());
    static_cast<void>(to_rfc3339(certificate.not_before()) + to_rfc3339(certificate.not_after()));
    static_cast<void>(certificate.may_be_authority());
    static_cast<void>(certificate.is_self_signed());
    const auto again = tls::Certificate::from_pem(certificate.pem());
    EP_ASSERT(!again || again->front().fingerprint() == certificate.fingerprint());
    ERR_clear_error();
    return 0;
}
