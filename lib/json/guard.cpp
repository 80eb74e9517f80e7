#include "json/guard.hpp"

namespace endpointd::json {

namespace {

bool is_blank(char c) noexcept { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool is_number_part(char c) noexcept { return is_digit(c) || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E'; }

}  // namespace

bool TokenReader::refuse(Errc code, std::string_view what, std::size_t offset) noexcept {
    refusal_ = {code, what, offset};
    refused_ = true;
    return false;
}

// White space and, where they are allowed, comments.
bool TokenReader::skip_blank() noexcept {
    for (;;) {
        while (position_ < text_.size() && is_blank(text_[position_])) ++position_;
        if (comments_ == Comments::refused || position_ >= text_.size() || text_[position_] != '/') return true;
        const std::size_t start = position_;
        const std::string_view rest = text_.substr(position_);
        std::size_t end = 0;
        if (rest.starts_with("//")) {
            end = text_.find('\n', start);
            if (end == std::string_view::npos) end = text_.size();
        } else if (rest.starts_with("/*")) {
            end = text_.find("*/", start + 2);
            if (end == std::string_view::npos) return refuse(Errc::malformed, "comment without its end", start);
            end += 2;
        } else {
            return refuse(Errc::malformed, "expected a value or a comment", start);
        }
        position_ = end;
    }
}

bool TokenReader::one_value() noexcept {
    if (++values_ > bounds_.values) return refuse(Errc::too_large, "too many values", position_);
    return true;
}

bool TokenReader::string_token(Token& token) noexcept {
    std::size_t end = position_ + 1;
    for (;; ++end) {
        if (end >= text_.size()) return refuse(Errc::malformed, "string without its end", position_);
        const char c = text_[end];
        if (c == '"') break;
        if (static_cast<unsigned char>(c) < 0x20) return refuse(Errc::malformed, "control character in a string", end);
        if (c == '\\') ++end;
    }
    token = {TokenKind::string, position_, end + 1 - position_};
    return one_value();
}

bool TokenReader::number_token(Token& token) noexcept {
    std::size_t end = position_;
    int exponent_digits = 0;
    bool exponent = false;
    for (; end < text_.size() && is_number_part(text_[end]); ++end) {
        if (end - position_ >= limits::kJsonNumberLength) return refuse(Errc::too_large, "number too long", position_);
        if (text_[end] == 'e' || text_[end] == 'E') exponent = true;
        else if (exponent && is_digit(text_[end]) && ++exponent_digits > limits::kJsonExponentDigits)
            return refuse(Errc::too_large, "exponent too long", position_);
    }
    token = {TokenKind::number, position_, end - position_};
    return one_value();
}

bool TokenReader::literal_token(Token& token) noexcept {
    for (const std::string_view literal : {std::string_view("true"), std::string_view("false"), std::string_view("null")}) {
        if (!text_.substr(position_).starts_with(literal)) continue;
        token = {TokenKind::literal, position_, literal.size()};
        return one_value();
    }
    return refuse(Errc::malformed, "expected a value", position_);
}

bool TokenReader::next(Token& token) noexcept {
    if (refused_ || !skip_blank()) return false;
    token = {TokenKind::end, position_, 0};
    if (position_ >= text_.size()) return true;
    const char c = text_[position_];
    bool taken = true;
    if (c == '{' || c == '[') {
        token = {TokenKind::open, position_, 1};
        if (++depth_ > bounds_.depth) return refuse(Errc::too_large, "nested too deep", position_);
        taken = one_value();
    } else if (c == '}' || c == ']') {
        token = {TokenKind::close, position_, 1};
        if (depth_-- == 0) return refuse(Errc::malformed, "bracket that was never opened", position_);
    } else if (c == ',') {
        token = {TokenKind::comma, position_, 1};
    } else if (c == ':') {
        token = {TokenKind::colon, position_, 1};
        if (values_ > 0) --values_;  // what stood before it was a key
    } else if (c == '"') {
        taken = string_token(token);
    } else if (c == '-' || is_digit(c)) {
        taken = number_token(token);
    } else {
        taken = literal_token(token);
    }
    position_ += token.length;
    return taken;
}

std::optional<Refusal> guard(std::string_view text, Bounds bounds, Comments comments) noexcept {
    TokenReader reader(text, bounds, comments);
    Token token;
    do {
        if (!reader.next(token)) return reader.refusal();
    } while (token.kind != TokenKind::end);
    return std::nullopt;
}

}  // namespace endpointd::json
