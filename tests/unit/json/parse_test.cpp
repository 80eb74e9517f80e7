#include <gtest/gtest.h>

#include "json/document.hpp"

namespace endpointd::json {
namespace {

std::string error_of(std::string_view text, Bounds bounds = {}) {
    const auto result = parse(text, bounds);
    return result ? "parsed: " + to_text(*result) : result.error().text;
}

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

TEST(JsonParse, RefusesTheExponentThatOverflowsRapidJson) {
    const auto result = parse("0.0000000000001e-2147483639");
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Errc::too_large);
    EXPECT_EQ(result.error().text, "exponent too long at byte 0");
}

TEST(JsonParse, ReadsEveryType) {
    const auto result = parse(R"( {"s":"\u00e4\ud83d\ude00\n","n":-1.5e2,"a":[1,true,false,null],"o":{}} )");
    ASSERT_TRUE(result);
    EXPECT_EQ(*result,
              Value(Object{{"s", "\xc3\xa4\xf0\x9f\x98\x80\n"}, {"n", -150}, {"a", Array{1, true, false, nullptr}}, {"o", Object{}}}));
}

TEST(JsonParse, ReadsNumbersExactly) {
    for (const char* text :
         {"0", "-0", "1795192595.773162", "9007199254740991", "18446744073709551615", "0.1", "1e308", "2.2250738585072014e-308",
          "4.9406564584124654e-324", "123456789012345678901234567890", "1E+2", "0.30000000000000004", "5e-324"}) {
        const auto result = parse(text);
        ASSERT_TRUE(result) << text;
        EXPECT_EQ(*result->number(), std::strtod(text, nullptr)) << text;
    }
}

TEST(JsonParse, ANumberTooSmallIsZero) {
    EXPECT_EQ(error_of("1e-999"), "parsed: 0");
    EXPECT_EQ(error_of("-0.5E-400"), "parsed: 0");
}

TEST(JsonParse, RefusesANumberTooBig) {
    EXPECT_EQ(error_of("1e999"), "number too big at byte 0");
    EXPECT_EQ(error_of("1e309"), "number too big at byte 0");
    EXPECT_NE(error_of("999999999999999999999999999999999999999e300").find("number too big"), std::string::npos);
}

TEST(JsonParse, RefusesNumbersOfOtherForms) {
    for (const char* text : {"01", "1.", ".5", "+1", "-", "1e", "1e+", "0x10", "NaN", "Infinity", "-Infinity", "1-2", "1.2.3", "--1"})
        EXPECT_EQ(error_of(text).find("parsed"), std::string::npos) << text;
}

TEST(JsonParse, BoundsTheLengthOfANumber) {
    EXPECT_TRUE(parse(std::string(64, '1')));
    EXPECT_EQ(error_of("[" + std::string(65, '1') + "]"), "number too long at byte 1");
    EXPECT_EQ(error_of("1e0001"), "exponent too long at byte 0");
}

TEST(JsonParse, BoundsTheDepth) {
    EXPECT_TRUE(parse(nested(32)));
    EXPECT_EQ(error_of(nested(33)), "nested too deep at byte 32");
    EXPECT_EQ(error_of(std::string(100000, '[')), "nested too deep at byte 32");
    EXPECT_EQ(error_of(R"({"a":{"b":[1]}})", {2, 100}), "nested too deep at byte 10");
}

TEST(JsonParse, BracketsInStringsDoNotCount) { EXPECT_TRUE(parse("[\"" + std::string(100, '[') + "\\\"" + std::string(100, '{') + "\"]")); }

TEST(JsonParse, BoundsTheNumberOfValues) {
    EXPECT_TRUE(parse("[1,2,3]", {32, 4}));
    EXPECT_EQ(error_of("[1,2,3]", {32, 3}), "too many values at byte 5");
    EXPECT_TRUE(parse(R"({"a":1,"b":2})", {32, 3}));
    EXPECT_EQ(error_of(R"({"a":1,"b":2})", {32, 2}), "too many values at byte 7");
}

TEST(JsonParse, RefusesManyMillionsOfValuesBeforeBuildingAny) {
    std::string text = "[";
    while (text.size() < 64 * 1024 * 1024) text += "0,0,0,";
    const auto result = parse(text);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Errc::too_large);
    EXPECT_EQ(result.error().text, "too many values at byte 1999999");
}

