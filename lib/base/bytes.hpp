#pragma once
// Checked reading and writing of small binary messages, host byte order: they
// never leave the machine. A read past the end makes the reader fail and stay
// failed; nothing is allocated for a length that the bytes do not have.

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace endpointd {

class ByteWriter {
public:
    void u8(std::uint8_t value) { raw(&value, sizeof value); }
    void u32(std::uint32_t value) { raw(&value, sizeof value); }
    void u64(std::uint64_t value) { raw(&value, sizeof value); }
    void f64(double value) { raw(&value, sizeof value); }
    void text(std::string_view value) {
        u32(static_cast<std::uint32_t>(value.size()));
        raw(value.data(), value.size());
    }
    std::string take() && { return std::move(bytes_); }

private:
    void raw(const void* data, std::size_t size) { bytes_.append(static_cast<const char*>(data), size); }
    std::string bytes_;
};

class ByteReader {
public:
    // `bytes` must outlive the reader and every view it returned.
    explicit ByteReader(std::string_view bytes) noexcept : rest_(bytes) {}

    std::uint8_t u8() noexcept { return number<std::uint8_t>(); }
    std::uint32_t u32() noexcept { return number<std::uint32_t>(); }
    std::uint64_t u64() noexcept { return number<std::uint64_t>(); }
    double f64() noexcept { return number<double>(); }
    std::string_view text(std::size_t most) noexcept {
        const std::uint32_t size = u32();
        if (size > most || size > rest_.size()) {
            failed_ = true;
            rest_ = {};
        }
        if (failed_) return {};
        const std::string_view value = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return value;
    }
    bool failed() const noexcept { return failed_; }
    // True if everything was read and nothing was missing.
    bool finished() const noexcept { return !failed_ && rest_.empty(); }

private:
    template <class T>
    T number() noexcept {
        T value{};
        if (rest_.size() < sizeof value) {
            failed_ = true;
            rest_ = {};
            return value;
        }
        std::memcpy(&value, rest_.data(), sizeof value);
        rest_.remove_prefix(sizeof value);
        return value;
    }

    std::string_view rest_;
    bool failed_ = false;
};

}  // namespace endpointd
