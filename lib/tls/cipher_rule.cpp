#include "tls/cipher_rule.hpp"

#include <openssl/obj_mac.h>

#include <string_view>

namespace endpointd::tls {

namespace {

// CCM_8 is an AEAD with a tag of 64 bits, made for radios.
bool short_tag(const SSL_CIPHER* cipher) {
    const std::string_view name = SSL_CIPHER_get_name(cipher);
    return name.ends_with("CCM8") || name.find("CCM_8") != std::string_view::npos;
}

bool good_for_tls12(const SSL_CIPHER* cipher) {
    const int exchange = SSL_CIPHER_get_kx_nid(cipher);
    const int authentication = SSL_CIPHER_get_auth_nid(cipher);
    // DSS is in what OpenSSL makes of "DHE+AESGCM"; it takes a DSA certificate of our own CA to use it.
    const bool certificate = authentication == NID_auth_rsa || authentication == NID_auth_ecdsa || authentication == NID_auth_dss;
    return (exchange == NID_kx_ecdhe || exchange == NID_kx_dhe) && certificate && SSL_CIPHER_is_aead(cipher) == 1 && !short_tag(cipher);
}

}  // namespace

CipherFindings judge(const STACK_OF(SSL_CIPHER) * ciphers) {
    CipherFindings found;
    for (int at = 0; at < sk_SSL_CIPHER_num(ciphers); ++at) {
        const SSL_CIPHER* cipher = sk_SSL_CIPHER_value(ciphers, at);
        const bool suite = SSL_CIPHER_get_kx_nid(cipher) == NID_kx_any;  // TLS 1.3 suites leave the exchange open
        if (suite ? !short_tag(cipher) : good_for_tls12(cipher)) {
            (suite ? found.tls13 : found.tls12) = true;
        } else if (auto& weakest = suite ? found.weakest_suite : found.weakest; !weakest) {
            weakest = SSL_CIPHER_get_name(cipher);
        }
    }
    return found;
}

}  // namespace endpointd::tls
