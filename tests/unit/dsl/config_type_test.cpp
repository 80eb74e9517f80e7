#include "dsl/config_type.hpp"

#include <gtest/gtest.h>

#include <set>

#include "dsl/heap.hpp"
#include "json/document.hpp"

namespace endpointd::dsl {
namespace {

const ConfigType& type(std::string_view name) {
    const ConfigType* const found = config_type(name);
    EXPECT_TRUE(found) << name;
    return *found;
}

const Field& field(std::string_view of, std::string_view name) {
    const auto index = field_of(type(of), name);
    EXPECT_TRUE(index) << of << "." << name;
    return type(of).fields[index.value()];
}

json::Value parsed(std::string_view text) {
    auto value = json::parse(text);
    EXPECT_TRUE(value) << text;
    return std::move(*value);
}

struct ConfigTypeTest : testing::Test {
    Budget budget{Limits{}};
    Heap heap{budget};

    Instance made(std::string_view of, std::initializer_list<std::pair<std::string_view, std::string_view>> texts) {
        Instance instance(type(of));
        for (const auto& [name, text] : texts) heap.set(instance, field_of(*instance.type, name).value(), heap.text(std::string(text)));
        return instance;
    }
};

TEST_F(ConfigTypeTest, WhatAnObjectHoldsAndWhereItWasWrittenIsCharged) {
    Instance* const object = heap.instance(type("Host"));
    std::uint64_t before = budget.bytes();
    heap.set(*object, 1, Value(true));
    heap.wrote(*object, {1, 0, 1, 1});
    EXPECT_GE(budget.bytes() - before, sizeof(Value) + sizeof(Instance::Written));
    before = budget.bytes();
    heap.set(*object, 1, Value(false));
    heap.wrote(*object, {1, 0, 2, 1});
    EXPECT_EQ(budget.bytes(), before);  // in the same place
    EXPECT_EQ(object->written_at(1)->line, 2u);
    heap.wrote(*object, {2, 0, 3, 1});
    EXPECT_GE(budget.bytes() - before, sizeof(Instance::Written));
}

// The same answer for a value of the language and for JSON; "error" where there is none.
std::string as_attribute(std::string_view of, std::string_view name, std::string_view json_text, Heap& heap) {
    const Field& wanted = field(of, name);
    const json::Value value = parsed(json_text);
    const auto from_json = converted(wanted, value);
    Value same;
    if (const auto* boolean = value.boolean()) same = Value(*boolean);
    else if (const auto* number = value.number()) same = Value(*number);
    else if (const auto* text = value.string()) same = heap.text(*text);
    else if (value.array()) same = Value(heap.array());
    else if (value.object()) same = Value(heap.dictionary());
    const auto from_language = converted(wanted, same, heap);
    EXPECT_EQ(from_json.has_value(), from_language.has_value()) << json_text;
    if (!from_json) return "error";
    const json::Value& made = *from_json;
    EXPECT_EQ(made.is_null(), from_language->is_null()) << json_text;
    EXPECT_EQ(made.boolean() != nullptr, from_language->boolean() != nullptr) << json_text;
    if (made.number()) {
        EXPECT_EQ(*made.number(), *from_language->number()) << json_text;
    }
    if (made.string()) {
        EXPECT_EQ(*made.string(), *from_language->string()) << json_text;
    }
    return json::to_text(made);
}

TEST_F(ConfigTypeTest, TypesAndAttributesAreThereOnce) {
    std::set<std::string_view> names, plurals;
    for (const ConfigType& each : config_types()) {
        EXPECT_TRUE(names.insert(each.name).second) << each.name;
        EXPECT_TRUE(plurals.insert(each.plural).second) << each.plural;
        std::set<std::string_view> fields;
        for (const Field& of : each.fields) {
            EXPECT_TRUE(fields.insert(of.name).second) << each.name << "." << of.name;
            if (!of.refers_to.empty()) {
                EXPECT_TRUE(config_type(of.refers_to)) << of.refers_to;
            }
        }
        EXPECT_EQ(each.custom_vars, fields.contains("vars")) << each.name;
    }
}

TEST_F(ConfigTypeTest, WhatAnObjectRefersToIsCommittedBeforeIt) {
    for (const ConfigType& each : config_types()) {
        if (each.role != TypeRole::object) continue;
        for (const Field& of : each.fields)
            if (!of.refers_to.empty()) {
                EXPECT_LE(type(of.refers_to).order, each.order) << each.name << "." << of.name;
            }
    }
}

TEST_F(ConfigTypeTest, OnlyObjectsAndTheTopologyHaveAttributes) {
    for (const ConfigType& each : config_types()) {
        const bool made = each.role == TypeRole::object || each.role == TypeRole::topology;
        EXPECT_EQ(made, !each.fields.empty()) << each.name;
    }
    EXPECT_EQ(type("CheckCommand").role, TypeRole::command);
    EXPECT_EQ(type("ApiUser").role, TypeRole::foreign);
    EXPECT_EQ(config_type("host"), nullptr);
    EXPECT_EQ(config_type(""), nullptr);
}

TEST_F(ConfigTypeTest, StateIsNoAttribute) {
    for (const auto name : {"last_check", "state", "next_check", "acknowledgement", "original_attributes", "active", "check_attempt"})
        EXPECT_FALSE(field_of(type("Host"), name)) << name;
    EXPECT_FALSE(field_of(type("Comment"), "legacy_id"));
    EXPECT_FALSE(field_of(type("Host"), "host_name"));
}

TEST_F(ConfigTypeTest, FullNamesAreComposedOfWhatTheObjectBelongsTo) {
    EXPECT_EQ(full_name(made("Host", {}), "h"), "h");
    EXPECT_EQ(full_name(made("Service", {{"host_name", "h"}}), "s"), "h!s");
    EXPECT_EQ(full_name(made("Notification", {{"host_name", "h"}}), "n"), "h!n");
    EXPECT_EQ(full_name(made("Downtime", {{"host_name", "h"}, {"service_name", "s"}}), "d"), "h!s!d");
    EXPECT_EQ(full_name(made("Dependency", {{"parent_host_name", "p"}, {"child_host_name", "c"}, {"child_service_name", "s"}}), "d"),
              "c!s!d");
}

TEST_F(ConfigTypeTest, WithoutAHostThereIsNoFullName) {
    EXPECT_EQ(full_name(made("Service", {}), "s"), "");
    EXPECT_EQ(full_name(made("Comment", {{"host_name", ""}, {"service_name", "s"}}), "c"), "");
    EXPECT_EQ(full_name(made("Dependency", {{"parent_host_name", "p"}}), "d"), "");
}

TEST_F(ConfigTypeTest, NumbersComeFromWhateverReadsAsOne) {
    const std::pair<std::string_view, std::string_view> cases[] = {
        {"null", "0"},        {"true", "1"},        {"false", "0"},         {"1.5", "1.5"},       {"\"\"", "0"},
        {"\"5\"", "5"},       {"\"1.5\"", "1.5"},   {"\"+5\"", "5"},        {"\"-5\"", "-5"},     {"\"05\"", "5"},
        {"\"5.\"", "5"},      {"\".5\"", "0.5"},    {"\"1e3\"", "1000"},    {"\"abc\"", "error"}, {"\" 5\"", "error"},
        {"\"5 \"", "error"},  {"\"5s\"", "error"},  {"\"0x10\"", "error"},  {"\"1,5\"", "error"}, {"\"inf\"", "error"},
        {"\"nan\"", "error"}, {"\"+-5\"", "error"}, {"\"1e999\"", "error"}, {"\"+\"", "error"},   {"[]", "error"},
        {"{}", "error"},
    };
    for (const auto& [from, to] : cases) EXPECT_EQ(as_attribute("Host", "check_interval", from, heap), to) << from;
}

TEST_F(ConfigTypeTest, WholeNumbersAreCutAndBounded) {
    EXPECT_EQ(as_attribute("Host", "max_check_attempts", "1.9", heap), "1");
    EXPECT_EQ(as_attribute("Host", "max_check_attempts", "-0.5", heap), "0");
    EXPECT_EQ(as_attribute("Host", "max_check_attempts", "\"7\"", heap), "7");
    EXPECT_EQ(as_attribute("Host", "max_check_attempts", "2147483647", heap), "2147483647");
    EXPECT_EQ(as_attribute("Host", "max_check_attempts", "2147483648", heap), "error");
}

TEST_F(ConfigTypeTest, BooleansAreTheTruthOfANumber) {
    const std::pair<std::string_view, std::string_view> cases[] = {
        {"null", "false"},  {"true", "true"},  {"0", "false"},        {"2", "true"},        {"-0.5", "true"}, {"\"1\"", "true"},
        {"\"0\"", "false"}, {"\"\"", "false"}, {"\"true\"", "error"}, {"\"yes\"", "error"}, {"[]", "error"},  {"{}", "error"},
    };
    for (const auto& [from, to] : cases) EXPECT_EQ(as_attribute("Host", "volatile", from, heap), to) << from;
}

TEST_F(ConfigTypeTest, TextsComeFromNumbersAndBooleansOnly) {
    const std::pair<std::string_view, std::string_view> cases[] = {
        {"null", "\"\""},   {"7", "\"7\""},  {"1.5", "\"1.500000\""}, {"true", "\"true\""},
        {"\"x\"", "\"x\""}, {"[]", "error"}, {"{}", "error"},
    };
    for (const auto& [from, to] : cases) {
        EXPECT_EQ(as_attribute("Host", "address", from, heap), to) << from;
        EXPECT_EQ(as_attribute("Host", "check_period", from, heap), to) << from;
    }
}

TEST_F(ConfigTypeTest, ArraysAndDictionariesAreNotConverted) {
    for (const auto wrong : {"true", "0", "\"\"", "\"x\"", "{}"}) {
        EXPECT_EQ(as_attribute("Host", "groups", wrong, heap), "error") << wrong;
        EXPECT_EQ(as_attribute("User", "states", wrong, heap), "error") << wrong;
    }
    for (const auto wrong : {"true", "0", "\"\"", "[]"}) EXPECT_EQ(as_attribute("Host", "vars", wrong, heap), "error") << wrong;
    EXPECT_EQ(as_attribute("Host", "groups", "null", heap), "null");
    EXPECT_EQ(as_attribute("Host", "vars", "null", heap), "null");
}

TEST_F(ConfigTypeTest, AnArrayStaysTheSameOne) {
    Array* const groups = heap.array();
    EXPECT_EQ(converted(field("Host", "groups"), Value(groups), heap).value().array(), groups);
}

TEST_F(ConfigTypeTest, WhatHasNoTextIsNoAttribute) {
    Function* const function = heap.function({});
    for (const auto name : {"address", "check_interval", "volatile", "vars", "groups", "check_timeout"}) {
        EXPECT_FALSE(converted(field("Host", name), Value(function), heap)) << name;
        EXPECT_FALSE(converted(field("Host", name), Value(heap.instance(type("Host"))), heap)) << name;
        EXPECT_FALSE(converted(field("Host", name), Value(DateTime{0}), heap)) << name;
    }
}

TEST_F(ConfigTypeTest, ErrorsSayWhatTheAttributeWants) {
    EXPECT_EQ(converted(field("Host", "check_interval"), parsed("\"5x\"")).error().text, "it wants a number, not the text '5x'");
    EXPECT_EQ(converted(field("Host", "groups"), parsed("\"x\"")).error().text, "it wants an array, not string");
}

TEST_F(ConfigTypeTest, DefaultsAreThoseOfIcinga) {
    EXPECT_EQ(
        json::to_text(with_defaults(type("Service"), "h!s", *parsed(R"({"host_name":"h","check_command":"x","notes":"n"})").object())),
        R"({"action_url":"","check_command":"x","check_interval":300,"check_period":"","check_timeout":null,"command_endpoint":"",)"
        R"("display_name":"s","enable_active_checks":true,"enable_event_handler":true,"enable_flapping":false,)"
        R"("enable_notifications":true,"enable_passive_checks":true,"enable_perfdata":true,"event_command":"",)"
        R"("flapping_ignore_states":null,"flapping_threshold":0,"flapping_threshold_high":30,"flapping_threshold_low":25,)"
        R"("groups":[],"host_name":"h","icon_image":"","icon_image_alt":"","max_check_attempts":3,"notes":"n","notes_url":"",)"
        R"("retry_interval":60,"vars":null,"volatile":false})");
    EXPECT_EQ(json::to_text(with_defaults(type("TimePeriod"), "tp", *parsed(R"({"version":3})").object())),
              R"({"display_name":"tp","excludes":[],"includes":[],"prefer_includes":true,"ranges":null,)"
              R"("update":{"type":"Function"},"vars":null,"version":3})");
}

TEST_F(ConfigTypeTest, EveryDefaultIsAValueOfItsAttribute) {
    for (const ConfigType& each : config_types()) {
        for (const auto& [name, value] : with_defaults(each, "x", {})) {
            const auto again = converted(field(each.name, name), value);
            ASSERT_TRUE(again) << each.name << "." << name;
            EXPECT_EQ(*again, value) << each.name << "." << name;
        }
    }
}

TEST_F(ConfigTypeTest, AnAttributeSetTwiceKeepsTheLaterValueInTheFirstPlace) {
    Instance host(type("Host"));
    heap.set(host, 3, Value(1.0));
    heap.set(host, 5, Value(true));
    EXPECT_EQ(host.find(4), nullptr);
    heap.set(host, 3, Value(2.0));
    ASSERT_EQ(host.fields.size(), 2U);
    EXPECT_EQ(*host.find(3)->number(), 2.0);
    EXPECT_EQ(host.fields[0].first, 3);
}

}  // namespace
}  // namespace endpointd::dsl
