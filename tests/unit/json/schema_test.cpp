#include "json/schema.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json/schema_words.hpp"

namespace endpointd::json {
namespace {

using testing::ElementsAre;

constexpr std::string_view kSchema = R"({
  "$schema": "http://json-schema.org/draft-04/schema#",
  "type": "object", "additionalProperties": false, "required": ["kind"],
  "properties": {
    "kind": {"enum": ["check", "action"], "description": "what it is"},
    "listen": {"anyOf": [{"$ref": "#/definitions/listen"}, {"enum": [false]}]},
    "names": {"type": "array", "items": {"type": "string", "minLength": 1, "maxLength": 4}, "minItems": 1, "maxItems": 2},
    "port": {"type": ["integer", "null"], "minimum": 1, "maximum": 65535},
    "share": {"type": "number", "minimum": 0, "exclusiveMinimum": true, "maximum": 1, "exclusiveMaximum": true},
    "rate": {"type": "string", "pattern": "^[0-9]+/s$"},
    "map": {"type": "object", "minProperties": 1, "additionalProperties": {"type": "boolean"}},
    "both": {"allOf": [{"type": "number"}, {"minimum": 2}]},
    "one": {"oneOf": [{"type": "number", "minimum": 10}, {"type": "number", "maximum": 20}, {"type": "string"}]}
  },
  "definitions": {
    "listen": {"type": "object", "additionalProperties": false, "properties": {"port": {"type": "integer"}, "addresses": {"type": "array"}}}
  }
})";

// "line:column pointer message" of every error.
std::vector<std::string> errors_of(std::string text) {
    static const Schema schema(kSchema);
    Findings findings;
    const auto document = parse_config({"f", "f", std::move(text)}, findings);
    EXPECT_TRUE(document.has_value());
    const bool fits = schema.check(*document, findings);
    EXPECT_EQ(fits, findings.errors.empty());
    std::vector<std::string> lines;
    for (const Finding& error : findings.errors)
        lines.push_back(std::to_string(error.line) + ":" + std::to_string(error.column) + " " + error.pointer.value_or("none") + " " +
                        error.message);
    return lines;
}

TEST(JsonSchema, AcceptsWhatFits) {
    EXPECT_THAT(errors_of(R"({"kind":"check","listen":false,"names":["a","\u00e4\u00e4\u00e4\u00e4"],"port":5665,"share":0.5,"rate":"3/s",
                              "map":{"x":true},"both":2,"one":9})"),
                ElementsAre());
    EXPECT_THAT(errors_of(R"({"kind":"action","listen":{"port":1},"port":null,"one":"x"})"), ElementsAre());
}

TEST(JsonSchema, NamesAnUnknownKeyAtTheKey) {
    EXPECT_THAT(errors_of("{\"kind\": \"check\",\n  \"lisen\": 1}"),
                ElementsAre("2:3 /lisen unknown key \"lisen\"; did you mean \"listen\"?"));
    EXPECT_THAT(errors_of(R"({"kind":"check","listen":{"something":1}})"),
                ElementsAre("1:27 /listen/something unknown key \"something\"; known are: \"addresses\", \"port\""));
}

TEST(JsonSchema, NamesTheTypesExpected) {
    EXPECT_THAT(errors_of(R"({"kind":"check","port":"x"})"), ElementsAre("1:24 /port expected integer or null, got string"));
    EXPECT_THAT(errors_of(R"({"kind":"check","port":1.5})"), ElementsAre("1:24 /port expected integer or null, got number"));
    EXPECT_THAT(errors_of("[]"), ElementsAre("1:1  expected object, got array"));
}

TEST(JsonSchema, NamesTheChoices) {
    EXPECT_THAT(errors_of(R"({"kind":"run"})"), ElementsAre("1:9 /kind expected one of \"check\", \"action\""));
    EXPECT_THAT(errors_of(R"({"kind":"check","listen":true})"), ElementsAre("1:26 /listen expected object or false, got true"));
}

TEST(JsonSchema, NamesAMissingKeyAtItsObject) { EXPECT_THAT(errors_of("\n {}"), ElementsAre("2:2  missing key \"kind\"")); }

