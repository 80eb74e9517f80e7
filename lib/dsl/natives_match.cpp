// match(), regex() and cidr_match(): one text or several against a pattern.

#include <arpa/inet.h>
#include <re2/re2.h>

#include <array>
#include <charconv>
#include <cstring>
#include <optional>

#include "dsl/natives_impl.hpp"

namespace endpointd::dsl {

namespace {

// Bytes of a regular expression: people write some hundred, and compiling costs more than its length.
constexpr std::size_t kPatternLength = 16 * 1024;
// Bytes RE2 may use for one expression, compiled and while it runs.
constexpr std::int64_t kPatternMemory = 1024 * 1024;
// Steps that compiling costs, whatever comes of it.
constexpr std::uint64_t kCompileSteps = 500;
// Behind a backslash these mean something else to RE2 than to upstream: ends of words and of the text, line breaks, properties.
constexpr std::string_view kOtherEscapes = "<>`'vpP";
// Instructions of a compiled expression that go through a byte in the time of one.
constexpr std::size_t kInstructionsAtOnce = 32;

bool is_object(const Value& value) noexcept { return !(value.is_null() || value.boolean() || value.number() || value.string()); }

// The third argument: all texts have to match (0), or one of them (1). Any other number matches no array.
template <class Test>
Value over_texts(Call& call, std::string_view name, Test test) {
    const Value texts = call.argument(1);
    const int mode = call.arguments.size() > 2 ? whole(call, call.argument(2)) : 0;
    if (!is_object(texts)) return Value(static_cast<bool>(test(TextOf(call, texts).view())));
    if (!texts.array())
        call.interpreter.fail(std::string(name) + "() takes a text or an array of texts, and not a value of type '" +
                              std::string(type_name(texts)) + "'");
    if (texts.array()->items.empty()) return Value(false);
    for (const Value& item : texts.array()->items) {
        const bool matches = test(TextOf(call, item).view());
        if (mode == 1 && matches) return Value(true);
        if (mode == 0 && !matches) return Value(false);
    }
    return Value(mode == 0);
}

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// `*` and `?`, both literal behind a backslash; letters of either case. Goes back to
// the last `*` only, and counts what it does: that is a product in the worst case.
bool matches_glob(Budget& budget, std::string_view pattern, std::string_view text) {
    std::size_t at = 0, in = 0, star = std::string_view::npos, mark = 0, work = 0;
    while (in < text.size()) {
        if (++work % kBytesOfStep == 0) budget.step();
        if (at < pattern.size() && pattern[at] == '*') {
            star = ++at;
            mark = in;
            continue;
        }
        const bool quoted = at + 1 < pattern.size() && pattern[at] == '\\' && (pattern[at + 1] == '*' || pattern[at + 1] == '?');
        const std::size_t literal = quoted ? at + 1 : at;
        if (literal < pattern.size() && ((!quoted && pattern[literal] == '?') || lower(pattern[literal]) == lower(text[in]))) {
            at = literal + 1;
            ++in;
            continue;
        }
        if (star == std::string_view::npos) return false;
        at = star;
        in = ++mark;
    }
    while (at < pattern.size() && pattern[at] == '*') ++at;
    return at == pattern.size();
}

// 16 bytes; an address of IPv4 is one that is mapped into IPv6.
using Address = std::array<unsigned char, 16>;

std::optional<Address> parse_address(const std::string& text, bool& is_v4) {
    Address address{};
    if (text.find('\0') != std::string::npos) return std::nullopt;
    is_v4 = ::inet_pton(AF_INET, text.c_str(), address.data() + 12) == 1;
    if (is_v4) {
        address[10] = address[11] = 0xff;
        return address;
    }
    if (::inet_pton(AF_INET6, text.c_str(), address.data()) == 1) return address;
    return std::nullopt;
}

struct Network {
    Address address{};
    unsigned bits = 128;

