#include "tls/context.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <climits>

#include "tls/cipher_rule.hpp"
#include "tls/verify_record.hpp"

namespace endpointd::tls {

namespace {

// 112 bits: RSA and DH from 2048 bits, no SHA-1 signatures.
constexpr int kSecurityLevel = 2;

struct Parsed {
    std::vector<Certificate> authorities;
    std::vector<Certificate> chain;  // our own first
    PrivateKey key;
    std::vector<std::shared_ptr<X509_CRL>> revocations;
};

Error at(const char* setting, const Error& error) { return {error.code, std::string(setting) + ": " + error.text}; }
Error refused(const char* setting, const std::string& why) { return fail(Errc::invalid, std::string(setting) + ": " + why); }

// Without one, OpenSSL would ask for an encrypted text's pass phrase on the terminal.
int no_pass_phrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*unused*/) { return -1; }

Result<std::vector<std::shared_ptr<X509_CRL>>> parse_revocations(std::string_view pem) {
    std::vector<std::shared_ptr<X509_CRL>> found;
    if (pem.size() > INT_MAX) return fail(Errc::too_large, "too long for a revocation list");
    const std::unique_ptr<BIO, int (*)(BIO*)> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
    ERR_clear_error();
    while (X509_CRL* list = bio ? PEM_read_bio_X509_CRL(bio.get(), nullptr, no_pass_phrase, nullptr) : nullptr) {
        found.emplace_back(list, X509_CRL_free);
    }
    const unsigned long last = ERR_peek_last_error();
    const bool at_end = ERR_GET_LIB(last) == ERR_LIB_PEM && ERR_GET_REASON(last) == PEM_R_NO_START_LINE;
    const std::string reason = openssl_reason();
    if (!at_end) return fail(Errc::malformed, "list " + std::to_string(found.size() + 1) + " cannot be read: " + reason);
    if (found.empty()) return fail(Errc::malformed, "no revocation list in it (PEM, '-----BEGIN X509 CRL-----', is expected)");
    return found;
}

Result<Parsed> parse(const TlsMaterial& material) {
    auto authorities = Certificate::from_pem(material.ca);
    if (!authorities) return at("tls.ca", authorities.error());
    for (const Certificate& authority : *authorities) {
        if (!authority.may_be_authority()) return refused("tls.ca", "'" + authority.subject() + "' is not the certificate of a CA");
    }
    auto chain = Certificate::from_pem(material.certificate);
    if (!chain) return at("tls.certificate", chain.error());
    if (!chain->front().common_name()) return refused("tls.certificate", "it has no CN, so that no peer can tell who we are");
    auto key = PrivateKey::from_pem(material.key);
    if (!key) return at("tls.key", key.error());
    if (!chain->front().belongs_to(*key)) {
        return refused("tls.key", "it is not the key of the certificate '" + chain->front().subject() + "'");
    }
    Parsed parsed{std::move(*authorities), std::move(*chain), std::move(*key), {}};
    if (material.crl) {
        auto revocations = parse_revocations(*material.crl);
        if (!revocations) return at("tls.crl", revocations.error());
        parsed.revocations = std::move(*revocations);
    }
    return parsed;
}

// What nothing in the settings changes.
void harden(SSL_CTX* context) {
    SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                     SSL_OP_SINGLE_DH_USE | SSL_OP_SINGLE_ECDH_USE);
    // A host-wide openssl.cnf may have set these.
    SSL_CTX_clear_options(context, SSL_OP_LEGACY_SERVER_CONNECT | SSL_OP_ALLOW_UNSAFE_LEGACY_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF |
                                       SSL_OP_CRYPTOPRO_TLSEXT_BUG);
    // A resumed session skips the certificate (protocol, 11.2): no cache, no tickets.
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(context, 0);
    constexpr unsigned char kSessionContext[] = "endpointd";
    SSL_CTX_set_session_id_context(context, kSessionContext, sizeof kSessionContext - 1);
    SSL_CTX_set_dh_auto(context, 1);
    SSL_CTX_set_max_cert_list(context, kChainBytes);
    SSL_CTX_set_verify_depth(context, kChainDepth);
    // An idle connection keeps no 32 KiB of buffers.
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
}

std::optional<Error> set_strength(SSL_CTX* context, const TlsMaterial& material) {
    if (material.min_version != "1.2" && material.min_version != "1.3") {
        return refused("tls.min_version", "'" + material.min_version + "' is neither \"1.2\" nor \"1.3\"");
    }
    SSL_CTX_set_min_proto_version(context, material.min_version == "1.3" ? TLS1_3_VERSION : TLS1_2_VERSION);
    SSL_CTX_set_max_proto_version(context, 0);  // the newest there is
    SSL_CTX_set_security_level(context, std::max(kSecurityLevel, SSL_CTX_get_security_level(context)));
    ERR_clear_error();
    if (material.ciphersuites && SSL_CTX_set_ciphersuites(context, material.ciphersuites->c_str()) != 1) {
        return refused("tls.ciphersuites", "OpenSSL does not take '" + *material.ciphersuites + "': " + openssl_reason());
    }
    if (SSL_CTX_set_cipher_list(context, material.ciphers.c_str()) != 1) {
        return refused("tls.ciphers", "OpenSSL does not take '" + material.ciphers + "': " + openssl_reason());
    }
    // "@SECLEVEL=0" in a cipher list would let in what this level keeps out.
    if (SSL_CTX_get_security_level(context) < kSecurityLevel) return refused("tls.ciphers", "the security level cannot be lowered");
    const CipherFindings found = judge(SSL_CTX_get_ciphers(context));
    if (found.weakest) return refused("tls.ciphers", *found.weakest + " is weaker than authenticated ECDHE or DHE with AEAD");
    if (found.weakest_suite) return refused("tls.ciphersuites", *found.weakest_suite + " has too short an authentication tag");
    if (!found.tls13 && (material.min_version == "1.3" || !found.tls12)) return refused("tls.ciphersuites", "no cipher is left");
    return std::nullopt;
}

