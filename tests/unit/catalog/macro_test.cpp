#include "catalog/macro.hpp"

#include <gmock/gmock.h>

namespace endpointd::catalog {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const json::Object kScope = {{"text", "a b"},
                             {"number", 0.5},
                             {"whole", 3},
                             {"yes", true},
                             {"nothing", nullptr},
                             {"list", json::Array{"x", 1, false}},
                             {"object", json::Object{{"a", 1}}},
                             {"host.vars.os", "Linux"},
                             {"nested", "$text$"}};

json::Value value_of(std::string_view text) { return resolve(text, kScope).value; }

TEST(MacroNames, AreTheTextBetweenPairsOfDollars) {
    EXPECT_THAT(*macro_names("$a$,$b.c d$%"), ElementsAre("a", "b.c d"));
    EXPECT_THAT(*macro_names("no macro"), IsEmpty());
    EXPECT_THAT(*macro_names("100$$ $$"), IsEmpty());
    EXPECT_THAT(*macro_names("$a$$$$b$"), ElementsAre("a", "b"));
}

TEST(MacroNames, RefuseADollarWithoutItsPartner) {
    EXPECT_FALSE(macro_names("$"));
    EXPECT_FALSE(macro_names("$a$ and $b"));
    EXPECT_FALSE(macro_names("$$$"));
    EXPECT_EQ(macro_names("5$").error().text, "a '$' without its partner; a dollar sign is written \"$$\"");
}

TEST(Macro, AloneKeepsTheTypeOfItsValue) {
    EXPECT_EQ(value_of("$text$"), json::Value("a b"));
    EXPECT_EQ(value_of("$number$"), json::Value(0.5));
    EXPECT_EQ(value_of("$yes$"), json::Value(true));
    EXPECT_EQ(value_of("$list$"), json::Value(json::Array{"x", 1, false}));
}

TEST(Macro, InATextIsIcingasTextOfItsValue) {
    EXPECT_EQ(value_of("<$text$>"), json::Value("<a b>"));
    EXPECT_EQ(value_of("$number$,$whole$%"), json::Value("0.500000,3%"));
    EXPECT_EQ(value_of("=$yes$$nothing$"), json::Value("=true"));
}

TEST(Macro, IsLookedUpByItsFullNameOnly) {
    EXPECT_EQ(value_of("$host.vars.os$"), json::Value("Linux"));
    EXPECT_EQ(resolve("$object.a$", kScope).missing, "object.a");
}

TEST(Macro, IsNotResolvedInsideAValue) { EXPECT_EQ(value_of("-$nested$-"), json::Value("-$text$-")); }

TEST(Macro, WrittenTwiceIsADollar) {
    EXPECT_EQ(value_of("$$"), json::Value("$"));
    EXPECT_EQ(value_of("a$$b$$$text$"), json::Value("a$b$a b"));
}

TEST(Macro, MissingCountsAsNothingAndIsNamed) {
    const Resolved sole = resolve("$gone$", kScope);
    EXPECT_EQ(sole.value, json::Value(""));
    EXPECT_EQ(sole.missing, "gone");
    const Resolved inside = resolve("a$gone$b$other$c", kScope);
    EXPECT_EQ(inside.value, json::Value("abc"));
    EXPECT_EQ(inside.missing, "gone");
}

TEST(Macro, OfAnArrayInsideATextIsMisplaced) {
    EXPECT_EQ(resolve("a$list$", kScope).misplaced, "list");
    EXPECT_EQ(resolve("$object$b", kScope).misplaced, "object");
    EXPECT_FALSE(resolve("$list$", kScope).misplaced);
}

TEST(ValueText, JoinsAnArrayWithSemicolons) {
    EXPECT_EQ(value_text(json::Array{"x", 1, false, nullptr, 0.25}), "x;1;false;;0.250000");
    EXPECT_EQ(value_text(json::Array{}), "");
    EXPECT_EQ(value_text(json::Object{{"a", 1}}), "");
}

}  // namespace
}  // namespace endpointd::catalog
