#include <gtest/gtest.h>

#include "json/document.hpp"

namespace endpointd::json {
namespace {

// "line:column message" of the only error of `text`.
std::string error_of(std::string text) {
    Findings findings;
    const auto document = parse_config({"/etc/x.json", "x.json", std::move(text)}, findings);
    if (document) return "parsed: " + to_text(document->root);
    EXPECT_EQ(findings.errors.size(), 1U);
    const Finding& finding = findings.errors.at(0);
    EXPECT_EQ(finding.file, "/etc/x.json");
    EXPECT_FALSE(finding.pointer.has_value());
    return std::to_string(finding.line) + ":" + std::to_string(finding.column) + " " + finding.message;
}

TEST(JsonConfig, TakesCommentsAndTrailingCommas) {
    EXPECT_EQ(error_of("// first\n{ /* in */ \"a\": [1, 2,], // more\n \"b\": \"/* no // comment */\", }\n// last"),
              R"(parsed: {"a":[1,2],"b":"/* no // comment */"})");
    EXPECT_EQ(error_of("{\"a\": 1, /* between */ // two\n }"), R"(parsed: {"a":1})");
}

TEST(JsonConfig, ACommaNeedsAValueBeforeIt) {
    EXPECT_EQ(error_of("[,]").find("parsed"), std::string::npos);
    EXPECT_EQ(error_of("{,}").find("parsed"), std::string::npos);
    EXPECT_EQ(error_of("[1,,]").find("parsed"), std::string::npos);
    EXPECT_EQ(error_of("{\"a\":,}").find("parsed"), std::string::npos);
    EXPECT_EQ(error_of("[1],"), "1:4 something follows the end");
}

TEST(JsonConfig, ACommentSeparatesNothingButIsNoGlueEither) {
    EXPECT_EQ(error_of("[1/**/2]"), "1:7 expected a comma or ] after an element");
}

TEST(JsonConfig, NamesLineAndColumnOfASyntaxError) {
    EXPECT_EQ(error_of("{\n  \"a\": 1\n  \"b\": 2\n}"), "3:3 expected a comma or } after a member");
    EXPECT_EQ(error_of("{\n  \"a\": tru\n}"), "2:8 expected a value");
    EXPECT_EQ(error_of("{}\n/* open"), "2:1 comment without its end");
    EXPECT_EQ(error_of("{ # x\n}"), "1:3 expected a value");
}

TEST(JsonConfig, NamesBothPlacesOfAKeyGivenTwice) {
    EXPECT_EQ(error_of("{\n  \"o\": {\n    \"x\": 1,\n    \"y\": 2,\n    \"x\": 3\n  }\n}"),
              "5:5 key \"x\" is given twice; the first is on line 3");
    EXPECT_EQ(error_of("{\"a\":1}").substr(0, 6), "parsed");
}

TEST(JsonConfig, SaysThatThereIsAByteOrderMark) {
    EXPECT_EQ(error_of("\xef\xbb\xbf{}"), "1:1 the file begins with a byte order mark; save it as UTF-8 without one");
}

TEST(JsonConfig, BoundsSizeAndDepth) {
    EXPECT_EQ(error_of(std::string(limits::kConfigFile + 1, ' ')), "0:0 the file has 16777217 bytes; at most 16777216 are read");
    EXPECT_EQ(error_of(std::string(limits::kConfigDepth + 1, '[')), "1:33 nested too deep");
}

TEST(JsonConfig, KnowsThePlaceOfEveryValueAndKey) {
    Findings findings;
    const auto document = parse_config({"f", "f", "{\n  \"a/b\": [10,\n    {\"k\": \"v\"}],\r\n\t\"s\": /* \xc3\xa4 */ true\n}"}, findings);
    ASSERT_TRUE(document.has_value());
    const auto place = [&](std::string_view pointer) {
        const Place& at = document->places.find(pointer)->second;
        return std::to_string(at.line) + ":" + std::to_string(at.column) + " " + std::to_string(at.key_line) + ":" +
               std::to_string(at.key_column);
    };
    EXPECT_EQ(document->places.size(), 6U);
    EXPECT_EQ(place(""), "1:1 1:1");
    EXPECT_EQ(place("/a~1b"), "2:10 2:3");
    EXPECT_EQ(place("/a~1b/0"), "2:11 2:11");
    EXPECT_EQ(place("/a~1b/1"), "3:5 3:5");
    EXPECT_EQ(place("/a~1b/1/k"), "3:11 3:6");
    EXPECT_EQ(place("/s"), "4:16 4:2");
}

TEST(JsonConfig, AFindingIsAtTheValueOrTheKey) {
    Findings findings;
    const auto document = parse_config({"f", "f", "{\n  \"a\": 1}"}, findings);
    ASSERT_TRUE(document.has_value());
    EXPECT_EQ(document->at("/a", "m").column, 8U);
    EXPECT_EQ(document->at("/a", "m", true).column, 3U);
    EXPECT_EQ(document->at("/a", "m").pointer, "/a");
    EXPECT_EQ(document->at("/gone/below", "m").line, 1U);
}

}  // namespace
}  // namespace endpointd::json
