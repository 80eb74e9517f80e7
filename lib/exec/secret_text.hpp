#pragma once
// Bytes that must not outlive their use: moved but never copied, overwritten when
// they go, and without any way to print them. Memory that grows leaves nothing
// behind either. Owned by one thread at a time. What a view of it is copied to is
// its caller's to wipe.

#include <cstddef>
#include <cstring>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace endpointd::exec {

// Memory that is overwritten before it is given back.
template <class T>
struct WipingAllocator {
    using value_type = T;

    WipingAllocator() noexcept = default;
    template <class U>
    WipingAllocator(const WipingAllocator<U>&) noexcept {}

    T* allocate(std::size_t count) { return std::allocator<T>().allocate(count); }
    void deallocate(T* memory, std::size_t count) noexcept {
        ::explicit_bzero(static_cast<void*>(memory), count * sizeof(T));
        std::allocator<T>().deallocate(memory, count);
    }
    bool operator==(const WipingAllocator&) const noexcept { return true; }
};

template <class T>
using WipedVector = std::vector<T, WipingAllocator<T>>;

class SecretText {
public:
    SecretText() noexcept = default;
    explicit SecretText(std::string_view bytes) : bytes_(bytes.begin(), bytes.end()) {}
    SecretText(SecretText&&) noexcept = default;
    SecretText& operator=(SecretText&&) noexcept = default;
    SecretText(const SecretText&) = delete;
    SecretText& operator=(const SecretText&) = delete;
    friend std::ostream& operator<<(std::ostream&, const SecretText&) = delete;

    // Until it changes, moves or goes.
    std::string_view view() const noexcept { return {bytes_.data(), bytes_.size()}; }
    std::size_t size() const noexcept { return bytes_.size(); }

    char* data() noexcept { return bytes_.data(); }
    void resize(std::size_t size) { bytes_.resize(size); }
    void append(std::string_view more) { bytes_.insert(bytes_.end(), more.begin(), more.end()); }

private:
    WipedVector<char> bytes_;  // no string: a short one would keep its bytes in itself
};

// Overwrites what a secret was copied to; it is empty then.
inline void wipe(std::string& text) noexcept {
    text.resize(text.capacity());  // moves nothing
    ::explicit_bzero(text.data(), text.size());
    text.clear();
}

inline void wipe(std::vector<std::string>& words) noexcept {
    for (std::string& word : words) wipe(word);
    words.clear();
}

}  // namespace endpointd::exec
