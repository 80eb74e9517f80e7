#pragma once
// Takes the secrets of one run out of what it prints and of its argv: each form of
// a value (exec/secret_forms.hpp) becomes "<secret:NAME>" before anything is stored
// or sent. One pass over the text, whatever the secrets are (Aho-Corasick), so a
// plugin cannot make it slow. What it cannot see is a value that the plugin has
// turned into something else: encrypted, in hexadecimal, cut into pieces of its own.
//
// The text put in counts as harmless, and so do words that it makes with what is
// beside it: they are the same for every value.
//
// Holds the values in wiped memory for as long as it lives. Pure; made and used by
// the runner, its one thread.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "exec/secret_text.hpp"
#include "exec/secrets.hpp"

namespace endpointd::exec {

// Bytes of values and lines of one command that are looked for in encoded form too.
inline constexpr std::size_t kEncodedTotal = 16 * 1024;

struct Scrubbed {
    std::string text;
    bool cut = false;  // was cut before, or had to be because it became longer than allowed
};

class Scrubber {
public:
    // Of nothing: changes nothing.
    Scrubber() = default;
    explicit Scrubber(std::span<const SecretValue> values);

    bool empty() const noexcept { return names_.empty(); }

    // At most `most` bytes. Of a text that was `cut`, what may be the beginning of a
    // value (4 bytes or more of it) goes from its end as well.
    Scrubbed scrub(std::string_view text, bool cut, std::size_t most) const;

    // Each word; together they stay within limits::kArgvBytes, where what is behind it is left out.
    std::vector<std::string> scrub_words(const std::vector<std::string>& words) const;

private:
    // A node stands for the bytes on the way to it, which some form begins with.
    struct Node {
        std::uint32_t child = 0;    // its first one, 0: none
        std::uint32_t sibling = 0;  // the next child of its parent, 0: none
        std::uint32_t shorter = 0;  // of the longest other beginning that ends with the same bytes
        std::uint32_t depth = 0;
        std::uint32_t found = 0;   // length of the longest form that ends here, 0: none
        std::uint16_t secret = 0;  // whose
        char byte = 0;
    };
    struct Found {
        std::size_t begin, end, length;  // of the longest form within
        std::uint16_t secret;
    };

    void add(std::string_view form, std::uint16_t secret);
    void connect();
    std::uint32_t child(std::uint32_t node, char byte) const noexcept;
    std::uint32_t next(std::uint32_t node, char byte) const noexcept;
    std::vector<Found> find(std::string_view text, bool cut) const;

    std::vector<std::string> names_;
    WipedVector<Node> nodes_;           // [0] is the empty beginning
    WipedVector<std::uint32_t> first_;  // the children of [0] by their byte: asked for nearly every byte of a text
};

}  // namespace endpointd::exec
