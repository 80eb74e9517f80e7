#include "tls/verify.hpp"

#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <cctype>

#include "tls/certificate.hpp"

namespace endpointd::tls {

namespace {

bool same_but_for_case(std::string_view left, std::string_view right) {
    return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                      [](unsigned char one, unsigned char other) { return std::tolower(one) == std::tolower(other); });
}

std::string mismatch(const std::string& name, const std::string& expected) {
    return "the certificate's CN is '" + name + "', dialled was '" + expected + "'" +
           (same_but_for_case(name, expected) ? "; names differ by case" : "");
}

}  // namespace

std::string_view name_of(Failure failure) noexcept {
    switch (failure) {
        case Failure::peer_certificate_expired:
            return "peer-certificate-expired";
        case Failure::peer_certificate_not_yet_valid:
            return "peer-certificate-not-yet-valid";
        case Failure::peer_certificate_revoked:
            return "peer-certificate-revoked";
        case Failure::peer_certificate_invalid:
            return "peer-certificate-invalid";
        case Failure::unknown_authority:
            return "unknown-authority";
        case Failure::self_signed:
            return "self-signed";
        case Failure::no_peer_certificate:
            return "no-peer-certificate";
        case Failure::no_common_name:
            return "no-common-name";
        case Failure::peer_name_mismatch:
            return "peer-name-mismatch";
        case Failure::unknown_endpoint:
            return "unknown-endpoint";
        case Failure::peer_refused_our_certificate:
            return "peer-refused-our-certificate";
        case Failure::not_tls:
            return "not-tls";
        case Failure::tls_version:
            return "tls-version";
        case Failure::no_shared_cipher:
            return "no-shared-cipher";
        case Failure::peer_closed:
            return "peer-closed";
        case Failure::handshake_timed_out:
            return "handshake-timed-out";
        case Failure::tls_handshake_failed:
            return "tls-handshake-failed";
    }
    return "tls-handshake-failed";
}

std::string Refusal::text() const { return std::string(name_of(failure)) + (detail.empty() ? "" : ": " + detail); }

Verdict decide(const PeerFacts& facts, const KnownEndpoint& known) {
    if (!facts.handshake_finished) return Refusal{Failure::tls_handshake_failed, "the handshake is not finished"};
    if (!facts.certificate_present) return Refusal{Failure::no_peer_certificate, "the peer showed no certificate"};
    if (facts.verify_result != X509_V_OK) {
        return Refusal{failure_of_verification(facts.verify_result),
                       std::string(X509_verify_cert_error_string(facts.verify_result)) + ", " + facts.certificate};
    }
    if (!facts.common_name) return Refusal{Failure::no_common_name, "the certificate has no usable CN; " + facts.certificate};
    const std::string& name = *facts.common_name;
    if (facts.expected) {
        if (name != *facts.expected) return Refusal{Failure::peer_name_mismatch, mismatch(name, *facts.expected)};
        if (facts.has_dns_names && !facts.dns_name_matches) {
            return Refusal{Failure::peer_name_mismatch, "none of the certificate's DNS names is '" + *facts.expected + "'"};
        }
    }
    if (!known(name)) return Refusal{Failure::unknown_endpoint, "no Endpoint object is named '" + name + "', the certificate's CN"};
    return Identity(name);
}

PeerFacts facts_of(const SSL* ssl, std::optional<std::string_view> expected) {
    PeerFacts facts;
    if (expected) facts.expected = std::string(*expected);
    facts.handshake_finished = SSL_is_init_finished(ssl) == 1;
    facts.verify_result = SSL_get_verify_result(ssl);
    X509* x509 = SSL_get0_peer_certificate(ssl);
    if (x509 == nullptr) return facts;
    facts.certificate_present = true;
    const Certificate certificate = Certificate::share(x509);
    facts.common_name = certificate.common_name();
    facts.has_dns_names = certificate.has_dns_names();
    facts.dns_name_matches = facts.expected && certificate.dns_name_matches(*facts.expected);
    facts.certificate = "'" + certificate.subject() + "' issued by '" + certificate.issuer() + "'";
    return facts;
}

Verdict evaluate(const SSL* ssl, std::optional<std::string_view> expected, const KnownEndpoint& known) {
    return decide(facts_of(ssl, expected), known);
}

Failure failure_of_verification(long verify_result) noexcept {
    switch (verify_result) {
        case X509_V_ERR_CERT_HAS_EXPIRED:
            return Failure::peer_certificate_expired;
        case X509_V_ERR_CERT_NOT_YET_VALID:
            return Failure::peer_certificate_not_yet_valid;
        case X509_V_ERR_CERT_REVOKED:
            return Failure::peer_certificate_revoked;
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
            return Failure::self_signed;
        case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
        case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        case X509_V_ERR_CERT_UNTRUSTED:
        // Every Icinga CA has the same name (protocol, 9.1): another one's certificate is
        // looked up under ours, and its signature does not fit.
        case X509_V_ERR_CERT_SIGNATURE_FAILURE:
            return Failure::unknown_authority;
        default:
            return Failure::peer_certificate_invalid;
    }
}

}  // namespace endpointd::tls
