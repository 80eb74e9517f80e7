#pragma once
// What must be known about foreign bytes before a parser sees them: one linear
// pass without allocation over the tokens of a JSON text, that bounds depth,
// number of values and the form of numbers. Whether the tokens are in a right
// order is the parser's business. For lib/json only; any thread.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/error.hpp"
#include "base/result.hpp"
#include "json/document.hpp"

namespace endpointd::json {

enum class Comments : bool { refused, allowed };

enum class TokenKind : std::uint8_t { end, open, close, comma, colon, string, number, literal };

struct Token {
    TokenKind kind = TokenKind::end;
    std::size_t offset = 0, length = 0;
};

// A refusal with its place, for callers that speak of lines.
struct Refusal {
    Errc code = Errc::malformed;
    std::string_view what;  // a literal
    std::size_t offset = 0;
};

class TokenReader {
public:
    // `text` must outlive the reader.
    TokenReader(std::string_view text, Bounds bounds, Comments comments) noexcept : text_(text), bounds_(bounds), comments_(comments) {}

    // False: refused, for good; refusal() says why. At the end of the text the kind is `end`.
    bool next(Token& token) noexcept;
    const Refusal& refusal() const noexcept { return refusal_; }

private:
    bool skip_blank() noexcept;
    bool string_token(Token& token) noexcept;
    bool number_token(Token& token) noexcept;
    bool literal_token(Token& token) noexcept;
    bool one_value() noexcept;
    bool refuse(Errc code, std::string_view what, std::size_t offset) noexcept;

    std::string_view text_;
    Bounds bounds_;
    Comments comments_;
    Refusal refusal_;
    std::size_t position_ = 0, depth_ = 0, values_ = 0;
    bool refused_ = false;
};

// The whole pass. Null: nothing to refuse.
std::optional<Refusal> guard(std::string_view text, Bounds bounds, Comments comments) noexcept;

}  // namespace endpointd::json
