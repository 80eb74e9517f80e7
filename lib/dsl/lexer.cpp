#include "dsl/lexer.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace endpointd::dsl {

namespace {

constexpr auto kKeywords = std::to_array<std::string_view>({
    "object",
    "template",
    "include",
    "include_recursive",
    "include_zones",
    "library",
    "null",
    "true",
    "false",
    "const",
    "var",
    "this",
    "globals",
    "locals",
    "use",
    "using",
    "apply",
    "default",
    "to",
    "where",
    "import",
    "assign",
    "ignore",
    "function",
    "return",
    "break",
    "continue",
    "for",
    "if",
    "else",
    "while",
    "throw",
    "try",
    "except",
    "in",
    "namespace",
    "ignore_on_error",
    "current_filename",
    "current_line",
    "debugger",
});

// Longest first: the first that fits is the one.
constexpr auto kSymbols = std::to_array<std::string_view>({
    "{{", "}}", "==", "!=", "<=", ">=", "<<", ">>", "&&", "||", "=>", "+=", "-=", "*=", "/=", "%=", "^=", "&=", "|=", "{", "}", "(",
    ")",  "[",  "]",  ",",  ";",  ":",  ".",  "=",  "+",  "-",  "*",  "/",  "%",  "^",  "&",  "|",  "!",  "~",  "<",  ">", "?",
});

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool is_word_start(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_word(char c) noexcept { return is_word_start(c) || is_digit(c); }

}  // namespace

std::string in_words(const Token& token) {
    switch (token.kind) {
        case TokenKind::identifier:
        case TokenKind::keyword:
        case TokenKind::symbol:
            return "'" + token.text + "'";
        case TokenKind::string:
        case TokenKind::angle:
            return "a string";
        case TokenKind::number:
            return "a number";
        case TokenKind::newline:
            return "the end of the line";
        case TokenKind::end:
            return "the end of the file";
        case TokenKind::error:
            break;
    }
    return "an error";
}

Lexer::Lexer(const Source& source, Findings& findings) noexcept : source_(source), findings_(findings), text_(source.text()) {}

void Lexer::advance(std::size_t bytes) noexcept {
    for (const std::size_t end = std::min(at_ + bytes, text_.size()); at_ < end; ++at_) {
        if (text_[at_] == '\n') {
            ++position_.line;
            position_.column = 1;
        } else {
            ++position_.column;
        }
    }
}

Token Lexer::fail(Position at, std::string_view message, std::string_view hint) {
    if (!failed_) findings_.errors.push_back(source_.finding(at, message, hint));
    failed_ = true;
    return {TokenKind::error, at, {}, 0};
}

Token Lexer::next() {
    while (true) {
        Token token = scan();
        // Within parentheses an expression may go on in the next line.
        if (token.kind == TokenKind::newline && !brackets_.empty() && brackets_.back().open == '(') continue;
        return token;
    }
}

Token Lexer::scan() {
    if (failed_) return {TokenKind::error, position_, {}, 0};
    while (at_ < text_.size()) {
        const char c = peek();
        if (c == ' ' || c == '\t') advance(1);
        else if (c == '#' || looking_at("//") || looking_at("/*")) {
            if (!skip_comment()) return {TokenKind::error, position_, {}, 0};
        } else break;
    }
    if (at_ >= text_.size()) {
        if (!brackets_.empty()) return fail(brackets_.back().at, "'" + std::string(1, brackets_.back().open) + "' is never closed");
        return {TokenKind::end, position_, {}, 0};
    }
    const char c = peek();
    if (c == '\r' || c == '\n') return line_ends();
    if (is_word_start(c) || (c == '@' && is_word_start(peek(1)))) return word();
    if (is_digit(c)) return number();
    if (c == '"') return quoted();
    if (looking_at("{{{")) return raw_string();
    return angle_or_symbol();
}

bool Lexer::skip_comment() {
    if (!looking_at("/*")) {
        advance(std::min(text_.find('\n', at_), text_.size()) - at_);
        return true;
    }
    const std::size_t end = text_.find("*/", at_ + 2);
    if (end == std::string_view::npos) {
        fail(position_, "comment without an end", "add '*/'");
        return false;
    }
    advance(end + 2 - at_);
    return true;
}

Token Lexer::line_ends() {
    const Position at = position_;
    while (peek() == '\r' || peek() == '\n') advance(1);
    return {TokenKind::newline, at, {}, 0};
}

Token Lexer::word() {
    const Position at = position_;
    const bool escaped_word = peek() == '@';  // `@word` is a name even where the word is a keyword
    if (escaped_word) advance(1);
    std::size_t length = 0;
    while (is_word(peek(length))) ++length;
    std::string text(text_.substr(at_, length));
    advance(length);
    const bool keyword = !escaped_word && std::find(kKeywords.begin(), kKeywords.end(), text) != kKeywords.end();
    return {keyword ? TokenKind::keyword : TokenKind::identifier, at, std::move(text), 0};
}

Token Lexer::number() {
    const Position at = position_;
    std::size_t length = 0;
    while (is_digit(peek(length))) ++length;
    if (peek(length) == '.' && is_digit(peek(length + 1)))
        for (++length; is_digit(peek(length));) ++length;
    if (length > kNumberDigits) return fail(at, "number with too many digits");

    Token token{TokenKind::number, at, {}, 0};
    std::from_chars(text_.data() + at_, text_.data() + at_ + length, token.number, std::chars_format::fixed);
    advance(length);
    std::size_t unit = 0;
    while (is_word(peek(unit))) ++unit;
    const std::string_view name = text_.substr(at_, unit);
    if (name == "ms") token.number /= 1000;
    else if (name == "m") token.number *= 60;
    else if (name == "h") token.number *= 3600;
    else if (name == "d") token.number *= 86400;
    else if (!name.empty() && name != "s")
        return fail(position_, "a number cannot be followed by '" + std::string(name.substr(0, 32)) + "'", "units are ms, s, m, h and d");
    advance(unit);
    return token;
}

bool Lexer::read_escape(std::string& into) {
    const char c = peek(1);
    if (is_digit(c)) {
        int value = 0;
        std::size_t length = 1;
        for (; length <= 3 && peek(length) >= '0' && peek(length) <= '7'; ++length) value = value * 8 + (peek(length) - '0');
        if (length == 1 || value > 0377) {
            fail(position_, "octal escape out of range", "at most \\377");
            return false;
        }
        into += static_cast<char>(value);
        advance(length);
        return true;
    }
    constexpr std::string_view kNames = "ntrbf\\\"\n", kBytes = "\n\t\r\b\f\\\"\n";
    const std::size_t which = at_ + 1 < text_.size() ? kNames.find(c) : std::string_view::npos;
    if (which == std::string_view::npos) {
        fail(position_, "unknown escape in a string", "a backslash itself is written \\\\");
        return false;
    }
    into += kBytes[which];
    advance(2);
    return true;
}

Token Lexer::quoted() {
    Token token{TokenKind::string, position_, {}, 0};
    advance(1);
    while (at_ < text_.size() && peek() != '"') {
        if (peek() == '\n') return fail(token.at, "string without an end on its line", "add '\"', or write {{{ ... }}} for several lines");
        if (peek() == '\\') {
            if (!read_escape(token.text)) return {TokenKind::error, position_, {}, 0};
        } else {
            token.text += peek();
            advance(1);
        }
    }
    if (at_ >= text_.size()) return fail(token.at, "string without an end", "add '\"'");
    advance(1);
    return token;
}

Token Lexer::raw_string() {
    Token token{TokenKind::string, position_, {}, 0};
    const std::size_t end = text_.find("}}}", at_ + 3);
    if (end == std::string_view::npos) return fail(token.at, "string without an end", "add '}}}'");
    token.text = text_.substr(at_ + 3, end - at_ - 3);
    advance(end + 3 - at_);
    return token;
}

Token Lexer::angle_or_symbol() {
    if (peek() == '<') {
        if (angle_end_ <= at_) angle_end_ = std::min(text_.find_first_of("> \t\r\n", at_), text_.size());
        if (angle_end_ < text_.size() && text_[angle_end_] == '>') {
            Token token{TokenKind::angle, position_, std::string(text_.substr(at_ + 1, angle_end_ - at_ - 1)), 0};
            advance(angle_end_ + 1 - at_);
            return token;
        }
    }
    if (looking_at("!in") && !is_word(peek(3))) {
        Token token{TokenKind::keyword, position_, "!in", 0};
        advance(3);
        return token;
    }
    for (const std::string_view candidate : kSymbols)
        if (candidate.front() == peek() && looking_at(candidate)) return symbol(candidate);

    const auto byte = static_cast<unsigned char>(peek());
    if (at_ == 0 && looking_at("\xef\xbb\xbf"))
        return fail(position_, "the file begins with a byte order mark", "save it as UTF-8 without one");
    if (byte == 0) return fail(position_, "NUL byte outside a string");
    if (byte >= 0x80) return fail(position_, "a character that is not ASCII may stand in strings and comments only");
    return fail(position_, "unexpected character");
}

Token Lexer::symbol(std::string_view text) {
    Token token{TokenKind::symbol, position_, std::string(text), 0};
    for (const char c : text) {
        if (c == '(' || c == '[' || c == '{') {
            if (brackets_.size() == kBracketDepth) return fail(position_, "brackets nested too deep");
            brackets_.push_back({c, position_});
        } else if (c == ')' || c == ']' || c == '}') {
            const char open = c == ')' ? '(' : c == ']' ? '[' : '{';
            if (brackets_.empty() || brackets_.back().open != open)
                return fail(position_, "'" + std::string(1, c) + "' without its opening bracket");
            brackets_.pop_back();
        }
    }
    advance(text.size());
    return token;
}

}  // namespace endpointd::dsl