TEST(JsonSchema, TellsTheErrorsOfTheFormThatWasMeant) {
    EXPECT_THAT(errors_of(R"({"kind":"check","listen":{"port":"x"}})"), ElementsAre("1:34 /listen/port expected integer, got string"));
}

TEST(JsonSchema, ExclusiveFormsExclude) {
    EXPECT_THAT(errors_of(R"({"kind":"check","one":15})"),
                ElementsAre("1:23 /one fits more than one of the forms that exclude each other"));
}

TEST(JsonSchema, NamesBrokenBounds) {
    EXPECT_THAT(errors_of(R"({"kind":"check","port":0})"), ElementsAre("1:24 /port expected at least 1, got 0"));
    EXPECT_THAT(errors_of(R"({"kind":"check","port":65536})"), ElementsAre("1:24 /port expected at most 65535, got 65536"));
    EXPECT_THAT(errors_of(R"({"kind":"check","share":0})"), ElementsAre("1:25 /share expected more than 0, got 0"));
    EXPECT_THAT(errors_of(R"({"kind":"check","share":1})"), ElementsAre("1:25 /share expected less than 1, got 1"));
    EXPECT_THAT(errors_of(R"({"kind":"check","names":[]})"), ElementsAre("1:25 /names must not be empty"));
    EXPECT_THAT(errors_of(R"({"kind":"check","names":["","abcde","x"]})"),
                ElementsAre("1:25 /names expected at most 2 elements, got 3", "1:26 /names/0 must not be empty",
                            "1:29 /names/1 expected at most 4 characters, got 5"));
    EXPECT_THAT(errors_of(R"({"kind":"check","map":{}})"), ElementsAre("1:23 /map must not be empty"));
    EXPECT_THAT(errors_of(R"({"kind":"check","both":1})"), ElementsAre("1:24 /both expected at least 2, got 1"));
    EXPECT_THAT(errors_of(R"({"kind":"check","rate":"3/h"})"), ElementsAre("1:24 /rate \"3/h\" does not match ^[0-9]+/s$"));
}

TEST(JsonSchema, TellsAllErrorsInTheOrderOfTheFile) {
    EXPECT_THAT(errors_of("{\"rate\": 1,\n\"port\": true,\n\"map\": {\"a\": 1, \"b\": true, \"c\": 2}}"),
                ElementsAre("1:1  missing key \"kind\"", "1:10 /rate expected string, got number",
                            "2:9 /port expected integer or null, got boolean", "3:14 /map/a expected boolean, got number",
                            "3:33 /map/c expected boolean, got number"));
}

TEST(JsonSchemaDeathTest, ABrokenSchemaIsOurBug) {
    EXPECT_DEATH(Schema("{"), "");
    EXPECT_DEATH(Schema(R"({"tipe":"object"})"), "");
    EXPECT_DEATH(Schema(R"({"$ref":"#/definitions/x"})"), "");
    EXPECT_DEATH(Schema(R"({"pattern":"("})"), "");
}

TEST(SchemaWords, CountsEdits) {
    EXPECT_EQ(edit_distance("listen", "listen"), 0U);
    EXPECT_EQ(edit_distance("lisen", "listen"), 1U);
    EXPECT_EQ(edit_distance("lsiten", "listen"), 1U);
    EXPECT_EQ(edit_distance("", "abc"), 3U);
    EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
}

TEST(SchemaWords, SuggestsNothingForAShortWordOfAnotherMeaning) {
    EXPECT_EQ(unknown_key("run", {"env", "max"}), "unknown key \"run\"; known are: \"env\", \"max\"");
    EXPECT_EQ(unknown_key("x", {}), "unknown key \"x\"; none is expected here");
    EXPECT_EQ(unknown_key(std::string(1000, 'x'), {"a"}).size(), std::string("unknown key \"...\"; known are: \"a\"").size() + 64);
}

TEST(SchemaWords, ListsAlternatives) {
    EXPECT_EQ(alternatives({"a"}), "a");
    EXPECT_EQ(alternatives({"a", "b", "c"}), "a, b or c");
}

}  // namespace
}  // namespace endpointd::json
