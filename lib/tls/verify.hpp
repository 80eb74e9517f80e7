#pragma once
// Who the peer is: the decision, apart from all I/O. The default is "nobody"; a name
// comes out only of a finished handshake, a certificate that is there, a chain that
// OpenSSL verified, and a CN that equals an Endpoint's name byte for byte (protocol,
// 1.3). Nothing is remembered from inside a callback that might not have run (11.2,
// CVE-2024-49369). Pure but for facts_of; any thread.

#include <openssl/types.h>

#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/assert.hpp"

namespace endpointd::tls {

enum class Failure {
    peer_certificate_expired,
    peer_certificate_not_yet_valid,
    peer_certificate_revoked,
    peer_certificate_invalid,  // any other thing OpenSSL has against the chain; the detail says which
    unknown_authority,
    self_signed,
    no_peer_certificate,
    no_common_name,
    peer_name_mismatch,            // we dialled one endpoint and another answered
    unknown_endpoint,              // it dialled us and no Endpoint has its name
    peer_refused_our_certificate,  // its alert says so
    not_tls,                       // plain HTTP or noise
    tls_version,                   // the two sides have no version in common
    no_shared_cipher,
    peer_closed,  // the connection ended in the middle of the handshake
    handshake_timed_out,
    tls_handshake_failed,  // anything else; the detail is OpenSSL's reason
};

// The stable name, as in the log and the audit: "peer-certificate-expired".
std::string_view name_of(Failure failure) noexcept;

// Why a peer is not let in. `detail` is for our log and may quote the peer's
// certificate; escape it wherever it is shown.
struct Refusal {
    Failure failure;
    std::string detail;

    std::string text() const;  // "peer-certificate-expired: ..."
};

struct PeerFacts;
class Identity;

using Verdict = boost::system::result<Identity, Refusal>;

// True if an Endpoint object of exactly this name exists.
using KnownEndpoint = std::function<bool(std::string_view name)>;

// A peer whose name is proved. Only decide() makes one.
class Identity {
public:
    const std::string& name() const noexcept { return name_; }

private:
    friend Verdict decide(const PeerFacts& facts, const KnownEndpoint& known);
    explicit Identity(std::string name) : name_(std::move(name)) {}
    std::string name_;
};

// Found by argument-dependent lookup when value() is called on a refusal: our own bug.
[[noreturn]] inline void throw_exception_from_error(const Refusal& refusal, const boost::source_location& where) {
    assertion_failed(refusal.detail.c_str(), where.file_name(), static_cast<int>(where.line()));
}

// What is known when a handshake is over. Built up from "nothing is proved".
struct PeerFacts {
    bool handshake_finished = false;
    bool certificate_present = false;
    long verify_result = 1;                  // X509_V_ERR_UNSPECIFIED; only X509_V_OK (0) is good
    std::optional<std::string> common_name;  // as Certificate::common_name
    bool has_dns_names = false;              // subjectAltName holds at least one DNS name
    bool dns_name_matches = false;           // one of them matches `expected`
    std::optional<std::string> expected;     // the Endpoint we dialled; none when we accepted
    std::string certificate;                 // subject and issuer, for the refusal's detail
};

Verdict decide(const PeerFacts& facts, const KnownEndpoint& known);

// Reads the facts from a session; `expected` as in PeerFacts.
PeerFacts facts_of(const SSL* ssl, std::optional<std::string_view> expected);

// decide(facts_of(...)): call it after each handshake, before a byte is read or sent.
Verdict evaluate(const SSL* ssl, std::optional<std::string_view> expected, const KnownEndpoint& known);

// The name of a failed handshake, or of a failed read or write behind it: with TLS
// 1.3 a server's refusal of our certificate arrives there. `ssl` may be null.
Refusal refusal_of(const boost::system::error_code& error, const SSL* ssl);

// The failure OpenSSL's verification result stands for; X509_V_OK is not asked for.
Failure failure_of_verification(long verify_result) noexcept;

}  // namespace endpointd::tls
