#include "dsl/literal.hpp"

#include <random>

#include <gtest/gtest.h>

#include "dsl/local.hpp"

namespace endpointd::dsl {
namespace {

const std::string kZones = "object Endpoint NodeName { }\nobject Zone ZoneName { endpoints = [ NodeName ] }\n";

// vars.v of each of these values once our own evaluator has read them; nothing else may have come of the text.
std::vector<json::Value> read_back(const std::vector<json::Value>& values) {
    std::string text;
    for (std::size_t i = 0; i < values.size(); ++i)
        text += "object Host \"h" + std::to_string(1'000'000 + i) + "\" { check_command = \"dummy\"; vars = { v = " + literal(values[i]) +
                " } }\n";
    Findings findings;
    const auto local =
        load_local({{"zones.d/zones.conf", "zones.conf", kZones}, {"zones.d/x.conf", "x.conf", text}}, {"agent", ""}, {}, {}, findings);
    for (const Finding& error : findings.errors) ADD_FAILURE() << error.message;
    std::vector<json::Value> back;
    if (!local) return back;
    for (const Object& object : local->objects) {
        EXPECT_EQ(object.attributes.size(), 2u) << "something broke out of its literal";
        const json::Value* const vars = object.attributes.find("vars");
        const json::Value* const value = vars && vars->object() ? vars->object()->find("v") : nullptr;
        back.push_back(value ? *value : json::Value());
    }
    return back;
}

TEST(Literal, StringsAreWrittenOnOneLine) {
    EXPECT_EQ(literal(std::string_view("plain")), "\"plain\"");
    EXPECT_EQ(literal(std::string_view("a\"b\\c\nd")), "\"a\\\"b\\\\c\\nd\"");
    // A digit behind an escape of digits would be of it for upstream.
    EXPECT_EQ(literal(std::string_view("\00178a9\1770\n1")), "\"\\001\\067\\070a9\\177\\060\\n1\"");
    EXPECT_EQ(literal(std::string_view("{{{x}}} $y$ */ # //")), "\"{{{x}}} $y$ */ # //\"");
    EXPECT_EQ(literal(std::string_view("")), "\"\"");
}

TEST(Literal, OtherValuesAreWrittenAsTheLanguageHasThem) {
    EXPECT_EQ(literal(json::Value()), "null");
    EXPECT_EQ(literal(json::Value(true)), "true");
    EXPECT_EQ(literal(json::Value(300)), "300");
    EXPECT_EQ(literal(json::Value(0.25)), "0.25");
    EXPECT_EQ(literal(json::Value(1e9)), "1000000000");
    EXPECT_EQ(literal(json::Value(std::numeric_limits<double>::infinity())), "null");
    EXPECT_EQ(literal(json::Value(json::Array{1, "two", json::Array{}})), "[ 1, \"two\", [ ] ]");
    EXPECT_EQ(literal(json::Value(json::Object{{"in", 1}, {"a b", json::Object{}}})), "{ \"a b\" = { }, \"in\" = 1 }");
}

TEST(Literal, WhateverIsWrittenIsReadBack) {
    // Of a custom variable a single $ is an error of its own.
    const std::vector<std::string> pieces = {"\"",
                                             "\\",
                                             "\n",
                                             "\r",
                                             "\t",
                                             "$$",
                                             "{{{",
                                             "}}}",
                                             "{{",
                                             "}}",
                                             "}",
                                             "{",
                                             "/*",
                                             "*/",
                                             "//",
                                             "#",
                                             "\\\"",
                                             "\\n",
                                             "\b",
                                             "\f",
                                             "\x01",
                                             "\x7f",
                                             "0",
                                             "7",
                                             "é",
                                             "\xe2\x80\xae",
                                             " ",
                                             ";",
                                             ",",
                                             "object Host",
                                             "\" }\nobject CheckCommand \"x\" {",
                                             "include \"/etc/passwd\"",
                                             "+",
                                             "in",
                                             "a"};
    std::mt19937 random(5);
    const auto any_text = [&] {
        std::string text;
        for (std::size_t left = random() % 12; left > 0; --left) text += pieces[random() % pieces.size()];
        return text;
    };
    std::vector<json::Value> values;
    for (int i = 0; i < 400; ++i) {
        values.emplace_back(any_text());
        values.emplace_back(static_cast<double>(random()) / 1024);
        values.emplace_back(-static_cast<double>(random() % 100));
        values.emplace_back(json::Array{any_text(), random() % 2 == 0, any_text()});
        values.emplace_back(json::Object{{"k" + any_text(), any_text()}});
    }
    const std::vector<json::Value> back = read_back(values);
    ASSERT_EQ(back.size(), values.size());
    for (std::size_t i = 0; i < values.size(); ++i) EXPECT_EQ(back[i], values[i]) << literal(values[i]);
}

}  // namespace
}  // namespace endpointd::dsl
