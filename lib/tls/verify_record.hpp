#pragma once
// What OpenSSL had against a peer's certificate chain, kept with the session: after
// a failed handshake the certificate itself is gone. For the log only. The verdict
// never looks here (a callback might not have run; protocol, 11.2). Belongs to the
// SSL, dies with it.

#include <openssl/types.h>

#include <string>

namespace endpointd::tls {

struct VerifyRecord {
    int error = 0;            // X509_V_ERR_...
    int depth = 0;            // 0: the peer's own certificate
    std::string certificate;  // "'CN=web1' issued by 'CN=Icinga CA', valid from ... to ..."
};

// For SSL_CTX_set_verify: notes the first error, never changes the outcome.
int note_verification(int passed, X509_STORE_CTX* context) noexcept;

// Null if verification did not run or found nothing. Dies with the session.
const VerifyRecord* verify_record_of(const SSL* ssl) noexcept;

}  // namespace endpointd::tls
