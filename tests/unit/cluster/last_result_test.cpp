// What is kept of the text of a result.
#include "cluster/last_result.hpp"

#include <gtest/gtest.h>

#include "base/units.hpp"
#include "json/document.hpp"

namespace endpointd::cluster {
namespace {

wire::CheckResultBody body(std::string output, std::vector<wire::Perfdata> data) {
    wire::CheckResultBody body;
    body.output = std::move(output);
    body.performance_data = std::move(data);
    return body;
}

TEST(LastResult, IsTheSameOutOfTheStore) {
    wire::PerfdataValue parts;
    parts.label = "rta";
    parts.value = 0.5;
    LastResult result;
    const wire::CheckResultBody whole =
        body("two\nlines \xc3\xa9", {wire::Perfdata("a=1;2"), wire::Perfdata(parts), wire::Perfdata("b=\n2")});
    EXPECT_TRUE(result.take(whole));
    EXPECT_FALSE(result.take(whole)) << "it says the same";
    EXPECT_EQ(json::to_text(json::Value(result.tokens())), R"(["a=1;2","rta=0.500000","b= 2"])");
    EXPECT_EQ(LastResult::from_text(text_of(result)), result);
    EXPECT_TRUE(result.take(body("two\nlines \xc3\xa9", {wire::Perfdata("a=1;3")})));
    EXPECT_TRUE(result.take(body("", {wire::Perfdata("a=1;3")})));
    EXPECT_TRUE(result.take(body("a=1;3\n", {}))) << "what was performance data is output now";
    EXPECT_EQ(result.output(), "a=1;3\n");
    EXPECT_TRUE(result.tokens().empty());
    EXPECT_TRUE(result.take(body("", {})));
    EXPECT_EQ(result, LastResult());
    EXPECT_EQ(LastResult::from_text(text_of(result)), result);
    wire::CheckResultBody without = body("x", {});
    without.performance_data.reset();
    result.take(without);
    EXPECT_TRUE(result.tokens().empty());
}

TEST(LastResult, IsNeverLargerThanItsBounds) {
    std::string accents;
    while (accents.size() <= kKeptOutput) accents += "\xc3\xa9";
    for (const std::string& begin : {std::string(), std::string("x")}) {
        LastResult result;
        result.take(body(begin + accents, std::vector<wire::Perfdata>(500, wire::Perfdata(std::string(100, 'p')))));
        EXPECT_LE(result.output().size(), kKeptOutput);
        EXPECT_GE(result.output().size(), kKeptOutput - 1);
        EXPECT_TRUE(is_utf8(result.output()));
        EXPECT_EQ(result.tokens().size(), kKeptPerformanceData / 101);
        EXPECT_EQ(LastResult::from_text(text_of(result)), result);
    }
}

TEST(LastResult, WhatIsDamagedIsNone) {
    for (const char* text : {"", "{", "[]", "{}", R"({"output":1,"performance_data":[]})", R"({"output":"x"})",
                             R"({"output":"x","performance_data":{}})", R"({"output":"x","performance_data":[1]})"})
        EXPECT_FALSE(LastResult::from_text(text)) << text;
    const std::string long_token = json::to_text(json::Object{{"output", ""}, {"performance_data", json::Array{std::string(2000, 'x')}}});
    EXPECT_FALSE(LastResult::from_text(long_token));
}

}  // namespace
}  // namespace endpointd::cluster
