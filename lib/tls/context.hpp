#pragma once
// The two TLS contexts of a node, for accepting and for dialling, made once per
// (re)load and handed to connections; a connection keeps what it needs of them
// alive by itself. Immutable once made; used on the io_context's thread.
//
// There is no way to weaken them: TLS 1.2 or newer, authenticated (EC)DHE with AEAD
// only, no resumption, no renegotiation, no compression, a peer certificate that
// chains to ca.crt demanded on both sides. A peer that fails this fails the
// handshake; who it is, is decided afterwards by verify.hpp.

#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "tls/certificate.hpp"

namespace endpointd::tls {

// Certificates in a peer's chain above the leaf; Icinga has one, a company's PKI two or three.
inline constexpr int kChainDepth = 8;
// Bytes of a peer's whole chain: an RSA 4096 certificate has some 1.3 KiB.
inline constexpr long kChainBytes = 32 * 1024;

// Everything from `tls` of the settings, files already read. Texts are PEM.
struct TlsMaterial {
    std::string ca;           // trusted roots, one or more
    std::string certificate;  // our own, its chain behind it
    std::string key;
    std::optional<std::string> crl;                       // one or more lists; with them, a leaf without a valid list is refused
    std::string min_version = "1.2";                      // "1.2" or "1.3"
    std::string ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20";  // TLS 1.2, OpenSSL's syntax
    std::optional<std::string> ciphersuites;              // TLS 1.3; none: OpenSSL's
};

struct Contexts {
    boost::asio::ssl::context server;
    boost::asio::ssl::context client;
    Certificate own;
    // What does not refuse the material but will make peers refuse us: our own
    // certificate is expired, not yet valid, or not issued by ca.
    std::vector<std::string> warnings;
};

// Error texts start with the setting at fault: "tls.key: ...", "tls.ciphers: ...".
// `now` is for the warnings only.
Result<std::shared_ptr<Contexts>> make_contexts(const TlsMaterial& material, WallTime now);

}  // namespace endpointd::tls
