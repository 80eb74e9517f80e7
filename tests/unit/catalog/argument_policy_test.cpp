#include "catalog/argument_policy.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace endpointd::catalog {
namespace {

Parameter of_pattern(const std::string& text) {
    Parameter parameter;
    parameter.rule.pattern = *Pattern::compile(text);
    return parameter;
}

Parameter of_values(std::vector<std::string> values) {
    Parameter parameter;
    parameter.rule.values = std::move(values);
    return parameter;
}

Parameter of_type(Type type, std::optional<double> min = {}, std::optional<double> max = {}) {
    Parameter parameter;
    parameter.rule.type = type;
    parameter.rule.min = min;
    parameter.rule.max = max;
    return parameter;
}

Parameter array_of(Parameter element, std::size_t most = limits::kArrayItems) {
    element.array = true;
    element.max_items = most;
    return element;
}

// The admitted value, which judged again stays as it is.
json::Value admitted(const Parameter& parameter, const json::Value& value) {
    const Judged judged = judge(parameter, value);
    if (!judged) {
        ADD_FAILURE() << "refused: " << judged.error().rule;
        return nullptr;
    }
    const Judged again = judge(parameter, *judged);
    EXPECT_TRUE(again && *again == *judged) << "not stable";
    return *judged;
}

std::string refusal(const Parameter& parameter, const json::Value& value) {
    const Judged judged = judge(parameter, value);
    return judged ? "(admitted)" : judged.error().rule;
}

TEST(Pattern, MatchesTheWholeTextOnly) {
    const Parameter percent = of_pattern("[0-9]{1,3}%");
    EXPECT_EQ(admitted(percent, "20%"), json::Value("20%"));
    EXPECT_EQ(refusal(percent, "20% "), "must match the pattern [0-9]{1,3}%");
    EXPECT_EQ(refusal(percent, "x20%"), "must match the pattern [0-9]{1,3}%");
}

TEST(Pattern, IsAnchoredInEveryAlternative) {
    EXPECT_EQ(refusal(of_pattern("a|b"), "ax"), "must match the pattern a|b");
    EXPECT_EQ(refusal(of_pattern("a|b"), "xb"), "must match the pattern a|b");
    EXPECT_EQ(admitted(of_pattern("a|ab"), "ab"), json::Value("ab"));
}

TEST(Pattern, JudgesANumberByIcingasTextAndKeepsIt) {
    EXPECT_EQ(admitted(of_pattern("[0-9]+"), 443), json::Value(443));
    EXPECT_EQ(admitted(of_pattern("0\\.500000"), 0.5), json::Value(0.5));
    EXPECT_EQ(admitted(of_pattern("true"), true), json::Value(true));
    EXPECT_EQ(refusal(of_pattern("[0-9]+"), 0.5), "must match the pattern [0-9]+");
}

TEST(Pattern, MayAllowALeadingDash) { EXPECT_EQ(admitted(of_pattern("-[a-z]"), "-v"), json::Value("-v")); }

TEST(Pattern, ThatCannotBeCompiledSaysWhy) {
    EXPECT_EQ(Pattern::compile("a)|(b").error().text, "unexpected ): a)|(b");
    EXPECT_EQ(Pattern::compile("(a").error().text, "missing ): (a");
    EXPECT_FALSE(Pattern::compile("(?<=a)b"));
    EXPECT_FALSE(Pattern::compile(std::string(kPatternLength + 1, 'a')));
    EXPECT_FALSE(Pattern::compile("((a{1,1000}){1,1000}){1,1000}")) << "it would cost more memory than we give it";
}

TEST(Pattern, IsLinearWhereOthersExplode) {
    EXPECT_EQ(refusal(of_pattern("(a*)*b"), std::string(limits::kParameterLength, 'a')), "must match the pattern (a*)*b");
}

TEST(Enum, AdmitsItsValuesAndNothingElse) {
    const Parameter answer = of_values({"ok", "warn", "-1", "5"});
    EXPECT_EQ(admitted(answer, "warn"), json::Value("warn"));
    EXPECT_EQ(admitted(answer, "-1"), json::Value("-1"));
    EXPECT_EQ(admitted(answer, 5), json::Value(5));
    EXPECT_EQ(refusal(answer, "OK"), "must be one of \"ok\", \"warn\", \"-1\", \"5\"");
    EXPECT_EQ(refusal(answer, ""), "must be one of \"ok\", \"warn\", \"-1\", \"5\"");
}

TEST(Enum, OfManyValuesNamesTheFirst) {
    std::vector<std::string> values(17, "v");
    EXPECT_TRUE(refusal(of_values(values), "x").ends_with("\"v\", ..."));
}

TEST(TypeString, AdmitsTextsAndTheTextOfANumber) {
    const Parameter text = of_type(Type::string);
    EXPECT_EQ(admitted(text, "Grüße; $(id) | x"), json::Value("Grüße; $(id) | x"));
    EXPECT_EQ(admitted(text, ""), json::Value(""));
    EXPECT_EQ(admitted(text, 8080), json::Value("8080"));
    EXPECT_EQ(admitted(text, true), json::Value("true"));
}

TEST(TypeString, RefusesWhatLooksLikeAnOption) {
    EXPECT_EQ(refusal(of_type(Type::string), "-x"), "must not start with '-'");
    EXPECT_EQ(refusal(of_type(Type::string), "--help"), "must not start with '-'");
    EXPECT_EQ(refusal(of_type(Type::string), -4), "must not start with '-'");
}

TEST(AnyRule, RefusesControlCharactersEvenWhereThePatternMatches) {
    for (const Parameter& parameter : {of_type(Type::string), of_pattern("(?s).*")}) {
        EXPECT_EQ(refusal(parameter, std::string("a\0b", 3)), "must not hold a control character");
        EXPECT_EQ(refusal(parameter, "a\nb"), "must not hold a control character");
        EXPECT_EQ(refusal(parameter, "\x1b[2J"), "must not hold a control character");
        EXPECT_EQ(refusal(parameter, "a\x7f"), "must not hold a control character");
        EXPECT_EQ(refusal(parameter,
                          "a\xc2\x9b"
                          "b"),
                  "must not hold a control character");
    }
    EXPECT_EQ(admitted(of_type(Type::string), "\xc2\xa0"), json::Value("\xc2\xa0"));
}

TEST(AnyRule, RefusesBytesThatAreNotUtf8) { EXPECT_EQ(refusal(of_type(Type::string), "\xff"), "must be UTF-8"); }

TEST(AnyRule, RefusesMoreThanFourKibibytes) {
    const Parameter text = of_type(Type::string);
    EXPECT_TRUE(judge(text, std::string(4096, 'a')));
    EXPECT_EQ(refusal(text, std::string(4097, 'a')), "must not be longer than 4096 bytes");
    EXPECT_EQ(refusal(of_pattern("a*"), std::string(4097, 'a')), "must not be longer than 4096 bytes");
}

TEST(AnyRule, RefusesMoreThanItsOwnLength) {
    Parameter text = of_type(Type::string);
    text.rule.max_length = 1;
    EXPECT_EQ(admitted(text, "a"), json::Value("a"));
    EXPECT_EQ(refusal(text, "ab"), "must not be longer than 1 byte");
}

TEST(AnyRule, RefusesContainersAndNull) {
    for (const Parameter& parameter :
         {of_type(Type::string), of_type(Type::integer), of_type(Type::boolean), of_pattern(".*"), of_values({""})}) {
        EXPECT_EQ(refusal(parameter, json::Array{"a"}), "must be a single value, not an array");
        EXPECT_EQ(refusal(parameter, json::Object{{"a", 1}}), "must be a single value, not an object");
        EXPECT_EQ(refusal(parameter, nullptr), "must not be null");
    }
}

TEST(TypeInteger, AdmitsNumbersAndTextsThatReadExactlySo) {
    const Parameter integer = of_type(Type::integer);
    EXPECT_EQ(admitted(integer, 443), json::Value(443));
    EXPECT_EQ(admitted(integer, "443"), json::Value(443));
    EXPECT_EQ(admitted(integer, "0"), json::Value(0));
    EXPECT_EQ(admitted(integer, 5.0), json::Value(5));
    for (const char* text : {"", " 1", "1 ", "+1", "01", "1.0", "1e3", "0x10", "1,000", "nan", "--1", "9007199254740993000"}) {
        EXPECT_EQ(refusal(integer, text), "must be an integer") << text;
    }
    EXPECT_EQ(refusal(integer, 0.5), "must be an integer");
    EXPECT_EQ(refusal(integer, true), "must be an integer");
    EXPECT_EQ(refusal(integer, 1e300), "must be an integer");
    EXPECT_EQ(refusal(integer, std::numeric_limits<double>::infinity()), "must be a finite number");
}

TEST(TypeInteger, HoldsItsBounds) {
    const Parameter state = of_type(Type::integer, 0, 3);
    EXPECT_EQ(admitted(state, 0), json::Value(0));
    EXPECT_EQ(admitted(state, "3"), json::Value(3));
    EXPECT_EQ(refusal(state, 4), "must be an integer from 0 to 3");
    EXPECT_EQ(refusal(state, -1), "must be an integer from 0 to 3");
    EXPECT_EQ(refusal(of_type(Type::integer, 1), 0), "must be an integer of at least 1");
    EXPECT_EQ(refusal(of_type(Type::integer, std::nullopt, 9), "10"), "must be an integer of at most 9");
}

TEST(TypeNumber, AdmitsFractions) {
    const Parameter number = of_type(Type::number, 0, 1);
    EXPECT_EQ(admitted(number, "0.5"), json::Value(0.5));
    EXPECT_EQ(admitted(number, 0.25), json::Value(0.25));
    EXPECT_EQ(refusal(number, 1.5), "must be a number from 0 to 1");
    for (const char* text : {".5", "5.", "0.5s", "1.2.3", "-", "."})
        EXPECT_EQ(refusal(number, text), "must be a number from 0 to 1") << text;
}

TEST(TypeNumber, TakesANegativeTextOnlyWhereItsBoundsSaySo) {
    EXPECT_EQ(refusal(of_type(Type::number), "-1"), "must not start with '-'");
    EXPECT_EQ(refusal(of_type(Type::integer, 0), "-1"), "must not start with '-'");
    EXPECT_EQ(admitted(of_type(Type::integer, -5), "-1"), json::Value(-1));
    EXPECT_EQ(admitted(of_type(Type::number, -5), "-0"), json::Value(0));
    EXPECT_EQ(refusal(of_type(Type::number), -1.5), "must not start with '-'");  // the parent chooses the JSON type
    EXPECT_EQ(admitted(of_type(Type::number, -5), -1.5), json::Value(-1.5));
}

TEST(TypeBoolean, AdmitsTrueAndFalse) {
    const Parameter flag = of_type(Type::boolean);
    EXPECT_EQ(admitted(flag, true), json::Value(true));
    EXPECT_EQ(admitted(flag, "false"), json::Value(false));
    for (const json::Value& value : {json::Value(1), json::Value("1"), json::Value("True"), json::Value("")}) {
        EXPECT_EQ(refusal(flag, value), "must be true or false");
    }
}

TEST(TypeArray, TakesASingleValueForAnArrayOfOne) {
    EXPECT_EQ(admitted(array_of(of_pattern("/.*")), "/var"), json::Value(json::Array{"/var"}));
    EXPECT_EQ(admitted(array_of(of_type(Type::integer)), "5"), json::Value(json::Array{5}));
}

TEST(TypeArray, JudgesItsElementsOneByOne) {
    const Parameter paths = array_of(of_pattern("/[a-z]*"), 2);
    EXPECT_EQ(admitted(paths, json::Array{"/", "/var"}), json::Value(json::Array{"/", "/var"}));
    EXPECT_EQ(admitted(paths, json::Array{}), json::Value(json::Array{}));
    EXPECT_EQ(refusal(paths, json::Array{"/", "var"}), "each element must match the pattern /[a-z]*");
    EXPECT_EQ(refusal(paths, json::Array{"/", "/", "/"}), "must not have more than 2 elements");
    EXPECT_EQ(refusal(paths, json::Array{json::Array{"/"}}), "each element must be a single value, not an array");
    EXPECT_EQ(refusal(paths, json::Array{nullptr}), "each element must not be null");
    EXPECT_EQ(refusal(paths, json::Object{}), "must be a single value, not an object");
    EXPECT_EQ(refusal(array_of(of_type(Type::string), 0), "a"), "must not have more than 0 elements");
}

}  // namespace
}  // namespace endpointd::catalog
