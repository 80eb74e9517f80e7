#pragma once
// Owning handles for certificates and keys, and the few things we read from a
// certificate. Values: copying a Certificate shares the immutable X509 below. PEM
// comes from memory; reading files, and judging who may write them, is files'. Any
// thread.

#include <openssl/types.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace endpointd::tls {

// Longest CN that can be an Endpoint's name, bytes. X.520 says 64; upstream reads up
// to 255, and certificates made elsewhere use it (protocol, 1.3, 9.1).
inline constexpr std::size_t kCommonNameBytes = 255;

class PrivateKey;

class Certificate {
public:
    // The certificates of a PEM text in order; text between them is ignored. None, or
    // one that does not parse, is an error.
    static Result<std::vector<Certificate>> from_pem(std::string_view pem);
    // Shares `x509`, which must not be null.
    static Certificate share(X509* x509);

    // The first CN of the subject, as UTF-8. None if there is none, or if it is empty,
    // longer than kCommonNameBytes or holds a NUL: it would not be the name it seems.
    std::optional<std::string> common_name() const;
    std::vector<std::string> dns_names() const;  // of subjectAltName; those with a NUL are left out
    bool has_dns_names() const;                  // any at all, unusable ones included
    // True if one of the DNS names matches `host` (case-insensitive, wildcards as
    // OpenSSL takes them). Never looks at the CN.
    bool dns_name_matches(std::string_view host) const;

    WallTime not_before() const;
    WallTime not_after() const;
    std::string subject() const;      // RFC 2253: "CN=web1"
    std::string issuer() const;       // likewise
    std::string serial() const;       // lower-case hexadecimal
    std::string fingerprint() const;  // SHA-256 of DER, lower-case hexadecimal
    std::string pem() const;
    bool may_be_authority() const;  // basicConstraints say CA, or it is an old self-signed root
    bool belongs_to(const PrivateKey& key) const;
    bool is_self_signed() const;

    X509* get() const noexcept { return x509_.get(); }

private:
    explicit Certificate(std::shared_ptr<X509> x509) : x509_(std::move(x509)) {}
    std::shared_ptr<X509> x509_;
};

class PrivateKey {
public:
    // PKCS#8 or the older forms, unencrypted: nobody is there to type a pass phrase.
    static Result<PrivateKey> from_pem(std::string_view pem);

    EVP_PKEY* get() const noexcept { return key_.get(); }

private:
    explicit PrivateKey(std::shared_ptr<EVP_PKEY> key) : key_(std::move(key)) {}
    std::shared_ptr<EVP_PKEY> key_;
};

// Takes OpenSSL's pending errors off this thread's queue and returns the first one's
// reason ("no start line"), or "unknown reason" if there is none.
std::string openssl_reason();

}  // namespace endpointd::tls
