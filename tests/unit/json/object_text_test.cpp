#include "json/object_text.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace endpointd::json {
namespace {

TEST(ObjectText, WritesTheBytesOfTheSameObject) {
    const std::optional<double> none;
    ObjectText text;
    text.member("a", "x").member("b", 1.5).member("c", true).member("d", nullptr);
    text.member("e", none).member("f", std::optional<std::string>("y"));
    text.array("g").item("1").item_object().member("in", 2).end().item("3").end();
    text.object("h").object("deep").member("n", -0.0).end().end();
    text.member("i", Object{{"z", Array{1, "two"}}});
    const Object same{{"a", "x"},
                      {"b", 1.5},
                      {"c", true},
                      {"d", nullptr},
                      {"e", nullptr},
                      {"f", "y"},
                      {"g", Array{"1", Object{{"in", 2}}, "3"}},
                      {"h", Object{{"deep", Object{{"n", -0.0}}}}},
                      {"i", Object{{"z", Array{1, "two"}}}}};
    EXPECT_EQ(std::move(text).take(), to_text(same));
}

TEST(ObjectText, WritesEmptyObjectsAndArrays) {
    EXPECT_EQ(ObjectText().take(), "{}");
    ObjectText text;
    text.array("a").end().object("b").end();
    EXPECT_EQ(std::move(text).take(), R"({"a":[],"b":{}})");
}

TEST(ObjectText, EscapesAndRepairsAsToTextDoes) {
    for (const std::string_view hard :
         {"\"\\\b\f\n\r\t\x01\x7f", "gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80", "\xff\xc3", "plain", "", "tail\"", "\"head"}) {
        ObjectText text;
        text.member(hard, hard);
        EXPECT_EQ(std::move(text).take(), to_text(Object{{std::string(hard), hard}}));
    }
    ObjectText text;
    text.member("n", std::numeric_limits<double>::infinity());
    EXPECT_EQ(std::move(text).take(), R"({"n":null})");
}

TEST(ObjectTextDeathTest, TakesKeysInOrderOnly) {
    ObjectText text;
    text.member("b", 1);
    EXPECT_DEATH(text.member("a", 1), "");
    EXPECT_DEATH(text.member("b", 1), "");
    EXPECT_DEATH(text.item("in no array"), "");
    EXPECT_DEATH(text.end(), "");
}

}  // namespace
}  // namespace endpointd::json
