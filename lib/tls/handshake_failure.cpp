// Names for what ended a handshake: OpenSSL's reason codes, alerts and Asio's errors
// turned into the failures of verify.hpp.

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>

#include "tls/verify.hpp"
#include "tls/verify_record.hpp"

namespace endpointd::tls {

namespace {

Refusal refused_chain(const VerifyRecord& record) {
    std::string detail = X509_verify_cert_error_string(record.error);
    if (record.depth > 0) detail += ", " + std::to_string(record.depth) + " above the peer's own certificate";
    if (!record.certificate.empty()) detail += ": " + record.certificate;
    return {failure_of_verification(record.error), detail};
}

// OpenSSL reports a received alert as a reason of 1000 and the alert's number.
Refusal alert_of(int number) {
    const std::string alert = "alert " + std::to_string(number) + ", " + SSL_alert_desc_string_long(number);
    switch (number) {
        case SSL3_AD_NO_CERTIFICATE:
        case SSL_AD_BAD_CERTIFICATE:
        case SSL_AD_UNSUPPORTED_CERTIFICATE:
        case SSL_AD_CERTIFICATE_REVOKED:
        case SSL_AD_CERTIFICATE_EXPIRED:
        case SSL_AD_CERTIFICATE_UNKNOWN:
        case SSL_AD_UNKNOWN_CA:
        case SSL_AD_ACCESS_DENIED:
        case SSL_AD_CERTIFICATE_REQUIRED:
            return {Failure::peer_refused_our_certificate, alert};
        case SSL_AD_PROTOCOL_VERSION:
            return {Failure::tls_version, alert};
        default:
            return {Failure::tls_handshake_failed, "the peer sent " + alert};
    }
}

Refusal library_failure(int code) {
    const int reason = ERR_GET_REASON(static_cast<unsigned long>(static_cast<unsigned>(code)));
    const char* words = ERR_reason_error_string(static_cast<unsigned long>(static_cast<unsigned>(code)));
    const std::string detail = words != nullptr ? words : "reason " + std::to_string(reason);
    if (ERR_GET_LIB(static_cast<unsigned long>(static_cast<unsigned>(code))) != ERR_LIB_SSL) return {Failure::tls_handshake_failed, detail};
    switch (reason) {
        case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
            return {Failure::no_peer_certificate, detail};
        case SSL_R_HTTP_REQUEST:
        case SSL_R_HTTPS_PROXY_REQUEST:
            return {Failure::not_tls, "the peer speaks plain HTTP"};
        case SSL_R_WRONG_VERSION_NUMBER:
        case SSL_R_BAD_RECORD_TYPE:
        case SSL_R_UNKNOWN_PROTOCOL:
            return {Failure::not_tls, detail};
        case SSL_R_UNSUPPORTED_PROTOCOL:
        case SSL_R_VERSION_TOO_LOW:
        case SSL_R_WRONG_SSL_VERSION:
            return {Failure::tls_version, detail};
        case SSL_R_NO_SHARED_CIPHER:
            return {Failure::no_shared_cipher, detail};
        default:
            break;
    }
    if (reason > SSL_AD_REASON_OFFSET && reason <= SSL_AD_REASON_OFFSET + 255) return alert_of(reason - SSL_AD_REASON_OFFSET);
    return {Failure::tls_handshake_failed, detail};
}

}  // namespace

Refusal refusal_of(const boost::system::error_code& error, const SSL* ssl) {
    // First, because a failed chain may leave other reasons on OpenSSL's queue before its own.
    if (const VerifyRecord* record = ssl != nullptr ? verify_record_of(ssl) : nullptr) return refused_chain(*record);
    if (error.category() == boost::asio::error::get_ssl_category()) return library_failure(error.value());
    if (error == boost::asio::error::eof || error == boost::asio::ssl::error::stream_truncated ||
        error == boost::asio::error::connection_reset || error == boost::asio::error::broken_pipe) {
        return {Failure::peer_closed, "the peer closed the connection without a word: " + error.message()};
    }
    return {Failure::tls_handshake_failed, error.message()};
}

}  // namespace endpointd::tls
