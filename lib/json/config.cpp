// Configuration files: the same reading as for messages, of a copy in which
// comments and trailing commas are blanks, with the places of keys and values.

#include <vector>

#include "base/units.hpp"
#include "json/document.hpp"
#include "json/guard.hpp"
#include "json/read.hpp"

namespace endpointd::json {

namespace {

constexpr Bounds kConfigBounds{limits::kConfigDepth, limits::kJsonValues};

struct Position {
    std::uint32_t line = 1, column = 1;
};

// Line and column of offsets that only grow; columns count bytes.
class LineCounter {
public:
    explicit LineCounter(std::string_view text) noexcept : text_(text) {}
    Position of(std::size_t offset) noexcept {
        if (offset < at_) *this = LineCounter(text_);
        for (; at_ < offset && at_ < text_.size(); ++at_) {
            if (text_[at_] == '\n') {
                ++position_.line;
                position_.column = 1;
            } else {
                ++position_.column;
            }
        }
        return position_;
    }

private:
    std::string_view text_;
    std::size_t at_ = 0;
    Position position_;
};

// `text` with blanks for everything strict JSON does not know; offsets stay.
std::variant<std::string, Refusal> strict_copy(std::string_view text) {
    TokenReader reader(text, kConfigBounds, Comments::allowed);
    std::string copy(text.size(), ' ');
    Token token, before{TokenKind::comma, 0, 0};
    std::size_t pending_comma = std::string::npos;  // whether it is a trailing one shows with the next token
    for (;;) {
        if (!reader.next(token)) return reader.refusal();
        if (pending_comma != std::string::npos && token.kind != TokenKind::close) copy[pending_comma] = ',';
        pending_comma = std::string::npos;
        if (token.kind == TokenKind::end) return copy;
        // Only a comma behind a value can be a trailing one: [,] stays wrong.
        const bool after_value = before.kind != TokenKind::comma && before.kind != TokenKind::open && before.kind != TokenKind::colon;
        if (token.kind == TokenKind::comma && after_value) pending_comma = token.offset;
        else copy.replace(token.offset, token.length, text.substr(token.offset, token.length));
        before = token;
    }
}

// Walks the tokens in step with the reader's events and notes where they are.
class Placer final : public ReadListener {
public:
    // `text` is as the operator wrote it; only it has the line ends.
    Placer(std::string_view text, std::map<std::string, Place, std::less<>>& places) noexcept
        : tokens_(text, kConfigBounds, Comments::allowed), lines_(text), places_(places) {}

    void opened(bool object) override {
        std::string pointer = place_value();
        open_.push_back({object, 0, std::move(pointer)});
    }
    void closed() override {
        step();
        open_.pop_back();
    }
    void scalar() override { place_value(); }
    std::optional<ReadFailure> key(std::string_view key) override {
        const std::size_t offset = step();
        const Position position = lines_.of(offset);
        next_pointer_ = pointer_to(open_.back().pointer, key);
        const Place place{0, 0, position.line, position.column};
        const auto [first, fresh] = places_.emplace(next_pointer_, place);
        if (fresh) return std::nullopt;
        return ReadFailure{
            Errc::malformed,
            "key \"" + escaped(key, 64) + "\" is given twice; the first is on line " + std::to_string(first->second.key_line), offset};
    }

private:
    struct Open {
        bool object = false;
        std::size_t items = 0;
        std::string pointer;
    };

    std::size_t step() noexcept {
        Token token;
        do {
            const bool passed = tokens_.next(token);
            EP_ASSERT(passed);
        } while (token.kind == TokenKind::comma || token.kind == TokenKind::colon);
        return token.offset;
    }
    std::string place_value() {
        const Position position = lines_.of(step());
        if (!open_.empty() && open_.back().object) {
            Place& place = places_.find(next_pointer_)->second;
            place.line = position.line;
            place.column = position.column;
            return std::move(next_pointer_);
        }
        std::string pointer = open_.empty() ? std::string() : pointer_to(open_.back().pointer, open_.back().items++);
        places_.emplace(pointer, Place{position.line, position.column, position.line, position.column});
        return pointer;
    }

    TokenReader tokens_;
    LineCounter lines_;
    std::map<std::string, Place, std::less<>>& places_;
    std::vector<Open> open_;
    std::string next_pointer_;
};

}  // namespace

std::optional<Document> parse_config(const SourceFile& file, Findings& findings) {
    const auto refuse = [&](std::size_t offset, std::string message) {
        const Position position = LineCounter(file.text).of(offset);
        findings.errors.push_back({file.path, position.line, position.column, std::nullopt, std::move(message)});
        return std::nullopt;
    };
    if (file.text.size() > limits::kConfigFile) {
        findings.errors.push_back(
            {file.path, 0, 0, std::nullopt,
             "the file has " + std::to_string(file.text.size()) + " bytes; at most " + std::to_string(limits::kConfigFile) + " are read"});
        return std::nullopt;
    }
    if (file.text.starts_with("\xef\xbb\xbf")) return refuse(0, "the file begins with a byte order mark; save it as UTF-8 without one");
    auto copy = strict_copy(file.text);
    if (const auto* refusal = std::get_if<Refusal>(&copy)) return refuse(refusal->offset, std::string(refusal->what));
    const std::string& text = std::get<std::string>(copy);

    Document document{file.path, Value(), {}};
    Placer placer(file.text, document.places);
    auto outcome = read(text, &placer);
    if (const auto* failure = std::get_if<ReadFailure>(&outcome)) return refuse(failure->offset, failure->what);
    document.root = std::get<Value>(std::move(outcome));
    return document;
}

}  // namespace endpointd::json
