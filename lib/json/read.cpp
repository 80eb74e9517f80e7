#include "json/read.hpp"

#define RAPIDJSON_NOMEMBERITERATORCLASS
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <algorithm>
#include <charconv>
#include <vector>

#include "base/units.hpp"

namespace endpointd::json {

namespace {

// Iterative, so that no depth of the text is a depth of our stack. Numbers come as
// text: their conversion is the standard library's.
constexpr unsigned kFlags = rapidjson::kParseValidateEncodingFlag | rapidjson::kParseIterativeFlag | rapidjson::kParseNumbersAsStringsFlag;

std::string_view words_of(rapidjson::ParseErrorCode code) noexcept {
    switch (code) {
        case rapidjson::kParseErrorNone:
            break;
        case rapidjson::kParseErrorDocumentEmpty:
            return "nothing there";
        case rapidjson::kParseErrorDocumentRootNotSingular:
            return "something follows the end";
        case rapidjson::kParseErrorValueInvalid:
            return "expected a value";
        case rapidjson::kParseErrorObjectMissName:
            return "expected a key";
        case rapidjson::kParseErrorObjectMissColon:
            return "expected a colon after the key";
        case rapidjson::kParseErrorObjectMissCommaOrCurlyBracket:
            return "expected a comma or } after a member";
        case rapidjson::kParseErrorArrayMissCommaOrSquareBracket:
            return "expected a comma or ] after an element";
        case rapidjson::kParseErrorStringUnicodeEscapeInvalidHex:
            return "expected four hexadecimal digits after \\u";
        case rapidjson::kParseErrorStringUnicodeSurrogateInvalid:
            return "half a surrogate pair";
        case rapidjson::kParseErrorStringEscapeInvalid:
            return "unknown escape in a string";
        case rapidjson::kParseErrorStringMissQuotationMark:
            return "string without its end";
        case rapidjson::kParseErrorStringInvalidEncoding:
            return "invalid UTF-8";
        case rapidjson::kParseErrorNumberTooBig:
            return "number too big";
        case rapidjson::kParseErrorNumberMissFraction:
            return "expected a digit after the point";
        case rapidjson::kParseErrorNumberMissExponent:
            return "expected a digit in the exponent";
        case rapidjson::kParseErrorTermination:
        case rapidjson::kParseErrorUnspecificSyntaxError:
            break;
    }
    return "not JSON";
}

// Builds the tree from the reader's events. False ends the reading, failure() says why.
class Builder {
public:
    explicit Builder(ReadListener* listener) noexcept : listener_(listener) {}

    bool Null() { return scalar(Value()); }
    bool Bool(bool value) { return scalar(Value(value)); }
    bool String(const char* text, rapidjson::SizeType length, bool) {
        const std::string_view string(text, length);
        return well_formed(string) && scalar(Value(string));
    }
    bool RawNumber(const char* text, rapidjson::SizeType length, bool) {
        double value = 0;
        const auto [stop, error] = std::from_chars(text, text + length, value);
        if (error == std::errc::result_out_of_range) {
            // The guard's limits leave one reason each way: a negative exponent for too small, none for too big.
            if (std::string_view(text, length).find("e-") == std::string_view::npos &&
                std::string_view(text, length).find("E-") == std::string_view::npos)
                return fails({Errc::malformed, "number too big", 0});
            value = text[0] == '-' ? -0.0 : 0.0;
        } else if (error != std::errc{} || stop != text + length) {
            return fails({Errc::malformed, "not a number", 0});
        }
        return scalar(Value(value));
    }
    // Never called: numbers come as text.
    bool Int(int) { return false; }
    bool Uint(unsigned) { return false; }
    bool Int64(std::int64_t) { return false; }
    bool Uint64(std::uint64_t) { return false; }
    bool Double(double) { return false; }

    bool StartObject() { return open(true); }
    bool StartArray() { return open(false); }
    bool Key(const char* text, rapidjson::SizeType length, bool) {
        const std::string_view key(text, length);
        if (!well_formed(key)) return false;
        if (listener_) {
            if (auto failure = listener_->key(key)) return fails(std::move(*failure));
        }
        open_.back().key = key;
        return true;
    }
    bool EndObject(rapidjson::SizeType) {
        std::vector<Object::Member> members = std::move(open_.back().members);
        const auto by_key = [](const Object::Member& a, const Object::Member& b) { return a.first < b.first; };
        if (!std::is_sorted(members.begin(), members.end(), by_key)) std::sort(members.begin(), members.end(), by_key);
        const auto twice = std::adjacent_find(members.begin(), members.end(),
                                              [](const Object::Member& a, const Object::Member& b) { return a.first == b.first; });
        if (twice != members.end()) return fails({Errc::malformed, "key \"" + escaped(twice->first, 64) + "\" is given twice", 0});
        members.shrink_to_fit();
        return close(Value(*Object::from_members(std::move(members))));
    }
    bool EndArray(rapidjson::SizeType) {
        open_.back().items.shrink_to_fit();
        return close(Value(std::move(open_.back().items)));
    }

    Value take() && { return std::move(root_); }
    std::optional<ReadFailure>& failure() noexcept { return failure_; }

private:
    struct Open {
        bool object = false;
        std::string key;
        std::vector<Object::Member> members;
        Array items;
    };

    bool fails(ReadFailure failure) {
        failure_ = std::move(failure);
        return false;
    }
    // RapidJSON checks the bytes, but lets the escape of a lone low surrogate through.
    bool well_formed(std::string_view text) { return is_utf8(text) || fails({Errc::malformed, "half a surrogate pair", 0}); }
    bool open(bool object) {
        if (listener_) listener_->opened(object);
        open_.emplace_back().object = object;
        return true;
    }
    bool close(Value value) {
        if (listener_) listener_->closed();
        open_.pop_back();
        put(std::move(value));
        return true;
    }
    bool scalar(Value value) {
        if (listener_) listener_->scalar();
        put(std::move(value));
        return true;
    }
    void put(Value value) {
        if (open_.empty()) root_ = std::move(value);
        else if (open_.back().object) open_.back().members.emplace_back(std::move(open_.back().key), std::move(value));
        else open_.back().items.push_back(std::move(value));
    }

    ReadListener* listener_;
    std::vector<Open> open_;
    Value root_;
    std::optional<ReadFailure> failure_;
};

}  // namespace

std::variant<Value, ReadFailure> read(std::string_view text, ReadListener* listener) {
    rapidjson::MemoryStream stream(text.data(), text.size());
    rapidjson::Reader reader;
    Builder builder(listener);
    const rapidjson::ParseResult result = reader.Parse<kFlags>(stream, builder);
    if (!result.IsError()) return std::move(builder).take();
    if (builder.failure()) {
        ReadFailure failure = std::move(*builder.failure());
        if (failure.offset == 0) failure.offset = result.Offset();
        return failure;
    }
    return ReadFailure{Errc::malformed, std::string(words_of(result.Code())), result.Offset()};
}

}  // namespace endpointd::json
