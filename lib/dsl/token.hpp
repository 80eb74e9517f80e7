#pragma once
// One token of the configuration language (protocol, 10.1). A value; owns its text.

#include <string>
#include <string_view>

#include "dsl/source.hpp"

namespace endpointd::dsl {

enum class TokenKind {
    identifier,  // `text` is the name
    keyword,     // `text` is the word
    string,      // `text` is the content, escapes resolved
    angle,       // <text> of an include
    number,      // `number`, in seconds where it had a unit
    newline,     // one or more line ends
    symbol,      // `text` is the operator or bracket
    end,         // of the file
    error,       // reported; nothing comes behind it
};

struct Token {
    TokenKind kind = TokenKind::end;
    Position at;
    std::string text;
    double number = 0;

    bool is_symbol(std::string_view symbol) const noexcept { return kind == TokenKind::symbol && text == symbol; }
    bool is_keyword(std::string_view word) const noexcept { return kind == TokenKind::keyword && text == word; }
};

// The token in words for an error: "'{'", "a string", "the end of the file".
std::string in_words(const Token& token);

}  // namespace endpointd::dsl