TEST(JsonParse, RefusesAKeyTwice) {
    EXPECT_EQ(error_of(R"({"a":1,"b":2,"a":1})"), "key \"a\" is given twice at byte 18");
    EXPECT_EQ(error_of(R"({"a":1,"\u0061":1})"), "key \"a\" is given twice at byte 17");
    EXPECT_EQ(error_of(R"([{"\u001b[2J":1,"\u001b[2J":2}])"), "key \"\\x1b[2J\" is given twice at byte 29");
    EXPECT_TRUE(parse(R"([{"a":1},{"a":1}])"));
}

TEST(JsonParse, RefusesInvalidUtf8) {
    EXPECT_NE(error_of("\"\xff\"").find("invalid UTF-8"), std::string::npos);
    EXPECT_NE(error_of("\"\xc0\x80\"").find("invalid UTF-8"), std::string::npos);
    EXPECT_NE(error_of("\"\xed\xa0\x80\"").find("invalid UTF-8"), std::string::npos);
    EXPECT_NE(error_of("{\"\xe2\x82\":1}").find("invalid UTF-8"), std::string::npos);
}

TEST(JsonParse, RefusesHalfASurrogatePair) {
    for (const char* text : {R"("\ud800")", R"("\ud800x")", R"("\ud800\u0041")", R"("\udc00")", R"({"\udfff":1})"})
        EXPECT_NE(error_of(text).find("half a surrogate pair"), std::string::npos) << text << ": " << error_of(text);
}

TEST(JsonParse, TakesAnEscapedNul) {
    const auto result = parse(R"("a\u0000b")");
    ASSERT_TRUE(result);
    EXPECT_EQ(*result->string(), std::string("a\0b", 3));
}

TEST(JsonParse, NothingButWhiteSpaceMayFollow) {
    EXPECT_TRUE(parse("{} \t\r\n"));
    EXPECT_EQ(error_of("{} {}"), "something follows the end at byte 3");
    EXPECT_EQ(error_of("{},"), "something follows the end at byte 2");
    EXPECT_EQ(error_of(std::string_view("{}\0", 3)), "expected a value at byte 2");
}

TEST(JsonParse, SaysWhatIsMissing) {
    EXPECT_EQ(error_of(""), "nothing there at byte 0");
    EXPECT_EQ(error_of("  "), "nothing there at byte 2");
    EXPECT_EQ(error_of("{\"a\" 1}"), "expected a colon after the key at byte 5");
    EXPECT_EQ(error_of("{1:2}"), "expected a key at byte 1");
    EXPECT_EQ(error_of("{\"a\":1 \"b\":2}"), "expected a comma or } after a member at byte 7");
    EXPECT_EQ(error_of("[1 2]"), "expected a comma or ] after an element at byte 3");
    EXPECT_EQ(error_of("\"abc"), "string without its end at byte 0");
    EXPECT_EQ(error_of("\"abc\\"), "string without its end at byte 0");
    EXPECT_EQ(error_of("\"a\nb\""), "control character in a string at byte 2");
    EXPECT_EQ(error_of("tru"), "expected a value at byte 0");
    EXPECT_EQ(error_of("]"), "bracket that was never opened at byte 0");
}

TEST(JsonParse, TakesNothingThatOnlyConfigurationMayHave) {
    for (const char* text : {"[1,]", "{\"a\":1,}", "// x\n1", "/* */1", "[,]"})
        EXPECT_EQ(error_of(text).find("parsed"), std::string::npos) << text;
}

TEST(JsonParse, EveryPrefixOfAMessageIsRefused) {
    const std::string text = R"({"jsonrpc":"2.0","method":"event::Heartbeat","params":{"a":[1.5e3,true,null,"\u00e4\"x"]}})";
    ASSERT_TRUE(parse(text));
    for (std::size_t size = 0; size < text.size(); ++size) EXPECT_FALSE(parse(std::string(text, 0, size))) << size;
}

TEST(JsonPointer, EscapesItsSteps) {
    EXPECT_EQ(pointer_to("", "a/b~c"), "/a~1b~0c");
    EXPECT_EQ(pointer_to("/a", std::size_t{3}), "/a/3");
}

}  // namespace
}  // namespace endpointd::json