std::optional<Error> load(SSL_CTX* context, const Parsed& parsed) {
    ERR_clear_error();
    X509_STORE* store = SSL_CTX_get_cert_store(context);
    for (const Certificate& authority : parsed.authorities) {
        if (X509_STORE_add_cert(store, authority.get()) != 1 || SSL_CTX_add_client_CA(context, authority.get()) != 1) {
            return refused("tls.ca", "OpenSSL does not take '" + authority.subject() + "': " + openssl_reason());
        }
    }
    for (const auto& list : parsed.revocations) {
        if (X509_STORE_add_crl(store, list.get()) != 1) return refused("tls.crl", openssl_reason());
    }
    // Of the leaf only, as upstream (protocol, 1.3): an Icinga CA issues no list about itself.
    if (!parsed.revocations.empty()) X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK);

    if (SSL_CTX_use_certificate(context, parsed.chain.front().get()) != 1) return refused("tls.certificate", openssl_reason());
    for (std::size_t above = 1; above < parsed.chain.size(); ++above) {
        if (SSL_CTX_add1_chain_cert(context, parsed.chain[above].get()) != 1) return refused("tls.certificate", openssl_reason());
    }
    if (SSL_CTX_use_PrivateKey(context, parsed.key.get()) != 1) return refused("tls.key", openssl_reason());
    return std::nullopt;
}

Result<boost::asio::ssl::context> make(const SSL_METHOD* method, const TlsMaterial& material, const Parsed& parsed) {
    SSL_CTX* context = SSL_CTX_new(method);
    if (context == nullptr) return fail(Errc::io, "TLS cannot be set up: " + openssl_reason());
    boost::asio::ssl::context owner(context);
    harden(context);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, note_verification);
    if (auto error = set_strength(context, material)) return std::move(*error);
    if (auto error = load(context, parsed)) return std::move(*error);
    return owner;
}

std::vector<std::string> warnings_about(const Parsed& parsed, WallTime now) {
    std::vector<std::string> warnings;
    const Certificate& own = parsed.chain.front();
    const std::string who = "our own certificate '" + own.subject() + "' ";
    if (own.not_after() < now) warnings.push_back(who + "expired at " + to_rfc3339(own.not_after()) + ": peers will refuse it");
    if (own.not_before() > now) warnings.push_back(who + "is not valid before " + to_rfc3339(own.not_before()) + ": peers will refuse it");

    const std::unique_ptr<X509_STORE, void (*)(X509_STORE*)> store(X509_STORE_new(), X509_STORE_free);
    const std::unique_ptr<X509_STORE_CTX, void (*)(X509_STORE_CTX*)> check(X509_STORE_CTX_new(), X509_STORE_CTX_free);
    const std::unique_ptr<STACK_OF(X509), void (*)(STACK_OF(X509)*)> above(sk_X509_new_null(),
                                                                           [](STACK_OF(X509) * all) { sk_X509_free(all); });
    if (!store || !check || !above) return warnings;
    for (const Certificate& authority : parsed.authorities) X509_STORE_add_cert(store.get(), authority.get());
    for (std::size_t next = 1; next < parsed.chain.size(); ++next) sk_X509_push(above.get(), parsed.chain[next].get());
    if (X509_STORE_CTX_init(check.get(), store.get(), own.get(), above.get()) != 1) return warnings;
    X509_STORE_CTX_set_flags(check.get(), X509_V_FLAG_NO_CHECK_TIME);
    if (X509_verify_cert(check.get()) != 1) {
        warnings.push_back(who + "does not verify against tls.ca: " + X509_verify_cert_error_string(X509_STORE_CTX_get_error(check.get())));
    }
    ERR_clear_error();
    return warnings;
}

}  // namespace

Result<std::shared_ptr<Contexts>> make_contexts(const TlsMaterial& material, WallTime now) {
    auto parsed = parse(material);
    if (!parsed) return parsed.error();
    auto server = make(TLS_server_method(), material, *parsed);
    if (!server) return server.error();
    auto client = make(TLS_client_method(), material, *parsed);
    if (!client) return client.error();
    return std::make_shared<Contexts>(
        Contexts{std::move(*server), std::move(*client), parsed->chain.front(), warnings_about(*parsed, now)});
}

}  // namespace endpointd::tls
