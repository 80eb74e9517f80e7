#pragma once
// Throw-away certificate authorities for tests, in memory: keys are EC P-256, which
// cost nothing to make. Certificates look like Icinga's (no key usage, no key
// identifiers, subjectAltName as asked) unless told otherwise.

#include <openssl/types.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace endpointd::test {

struct LeafOptions {
    std::optional<std::string> common_name;  // taken byte for byte, also empty, overlong or with a NUL
    std::vector<std::string> dns_names;
    std::chrono::seconds starts{-3600};  // from now
    std::chrono::seconds ends{86400};
    std::string extended_key_usage;  // as in openssl.cnf: "serverAuth"
};

// PEM texts.
struct Issued {
    std::string certificate;
    std::string key;
};

class TestCa {
public:
    explicit TestCa(std::string common_name = "Icinga CA", std::chrono::seconds starts = std::chrono::hours(-1),
                    std::chrono::seconds ends = std::chrono::hours(24));

    const std::string& certificate() const noexcept { return certificate_; }
    std::string key() const;

    Issued issue(const LeafOptions& options) const;
    // CN = `name` with itself as its DNS name, as Icinga makes them.
    Issued issue(const std::string& name) const;
    // An authority below this one; what it issues needs its certificate in the chain.
    TestCa intermediate(const std::string& common_name) const;
    // A revocation list of this authority, valid for a day from `starts`, naming `revoked`.
    std::string revocation_list(const std::vector<Issued>& revoked, std::chrono::seconds starts = std::chrono::seconds(-60)) const;

    static Issued self_signed(const std::string& name);

private:
    TestCa(std::shared_ptr<EVP_PKEY> key, std::string certificate) : key_(std::move(key)), certificate_(std::move(certificate)) {}

    std::shared_ptr<EVP_PKEY> key_;
    std::string certificate_;
};

}  // namespace endpointd::test
