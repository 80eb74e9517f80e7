#pragma once
// Text to tokens, one at a time (protocol, 10.1). Linear in the text; never holds
// more than one token. Belongs to one parser.

#include <vector>

#include "dsl/source.hpp"
#include "dsl/token.hpp"

namespace endpointd::dsl {

// Brackets open at the same time. Upstream has no bound but its stack.
inline constexpr std::size_t kBracketDepth = 256;
// Digits of a number: more than a double can tell apart.
inline constexpr std::size_t kNumberDigits = 32;

class Lexer {
public:
    // Both must outlive the lexer.
    Lexer(const Source& source, Findings& findings) noexcept;

    // After an error (reported in `findings`) every further token is of kind error.
    Token next();

    // Right behind the last token.
    Position position() const noexcept { return position_; }

    // Brackets open behind the last token.
    std::size_t depth() const noexcept { return brackets_.size(); }

private:
    struct Bracket {
        char open;
        Position at;
    };

    Token scan();
    bool skip_comment();
    Token line_ends();
    Token word();
    Token number();
    Token quoted();
    Token raw_string();
    Token angle_or_symbol();
    Token symbol(std::string_view text);
    Token fail(Position at, std::string_view message, std::string_view hint = {});
    bool read_escape(std::string& into);

    char peek(std::size_t ahead = 0) const noexcept { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
    bool looking_at(std::string_view what) const noexcept { return text_.substr(at_, what.size()) == what; }
    void advance(std::size_t bytes) noexcept;

    const Source& source_;
    Findings& findings_;
    std::string_view text_;
    std::size_t at_ = 0;
    std::size_t angle_end_ = 0;  // what ends <...>, looked for once however many < stand before it
    Position position_;
    std::vector<Bracket> brackets_;  // inside `(` line ends do not count, `{` makes them count again
    bool failed_ = false;
};

}  // namespace endpointd::dsl
