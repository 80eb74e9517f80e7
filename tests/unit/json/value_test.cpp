#include "json/value.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace endpointd::json {
namespace {

TEST(JsonObject, KeepsItsKeysSorted) {
    Object object{{"b", 1}, {"a", 2}, {"C", 3}};
    object.set("aa", 4);
    EXPECT_EQ(to_text(object), R"({"C":3,"a":2,"aa":4,"b":1})");
}

TEST(JsonObject, ALaterMemberReplacesAnEarlierOne) { EXPECT_EQ(to_text(Object{{"a", 1}, {"a", 2}}), R"({"a":2})"); }

TEST(JsonObject, FromMembersRefusesAKeyTwice) {
    EXPECT_FALSE(Object::from_members({{"b", 1}, {"a", 2}, {"b", 3}}).has_value());
    const auto object = Object::from_members({{"b", 1}, {"a", 2}});
    ASSERT_TRUE(object.has_value());
    EXPECT_EQ(*object->find("a"), Value(2));
}

TEST(JsonObject, EraseSaysWhetherItWasThere) {
    Object object{{"a", 1}};
    EXPECT_TRUE(object.erase("a"));
    EXPECT_FALSE(object.erase("a"));
    EXPECT_TRUE(object.empty());
    EXPECT_EQ(object.find("a"), nullptr);
}

TEST(JsonValue, NamesItsType) {
    EXPECT_EQ(Value().type_name(), "null");
    EXPECT_EQ(Value(true).type_name(), "boolean");
    EXPECT_EQ(Value(1).type_name(), "number");
    EXPECT_EQ(Value("x").type_name(), "string");
    EXPECT_EQ(Value(Array{}).type_name(), "array");
    EXPECT_EQ(Value(Object{}).type_name(), "object");
}

TEST(JsonText, WritesNumbersAsIcingaDoes) {
    // Left: the number; right: what Json.encode of icinga2 2.13.6 printed.
    const std::pair<double, const char*> kNumbers[] = {
        {0.1, "0.1"},
        {100000000000000000000.0, "1e+20"},
        {1795192595.773162, "1795192595.773162"},
        {0.0001, "0.0001"},
        {0.00001, "1e-05"},
        {0.000012345, "1.2345e-05"},
        {9007199254740991.0, "9007199254740991"},
        {18014398509481984.0, "18014398509481984"},
        {1000000000000000.5, "1.0000000000000005e+15"},
        {0.001, "0.001"},
        {-0.0, "0"},
        {-3, "-3"},
        {12345678901234567890.0, "12345678901234567168"},
        {0.00015, "0.00015"},
        {-9007199254740994.0, "-9007199254740994"},
        {9223372036854775808.0, "9223372036854775808"},
        {18446744073709551616.0, "1.8446744073709552e+19"},
        {123456.789012345678, "123456.78901234567"},
        {1.0 / 3, "0.3333333333333333"},
        {123456789012345.67, "123456789012345.67"},
        {4503599627370495.5, "4.5035996273704955e+15"},
        {-2.5, "-2.5"},
        {1e22, "1e+22"},
    };
    for (const auto& [number, text] : kNumbers) EXPECT_EQ(to_text(number), text);
}

TEST(JsonText, NumbersThatJsonCannotSayBecomeNull) {
    EXPECT_EQ(to_text(std::numeric_limits<double>::infinity()), "null");
    EXPECT_EQ(to_text(std::numeric_limits<double>::quiet_NaN()), "null");
}

TEST(JsonText, EscapesAllThatIsNotAscii) {
    // As icinga2 2.13.6 printed it, broken bytes included.
    EXPECT_EQ(to_text("x\x7fy\x01 \xc3\xa4 \xf0\x9f\x98\x80 </ \xff\xfe \xe2\x82 z"),
              R"("x\u007fy\u0001 \u00e4 \ud83d\ude00 </ \ufffd\ufffd \ufffd z")");
    EXPECT_EQ(to_text("a\"b\\c/\b\f\n\r\t"), R"("a\"b\\c/\b\f\n\r\t")");
    EXPECT_EQ(to_text(std::string("\0", 1)), R"("\u0000")");
}

TEST(JsonText, RepairsOverlongFormsSurrogatesAndCutCharacters) {
    EXPECT_EQ(to_text("\xc0\x80x"), R"("\ufffdx")");
    EXPECT_EQ(to_text("\xed\xa0\x80x"), R"("\ufffdx")");
    EXPECT_EQ(to_text("\xf4\x90\x80\x80x"), R"("\ufffdx")");
    EXPECT_EQ(to_text("x\xe2\x82"), R"("x\ufffd")");
    EXPECT_EQ(to_text("\x80\x80"), R"("\ufffd\ufffd")");
}

TEST(JsonText, KeysAreEscapedLikeValues) { EXPECT_EQ(to_text(Object{{"\xc3\xa4\"", nullptr}}), R"({"\u00e4\"":null})"); }

TEST(JsonPrettyText, IndentsByTwoAndKeepsUtf8) {
    EXPECT_EQ(to_pretty_text(Object{{"a", Array{1, "\xc3\xa4"}}, {"b", Object{}}, {"c", Array{}}}),
              "{\n  \"a\": [\n    1,\n    \"\xc3\xa4\"\n  ],\n  \"b\": {},\n  \"c\": []\n}");
}

TEST(JsonPrettyText, EscapesControlCharactersOfTerminals) { EXPECT_EQ(to_pretty_text("\x1b[\xc2\x9b"), R"("\u001b[\u009b")"); }

}  // namespace
}  // namespace endpointd::json
