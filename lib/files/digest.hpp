#pragma once
// SHA-256 as the 64 lower-case hexadecimal digits that catalogs, audit records
// and digests of configurations are written in. A Sha256 belongs to whoever
// made it and is used by one thread at a time.

#include <string>
#include <string_view>

#include "base/result.hpp"

struct evp_md_ctx_st;

namespace endpointd::files {

class Sha256 {
public:
    Sha256();
    ~Sha256();
    Sha256(Sha256&& other) noexcept;
    Sha256& operator=(Sha256&& other) noexcept;

    void update(std::string_view bytes);
    // The digest of everything so far; the object then starts anew.
    std::string hex();

private:
    evp_md_ctx_st* context_;
};

std::string sha256_hex(std::string_view bytes);

// The digest of a regular file's whole content, whatever the descriptor's offset
// is (it stays where it is). Errc::io if it cannot be read.
Result<std::string> sha256_hex_of_fd(int fd);

}  // namespace endpointd::files
