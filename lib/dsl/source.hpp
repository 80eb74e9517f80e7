#pragma once
// The text of one file of Icinga 2's configuration language, and the way an error
// in it is shown: place, the line, a caret, and what to do. Borrows the text: the
// SourceFile must outlive it. Immutable; any thread.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/findings.hpp"

namespace endpointd::dsl {

// Bytes of a line that an error shows around its place: a screen's width.
inline constexpr std::size_t kExcerpt = 100;

// Both count from 1; columns count bytes.
struct Position {
    std::uint32_t line = 1;
    std::uint32_t column = 1;
};

class Source {
public:
    explicit Source(const SourceFile& file) noexcept : file_(file) {}

    std::string_view text() const noexcept { return file_.text; }
    const std::string& path() const noexcept { return file_.path; }

    // A finding at `at`: the message, the line and a caret below the place, and the
    // hint, where there is one, behind the caret.
    Finding finding(Position at, std::string_view message, std::string_view hint = {}) const;

private:
    const SourceFile& file_;
};

}  // namespace endpointd::dsl
