#include "tls/verify_record.hpp"

#include <openssl/crypto.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <memory>
#include <new>

#include "tls/certificate.hpp"

namespace endpointd::tls {

namespace {

void free_record(void* /*parent*/, void* record, CRYPTO_EX_DATA* /*data*/, int /*index*/, long /*number*/, void* /*pointer*/) {
    delete static_cast<VerifyRecord*>(record);
}

// OpenSSL hands out one slot number per process, at first use.
int slot() noexcept {
    static const int number = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, free_record);
    return number;
}

std::string description(X509* x509) {
    const Certificate certificate = Certificate::share(x509);
    return "'" + certificate.subject() + "' issued by '" + certificate.issuer() + "', valid from " + to_rfc3339(certificate.not_before()) +
           " to " + to_rfc3339(certificate.not_after());
}

}  // namespace

int note_verification(int passed, X509_STORE_CTX* context) noexcept {
    if (passed == 1) return passed;
    auto* ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(context, SSL_get_ex_data_X509_STORE_CTX_idx()));
    if (ssl == nullptr || verify_record_of(ssl) != nullptr) return passed;
    try {
        auto record = std::make_unique<VerifyRecord>();
        record->error = X509_STORE_CTX_get_error(context);
        record->depth = X509_STORE_CTX_get_error_depth(context);
        X509* blamed = X509_STORE_CTX_get_current_cert(context);
        if (blamed == nullptr) blamed = X509_STORE_CTX_get0_cert(context);
        if (blamed != nullptr) record->certificate = description(blamed);
        if (SSL_set_ex_data(ssl, slot(), record.get()) == 1) record.release();
    } catch (const std::bad_alloc&) {
        return 0;  // no exception may cross OpenSSL; the refusal stands, with fewer words
    }
    return passed;
}

const VerifyRecord* verify_record_of(const SSL* ssl) noexcept { return static_cast<const VerifyRecord*>(SSL_get_ex_data(ssl, slot())); }

}  // namespace endpointd::tls
