#pragma once
// The rule for ciphers: authenticated ECDHE or DHE with AEAD and a full tag, judged
// by what OpenSSL made of a list, not by the list's words. Pure; any thread.

#include <openssl/ssl.h>

#include <optional>
#include <string>

namespace endpointd::tls {

struct CipherFindings {
    std::optional<std::string> weakest;        // a TLS 1.2 cipher (or older) that breaks the rule
    std::optional<std::string> weakest_suite;  // a TLS 1.3 suite that does
    bool tls12 = false;                        // at least one good one for 1.2
    bool tls13 = false;                        // and for 1.3
};

CipherFindings judge(const STACK_OF(SSL_CIPHER) * ciphers);

}  // namespace endpointd::tls