    bool holds(const Address& other) const noexcept {
        for (unsigned bit = 0; bit < bits; bit += 8) {
            const unsigned mask = bits - bit >= 8 ? 0xffU : 0xffU << (8 - (bits - bit)) & 0xffU;
            if (((address[bit / 8] ^ other[bit / 8]) & mask) != 0) return false;
        }
        return true;
    }
    bool is_clean() const noexcept {
        for (unsigned bit = bits; bit < 128; ++bit)
            if ((address[bit / 8] >> (7 - bit % 8) & 1U) != 0) return false;
        return true;
    }
};

bool has_other_escape(std::string_view pattern) noexcept {
    for (std::size_t i = 0; i + 1 < pattern.size(); ++i) {
        if (pattern[i] != '\\') continue;
        if (kOtherEscapes.find(pattern[++i]) != std::string_view::npos) return true;
    }
    return false;
}

Network parse_network(Call& call, std::string_view text) {
    const std::size_t slash = text.find('/');
    bool is_v4 = false;
    const std::optional<Address> address = text.size() > 256 ? std::nullopt : parse_address(std::string(text.substr(0, slash)), is_v4);
    if (!address) call.interpreter.fail("cidr_match(): '" + excerpt(text) + "' does not begin with an IP address");
    Network network{*address, 128};
    if (slash == std::string_view::npos) return network;
    std::string_view digits = text.substr(slash + 1);
    if (digits.size() > 1 && digits[0] == '+' && digits[1] != '-') digits.remove_prefix(1);
    int bits = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
    const int most = is_v4 ? 32 : 128;
    if (error != std::errc() || end != digits.data() + digits.size() || bits < 0 || bits > most)
        call.interpreter.fail("cidr_match(): the mask of '" + excerpt(text) + "' is not a number between 0 and " + std::to_string(most));
    network.bits = static_cast<unsigned>(is_v4 ? bits + 96 : bits);
    if (!network.is_clean()) call.interpreter.fail("cidr_match(): in '" + excerpt(text) + "' masked-off bits must all be zero");
    return network;
}

}  // namespace

Value native_match(Call& call) {
    const TextOf pattern(call, call.argument(0));
    return over_texts(call, "match", [&](std::string_view text) { return matches_glob(call.heap.budget(), pattern.view(), text); });
}

Value native_regex(Call& call) {
    const TextOf pattern(call, call.argument(0));
    if (pattern.view().size() > kPatternLength)
        call.interpreter.fail("regex(): the pattern '" + excerpt(pattern.view()) + "' is longer than " + std::to_string(kPatternLength) +
                              " bytes");
    if (has_other_escape(pattern.view()))
        call.interpreter.fail("regex(): the pattern '" + excerpt(pattern.view()) +
                              "' is not one that RE2 takes: one of \\< \\> \\` \\' \\v \\p");
    call.heap.budget().step(kCompileSteps + pattern.view().size());
    RE2::Options options;
    options.set_encoding(RE2::Options::EncodingLatin1);  // upstream compares bytes
    options.set_dot_nl(true);
    options.set_log_errors(false);
    options.set_max_mem(kPatternMemory);
    const RE2 compiled("(?m)" + std::string(pattern.view()), options);  // upstream's ^ and $ are those of a line
    if (!compiled.ok())
        call.interpreter.fail("regex(): the pattern '" + excerpt(pattern.view()) +
                              "' is not one that RE2 takes: " + excerpt(compiled.error()));
    const auto size = static_cast<std::size_t>(compiled.ProgramSize());
    call.heap.budget().step(size);
    const bool has_anchor = pattern.view().find_first_of("^$") != std::string_view::npos;
    return over_texts(call, "regex", [&](std::string_view text) {
        // For upstream a line ends there as well, and RE2 cannot be told so.
        if (has_anchor && text.find_first_of("\r\f") != std::string_view::npos)
            call.interpreter.fail("regex(): the pattern '" + excerpt(pattern.view()) + "' has ^ or $, and the text a \\r or \\f");
        call.heap.budget().handled(text.size() * (1 + size / kInstructionsAtOnce));
        return RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), compiled);
    });
}

Value native_cidr_match(Call& call) {
    const Network network = parse_network(call, TextOf(call, call.argument(0)).view());
    return over_texts(call, "cidr_match", [&](std::string_view text) {
        bool is_v4 = false;
        const std::optional<Address> address = text.size() > 64 ? std::nullopt : parse_address(std::string(text), is_v4);
        return address && network.holds(*address);
    });
}

}  // namespace endpointd::dsl
