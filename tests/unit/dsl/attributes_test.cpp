// Claims about attributes and what is shared of them.

#include "dsl/attributes.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "dsl/evaluation.hpp"
#include "dsl/object_attributes.hpp"
#include "dsl/value_pool.hpp"

namespace endpointd::dsl {
namespace {

TEST(Attributes, AreFoundByNameAndStandInOrder) {
    Attributes attributes{{"vars", json::Object{{"a", 1}}}, {"address", "192.0.2.1"}};
    attributes.set("notes", "n");
    attributes.set("address", "192.0.2.2");
    std::string names;
    for (const auto& [name, value] : attributes) names += std::string(name) + " ";
    EXPECT_EQ(names, "address notes vars ");
    EXPECT_EQ(*attributes.find("address"), json::Value("192.0.2.2"));
    EXPECT_EQ(attributes.find("addres"), nullptr);
    EXPECT_TRUE(attributes.erase("notes"));
    EXPECT_FALSE(attributes.erase("notes"));
    EXPECT_EQ(attributes.size(), 2u);
}

TEST(Attributes, ACopyIsChangedAlone) {
    const Attributes one{{"notes", "n"}};
    Attributes other = one;
    EXPECT_EQ(one.find("notes"), other.find("notes"));
    other.set("notes", "m");
    EXPECT_EQ(*one.find("notes"), json::Value("n"));
    EXPECT_EQ(*other.find("notes"), json::Value("m"));
}

TEST(ObjectAttributes, OfAnotherTypeAreNotSet) {
    Object object;
    object.attributes = {{"notes", "n"},         {"check_interval", 5}, {"volatile", true},
                         {"enable_flapping", 0}, {"address", nullptr},  {"retry_interval", std::numeric_limits<double>::infinity()}};
    EXPECT_EQ(text_attribute(object, "notes"), "n");
    for (const char* name : {"check_interval", "volatile", "address", "notes_url"}) EXPECT_EQ(text_attribute(object, name), "") << name;
    EXPECT_EQ(number_attribute(object, "check_interval", 7), 5);
    for (const char* name : {"notes", "volatile", "address", "notes_url", "retry_interval"})
        EXPECT_EQ(number_attribute(object, name, 7), 7) << name;
    EXPECT_TRUE(flag_attribute(object, "volatile", false));
    EXPECT_TRUE(flag_attribute(object, "check_interval", false));
    EXPECT_FALSE(flag_attribute(object, "enable_flapping", true));
    for (const char* name : {"notes", "address", "notes_url"}) EXPECT_TRUE(flag_attribute(object, name, true)) << name;
}

TEST(ValuePool, EqualValuesBecomeOneAndNoOthers) {
    ValuePool pool;
    const json::Object vars{{"a", json::Array{1, "x", nullptr}}, {"b", true}};
    EXPECT_EQ(pool.share(vars), pool.share(vars));
    EXPECT_EQ(pool.share("x"), pool.share("x"));
    EXPECT_NE(pool.share("x"), pool.share("y"));
    EXPECT_NE(pool.share(json::Array{}), pool.share(json::Object{}));
    EXPECT_NE(pool.share(1), pool.share("1"));
    EXPECT_TRUE(std::signbit(*pool.share(-0.0)->number()));
    EXPECT_FALSE(std::signbit(*pool.share(0.0)->number()));
    EXPECT_TRUE(std::signbit(*pool.share(-0.0)->number()));
}

TEST(ValuePool, RoundNumbersStandBesideEachOther) {
    ValuePool pool;
    std::vector<std::shared_ptr<const json::Value>> first;
    for (const int number : {1, 2, 3, 5, 10, 30, 60, 300, 600, 3600}) first.push_back(pool.share(number));
    std::size_t again = 0;
    for (const auto& value : first) again += pool.share(*value) == value ? 1 : 0;
    EXPECT_EQ(again, first.size());
}

// Ten times as many as it remembers.
TEST(ValuePool, MoreValuesThanItRemembersStayWhatTheyAre) {
    ValuePool pool;
    std::vector<std::shared_ptr<const json::Value>> kept;
    for (std::size_t i = 0; i < 10 * kPoolPlaces; ++i) kept.push_back(pool.share(i));
    for (std::size_t i = 0; i < kept.size(); ++i) EXPECT_EQ(*kept[i], json::Value(i));
}

TEST(Evaluation, ObjectsOfOneRuleHoldTogetherWhatTheyHaveInCommon) {
    const std::string text =
        "template Service \"t\" { check_interval = 5; vars.a = [ 1, 2 ] }\n"
        "object Host \"h\" { check_command = \"x\" }\nobject Host \"i\" { check_command = \"x\" }\n"
        "apply Service \"s\" { import \"t\"; check_command = \"c\"; notes = host.name; assign where true }\n";
    const Evaluation made = evaluate({{"web", {"web/a.conf", "a.conf", text}}}, Authority::pushed, {}, {});
    ASSERT_TRUE(made.refused.empty()) << made.refused.front().message;
    ASSERT_EQ(made.objects.size(), 4u);
    const Object& one = made.objects[2];
    const Object& other = made.objects[3];
    for (const char* name : {"check_interval", "vars", "check_command"})
        EXPECT_EQ(one.attributes.find(name), other.attributes.find(name)) << name;
    EXPECT_NE(one.attributes.find("notes"), other.attributes.find("notes"));
    EXPECT_EQ(&one.zone.str(), &made.objects[0].zone.str());
    EXPECT_EQ(&one.place.file.str(), &other.place.file.str());
    EXPECT_EQ(one.imported, other.imported);
    EXPECT_EQ(one.text, other.text);
    EXPECT_EQ(one.templates(), (std::vector<std::string>{"s", "t"}));
    EXPECT_EQ(one.name, "h!s");
    EXPECT_EQ(one.short_name(), "s");
}

}  // namespace
}  // namespace endpointd::dsl
