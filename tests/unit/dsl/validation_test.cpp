// Every case was given to `icinga2 daemon -C` of 2.13.6, with the verdict that is
// expected here unless a comment says why ours is another one.
#include <gtest/gtest.h>

#include "dsl/config_type.hpp"
#include "json/document.hpp"

namespace endpointd::dsl {
namespace {

// What each type needs before a case adds to it.
std::string_view least_of(std::string_view type) {
    if (type == "Host") return R"({"check_command":"dummy"})";
    if (type == "Service") return R"({"host_name":"h","check_command":"dummy"})";
    if (type == "Notification") return R"({"host_name":"h","command":"c","users":["u"]})";
    if (type == "Dependency") return R"({"child_host_name":"h","parent_host_name":"p"})";
    if (type == "ScheduledDowntime") return R"({"host_name":"h","author":"a","comment":"c","ranges":{"monday":"00:00-24:00"}})";
    if (type == "Downtime") return R"({"host_name":"h","author":"a","comment":"c","start_time":1,"end_time":2})";
    if (type == "Comment") return R"({"host_name":"h","author":"a","text":"c"})";
    return "{}";
}

// The verdict on `changes` (JSON) upon the least of `type`, with the conversions an assignment makes.
std::string verdict(std::string_view type_name, std::string_view changes) {
    const ConfigType& type = *config_type(type_name);
    json::Object set = *json::parse(least_of(type_name)).value().object();
    const auto read = json::parse(changes);
    EXPECT_TRUE(read) << changes;
    for (const auto& [name, value] : *read->object()) {
        auto made = converted(type.fields[field_of(type, name).value()], value);
        EXPECT_TRUE(made) << changes;
        set.set(name, *made);
    }
    return validate(type, set);
}

void expect_good(std::string_view type, std::initializer_list<std::string_view> cases) {
    for (const auto each : cases) EXPECT_EQ(verdict(type, each), "") << type << " " << each;
}

// Each is refused with a text that names `attribute`.
void expect_bad(std::string_view type, std::string_view attribute, std::initializer_list<std::string_view> cases) {
    for (const auto each : cases)
        EXPECT_NE(verdict(type, each).find("'" + std::string(attribute) + "'"), std::string::npos) << type << " " << each;
}

TEST(ValidationTest, TheLeastOfEveryTypeIsGood) {
    for (const ConfigType& type : config_types())
        if (type.role == TypeRole::object) {
            EXPECT_EQ(verdict(type.name, "{}"), "") << type.name;
        }
}

TEST(ValidationTest, WhatIsRequiredIsNotEmpty) {
    expect_bad("Host", "check_command", {R"({"check_command":null})", R"({"check_command":""})"});
    expect_bad("Host", "groups", {R"({"groups":null})"});
    expect_bad("Service", "host_name", {R"({"host_name":null})"});
    expect_bad("Notification", "command", {R"({"command":null})"});
    expect_bad("Dependency", "parent_host_name", {R"({"parent_host_name":null})"});
    expect_bad("ScheduledDowntime", "author", {R"({"author":""})", R"({"author":null})"});
    expect_bad("ScheduledDowntime", "ranges", {R"({"ranges":null})"});
    expect_bad("TimePeriod", "includes", {R"({"includes":null})"});
    expect_bad("Comment", "text", {R"({"text":""})"});
    expect_good("ScheduledDowntime", {R"({"ranges":{}})"});
    expect_good("Host", {R"({"groups":[]})"});
}

TEST(ValidationTest, ARequiredAttributeThatWasNeverSetIsNamed) {
    EXPECT_EQ(validate(*config_type("Host"), {}), "attribute 'check_command': it must not be empty");
    EXPECT_EQ(validate(*config_type("Downtime"), *json::parse(R"({"host_name":"h","author":"a","comment":"c"})").value().object()),
              "attribute 'start_time': it must be greater than 0");
}

TEST(ValidationTest, IntervalsAndAttemptsAreAboveZero) {
    expect_bad("Host", "check_interval", {R"({"check_interval":0})", R"({"check_interval":-1})", R"({"check_interval":null})"});
    expect_bad("Service", "retry_interval", {R"({"retry_interval":0})", R"({"retry_interval":"-5"})"});
    expect_bad("Host", "max_check_attempts", {R"({"max_check_attempts":0})", R"({"max_check_attempts":0.5})"});
    expect_good("Host", {R"({"check_interval":0.3})", R"({"max_check_attempts":1.9})", R"({"check_timeout":-1})"});
}

TEST(ValidationTest, MacrosInVarsAreClosed) {
    for (const auto type : {"Host", "Service", "User", "TimePeriod", "HostGroup", "Notification", "Dependency", "ScheduledDowntime"}) {
        expect_bad(type, "v",
                   {R"({"vars":{"v":"a$b"}})", R"({"vars":{"v":"$"}})", R"({"vars":{"v":"$$$"}})", R"({"vars":{"v":"a$b$c$"}})",
                    R"({"vars":{"v":["ok","x$"]}})", R"({"vars":{"v":{"x":"a$b"}}})"});
        expect_good(type, {R"({"vars":{"v":"a$b$"}})", R"({"vars":{"v":"$$"}})", R"({"vars":{"v":["a$b$"]}})", R"({"vars":null})"});
    }
}

TEST(ValidationTest, MacrosAreLookedForWhereUpstreamLooks) {
    expect_good("Host", {R"({"vars":{"v":[["a$b"]]}})", R"({"vars":{"v":{"x":["a$b"]}}})", R"({"vars":{"v":{"x":{"y":"a$b"}}}})",
                         R"({"vars":{"k$":"x"}})", R"({"vars":{"v":{"k$":"a"}}})", R"({"notes":"a$b"})", R"({"address":"a$b"})"});
}

TEST(ValidationTest, NamesInAnArrayAreTexts) {
    expect_bad("Host", "groups", {R"({"groups":[null]})", R"({"groups":[""]})", R"({"groups":[{}]})"});
    // Upstream takes a number for the name it reads as.
    expect_bad("Notification", "users", {R"({"users":[1]})"});
}

TEST(ValidationTest, ANotificationHasSomebodyToTell) {
    EXPECT_NE(verdict("Notification", R"({"users":null})"), "");
    EXPECT_NE(verdict("Notification", R"({"users":[],"user_groups":[]})"), "");
    expect_good("Notification", {R"({"users":[],"user_groups":["ug"]})"});
}

TEST(ValidationTest, StatesAreThoseOfTheHostOrTheService) {
    expect_good("Notification", {R"({"states":["Up","Down"]})", R"({"states":[0]})", R"({"states":[]})", R"({"states":null})",
                                 R"({"service_name":"s","states":["OK","Warning","Critical","Unknown"]})"});
    expect_bad("Notification", "states",
               {R"({"states":["OK"]})", R"({"states":["Foo"]})", R"({"states":["up"]})", R"({"states":[1]})", R"({"states":[null]})",
                R"({"states":["Problem"]})", R"({"states":[64]})", R"({"states":["16"]})", R"({"service_name":"s","states":["Up"]})",
                R"({"service_name":"s","states":["OK","Up"]})", R"({"states":[true]})", R"({"states":[[]]})", R"({"states":[-1]})"});
    expect_good("Dependency", {R"({"states":["Up"]})", R"({"states":[]})", R"({"parent_service_name":"s","states":["OK"]})"});
    expect_bad("Dependency", "states",
               {R"({"states":["OK"]})", R"({"child_service_name":"s","states":["OK"]})", R"({"parent_service_name":"s","states":["Up"]})"});
    expect_good("User", {R"({"states":["Up"]})", R"({"states":["OK","Down"]})", R"({"states":[1]})"});
    expect_bad("User", "states", {R"({"states":["Foo"]})", R"({"states":[99]})"});
}

TEST(ValidationTest, TypesAreThoseOfNotifications) {
    for (const auto type : {"Notification", "User"}) {
        expect_good(type, {R"({"types":["Problem","Recovery"]})", R"({"types":["DowntimeStart","Custom","FlappingEnd"]})",
                           R"({"types":[32]})", R"({"types":[1.5]})", R"({"types":[511]})"});
        expect_bad(type, "types",
                   {R"({"types":["OK"]})", R"({"types":["Problem","Foo"]})", R"({"types":[4096]})", R"({"types":[-1]})",
                    R"({"types":[[]]})", R"({"types":[true]})", R"({"types":[""]})", R"({"types":[512]})"});
    }
}

TEST(ValidationTest, TimesBeginBeforeTheyEnd) {
    expect_good("Notification", {R"({"times":{"begin":5}})", R"({"times":{"begin":-5}})", R"({"times":{"begin":"5","end":6}})",
                                 R"({"times":{"begin":null}})", R"({"times":{}})"});
    expect_bad("Notification", "times",
               {R"({"times":{"begin":"x"}})", R"({"times":{"foo":5}})", R"({"times":{"begin":5,"end":1}})", R"({"times":{"begin":{}}})",
                R"({"times":{"end":"a$b"}})"});
}

TEST(ValidationTest, RangesAreDaysAndTimes) {
    for (const auto type : {"TimePeriod", "ScheduledDowntime"}) {
        expect_good(type, {R"({"ranges":{"day 1 - 15":"08:00-09:00,10:00-11:00"}})"});
        expect_bad(type, "ranges",
                   {R"({"ranges":{"monday":"x"}})", R"({"ranges":{"monday":""}})", R"({"ranges":{"monday":null}})",
                    R"({"ranges":{"monday":5}})", R"({"ranges":{"monday":["00:00-24:00"]}})", R"({"ranges":{"foo":"00:00-24:00"}})",
                    R"({"ranges":{"monday":"00:00-24:00","tuesday":"x"}})"});
    }
    expect_good("TimePeriod", {R"({"ranges":null})"});
}

TEST(ValidationTest, ChildOptionsAreOneOfThree) {
    expect_good("ScheduledDowntime",
                {R"({"child_options":"DowntimeTriggeredChildren"})", R"({"child_options":"DowntimeNonTriggeredChildren"})",
                 R"({"child_options":0})", R"({"child_options":2})", R"({"child_options":1.5})"});
    expect_bad("ScheduledDowntime", "child_options",
               {R"({"child_options":"Foo"})", R"({"child_options":3})", R"({"child_options":-1})", R"({"child_options":""})",
                R"({"child_options":null})", R"({"child_options":true})", R"({"child_options":[]})", R"({"child_options":"1"})"});
}

TEST(ValidationTest, ADowntimeBeginsAndEndsAtATime) {
    expect_bad("Downtime", "start_time", {R"({"start_time":0})", R"({"start_time":null})", R"({"start_time":-5})"});
    expect_bad("Downtime", "end_time", {R"({"end_time":0})", R"({"end_time":-5})"});
    expect_good("Downtime", {R"({"start_time":2,"end_time":1})", R"({"fixed":false,"duration":-1})"});
}

TEST(ValidationTest, WhatUpstreamLetsBeIsLetBe) {
    expect_good("ScheduledDowntime", {R"({"fixed":false,"duration":0})", R"({"fixed":false,"duration":-1})"});
    expect_good("Comment", {R"({"entry_type":0})", R"({"entry_type":8})", R"({"expire_time":-1})"});
    expect_good("Host", {R"({"flapping_ignore_states":["Foo",1,{}]})", R"({"flapping_threshold_low":90})", R"({"check_timeout":"a$b"})"});
    expect_good("Notification", {R"({"interval":-1})"});
}

TEST(ValidationTest, ANameHasNoMarkAndIsNotEmpty) {
    EXPECT_NE(validate_name("a!b"), "");
    // 2.13 takes an empty one for some types, later versions for none.
    EXPECT_NE(validate_name(""), "");
    EXPECT_EQ(validate_name("a b/c."), "");
}

}  // namespace
}  // namespace endpointd::dsl
