#include "files/digest.hpp"

#include <openssl/evp.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

namespace endpointd::files {

namespace {

// To look an algorithm up costs many times a short digest. It is constant, and stays for the process's life.
const EVP_MD* algorithm() {
    static const EVP_MD* const fetched = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    EP_ASSERT(fetched != nullptr);
    return fetched;
}

}  // namespace

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
    EP_ASSERT(context_ != nullptr);
    EP_ASSERT(EVP_DigestInit_ex(context_, algorithm(), nullptr) == 1);
}

Sha256::~Sha256() { EVP_MD_CTX_free(context_); }

Sha256::Sha256(Sha256&& other) noexcept : context_(std::exchange(other.context_, nullptr)) {}

Sha256& Sha256::operator=(Sha256&& other) noexcept {
    std::swap(context_, other.context_);
    return *this;
}

void Sha256::update(std::string_view bytes) { EP_ASSERT(EVP_DigestUpdate(context_, bytes.data(), bytes.size()) == 1); }

std::string Sha256::hex() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    EP_ASSERT(EVP_DigestFinal_ex(context_, digest.data(), &size) == 1);
    EP_ASSERT(EVP_DigestInit_ex(context_, nullptr, nullptr) == 1);  // the same algorithm again
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string text;
    text.reserve(std::size_t{size} * 2);
    for (unsigned i = 0; i < size; ++i) {
        text += kDigits[digest[i] >> 4];
        text += kDigits[digest[i] & 15];
    }
    return text;
}

std::string sha256_hex(std::string_view bytes) {
    Sha256 hash;
    hash.update(bytes);
    return hash.hex();
}

Result<std::string> sha256_hex_of_fd(int fd) {
    Sha256 hash;
    std::array<char, 65536> buffer;
    for (off_t offset = 0;;) {
        const ssize_t got = ::pread(fd, buffer.data(), buffer.size(), offset);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return system_error("read", errno);
        if (got == 0) return hash.hex();
        hash.update({buffer.data(), static_cast<std::size_t>(got)});
        offset += got;
    }
}

}  // namespace endpointd::files
