#include "catalog/invocation.hpp"

#include <gmock/gmock.h>

#include "base/limits.hpp"
#include "loading.hpp"

namespace endpointd::catalog {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Both steps; the refusal's text in place of the argv where there is one.
std::vector<std::string> argv(const Command& command, const json::Object& macros) {
    const Attempt<Admission> admission = admit(command, macros);
    if (!admission) return {"REFUSED", admission.error().text};
    const Attempt<Invocation> invocation = build(command, admission->parameters);
    if (!invocation) return {"REFUSED", invocation.error().text};
    return invocation->argv;
}

const char* const kParameters = R"("parameters": {
    "a": {"type": "string"}, "b": {"type": "string"}, "n": {"type": "number"}, "flag": {"enum": [true, false, 0, 1, "yes", "-1", 0.5, ""]},
    "list": {"type": "array", "items": {"type": "string"}}, "given": {"type": "string", "default": "by default"}})";

Command with_arguments(const std::string& arguments) { return command_with("\"arguments\": {" + arguments + "}, " + kParameters); }

TEST(Arguments, EmitKeyAndValue) {
    const Command command = with_arguments(R"("-a": "$a$", "-b": {"value": "<$b$>"}, "-n": "$n$", "-5": 5)");
    EXPECT_THAT(argv(command, {{"a", "x y"}, {"b", ""}, {"n", 0.5}}),
                ElementsAre("/bin/plugin", "-5", "5", "-a", "x y", "-b", "<>", "-n", "0.500000"));
}

TEST(Arguments, AreLeftOutWhereAMacroIsMissing) {
    const Command command = with_arguments(R"("-a": "$a$", "-b": "x$a$$b$")");
    EXPECT_THAT(argv(command, {{"b", "there"}}), ElementsAre("/bin/plugin"));
    EXPECT_THAT(argv(command, {{"b", "there"}, {"a", nullptr}}), ElementsAre("/bin/plugin"));
}

TEST(Arguments, WithoutAValueEmitTheirKey) {
    EXPECT_THAT(argv(with_arguments(R"("--ssl": {}, "--tls": {"value": ""}, "--no": {"skip_key": true})"), {}),
                ElementsAre("/bin/plugin", "--ssl", "--tls"));
}

TEST(Arguments, ThatAreRequiredRefuseTheCommandWhenMissing) {
    const Command command = with_arguments(R"("-c_": {"value": "$a$", "required": true, "key": "-c"})");
    const Attempt<Invocation> refused = build(command, {});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, Refusal::Kind::missing_required);
    EXPECT_EQ(refused.error().parameter, "a");
    EXPECT_EQ(refused.error().text, "parameter 'a' is missing: argument '-c' of 'c' requires it");
    EXPECT_THAT(argv(command, {{"a", "1"}}), ElementsAre("/bin/plugin", "-c", "1"));
}

TEST(Arguments, ThatAreRequiredButNotSetAreLeftOut) {
    const Command command = with_arguments(R"("-c": {"value": "$a$", "required": true, "set_if": "$flag$"})");
    EXPECT_THAT(argv(command, {{"flag", false}}), ElementsAre("/bin/plugin"));
    EXPECT_THAT(argv(command, {}), ElementsAre("/bin/plugin"));
}

TEST(Arguments, AreSetByTrueAndByNumbers) {
    const Command command = with_arguments(R"("-f": {"set_if": "$flag$"})");
    for (const json::Value& value : {json::Value(true), json::Value("true"), json::Value(1), json::Value("1"), json::Value("-1")}) {
        EXPECT_THAT(argv(command, {{"flag", value}}), ElementsAre("/bin/plugin", "-f")) << json::to_text(value);
    }
    for (const json::Value& value : {json::Value(false), json::Value("false"), json::Value(0), json::Value("0"), json::Value(0.5),
                                     json::Value("yes"), json::Value(""), json::Value(nullptr)}) {
        EXPECT_THAT(argv(command, {{"flag", value}}), ElementsAre("/bin/plugin")) << json::to_text(value);
    }
    EXPECT_THAT(argv(with_arguments(R"("-f": {"set_if": "$list$"})"), {{"list", json::Array{"1"}}}), ElementsAre("/bin/plugin"));
}

TEST(Arguments, TakeALiteralCondition) {
    EXPECT_THAT(argv(with_arguments(R"("-a": {"set_if": true}, "-b": {"set_if": 0}, "-c": {"set_if": ""}, "-d": {"set_if": "+2"})"), {}),
                ElementsAre("/bin/plugin", "-a", "-c", "-d"));
}

TEST(Arguments, RepeatTheirKeyForEachElement) {
    const json::Object macros = {{"list", json::Array{"x", "y z", ""}}};
    EXPECT_THAT(argv(with_arguments(R"("-p": "$list$")"), macros), ElementsAre("/bin/plugin", "-p", "x", "-p", "y z", "-p", ""));
    EXPECT_THAT(argv(with_arguments(R"("-p": {"value": "$list$", "repeat_key": false})"), macros),
                ElementsAre("/bin/plugin", "-p", "x", "y z", ""));
    EXPECT_THAT(argv(with_arguments(R"("-p": {"value": "$list$", "skip_key": true})"), macros), ElementsAre("/bin/plugin", "x", "y z", ""));
    EXPECT_THAT(argv(with_arguments(R"("-p": {"value": "$list$"})"), {{"list", json::Array{}}}), ElementsAre("/bin/plugin"));
    EXPECT_THAT(argv(with_arguments(R"("-p": {"value": "$list$"})"), {{"list", "one"}}), ElementsAre("/bin/plugin", "-p", "one"));
}

TEST(Arguments, TakeAnArrayOfTexts) {
    const Command command = with_arguments(R"("-p": {"value": ["$a$", 5, "$list$", "x$a$"]})");
    EXPECT_THAT(argv(command, {{"a", "1"}, {"list", json::Array{"l", "m"}}}),
                ElementsAre("/bin/plugin", "-p", "1", "-p", "5", "-p", "l;m", "-p", "x1"));
    EXPECT_THAT(argv(command, {{"a", "1"}}), ElementsAre("/bin/plugin"));
}

TEST(Arguments, JoinKeyAndValueWithTheirSeparator) {
    EXPECT_THAT(argv(with_arguments(
                         R"("--a": {"value": "$a$", "separator": "="}, "--l": {"value": "$list$", "separator": ":", "repeat_key": false})"),
                     {{"a", "1"}, {"list", json::Array{"x", "y"}}}),
                ElementsAre("/bin/plugin", "--a=1", "--l:x", "y"));
    EXPECT_THAT(argv(with_arguments(R"("--a": {"separator": "="}, "--b": {"value": "v", "separator": "=", "skip_key": true})"), {}),
                ElementsAre("/bin/plugin", "--a", "v"));
}

TEST(Arguments, AreSortedByOrderThenByKey) {
    EXPECT_THAT(
        argv(with_arguments(R"("-z": {"order": -1}, "-b": {}, "-a": {"order": 1}, "-A": {}, "-y": {"order": -1.5}, "-c": {"key": "-0"})"),
             {}),
        ElementsAre("/bin/plugin", "-y", "-z", "-A", "-b", "-0", "-a"));
}

TEST(CommandLine, TakesMacrosAfterThePath) {
    const Loaded loaded = load_text(R"({"commands": {"c": {"kind": "check", "command": ["/bin/x", "$a$", "-$a$$$", "$list$"],
        "parameters": {"a": {"type": "string"}, "list": {"type": "array"}}}}})");
    ASSERT_THAT(loaded.messages(), IsEmpty());
    const Command& command = *loaded.catalog.find("c");
    EXPECT_THAT(argv(command, {{"a", "1"}, {"list", json::Array{"l", "m"}}}), ElementsAre("/bin/x", "1", "-1$", "l;m"));
    EXPECT_THAT(argv(command, {}), ElementsAre("/bin/x", "", "-$", ""));
}

TEST(Environment, IsResolvedAndSorted) {
    const Command command = command_with(std::string(R"("env": {"Z": "$a$", "A": "$list$", "M": "<$b$>", "LC_ALL": "C"}, )") + kParameters);
    const Attempt<Invocation> invocation = build(command, {{"a", "x=y"}, {"list", json::Array{"1", "2"}}});
    ASSERT_TRUE(invocation);
    EXPECT_THAT(invocation->env, ElementsAre("A=1;2", "LC_ALL=C", "M=<>", "Z=x=y"));
}

TEST(Admission, DropsMacrosThatAreNoParameters) {
    const Attempt<Admission> admission = admit(with_arguments(R"("-a": "$a$")"), {{"zzz", 1}, {"a", "1"}, {"host.name", json::Object{}}});
    ASSERT_TRUE(admission);
    EXPECT_THAT(admission->dropped, ElementsAre("host.name", "zzz"));
    EXPECT_EQ(admission->parameters, (json::Object{{"a", "1"}, {"given", "by default"}}));
}

TEST(Admission, UsesADefaultForWhatWasNotSentOrIsNull) {
    const Command command = with_arguments(R"("-g": "$given$")");
    EXPECT_THAT(argv(command, {}), ElementsAre("/bin/plugin", "-g", "by default"));
    EXPECT_THAT(argv(command, {{"given", nullptr}}), ElementsAre("/bin/plugin", "-g", "by default"));
    EXPECT_THAT(argv(command, {{"given", "own"}}), ElementsAre("/bin/plugin", "-g", "own"));
}

TEST(Admission, NamesTheRuleAndNotTheValue) {
    const Attempt<Admission> refused = admit(with_arguments(""), {{"a", "--help"}});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, Refusal::Kind::parameter);
    EXPECT_EQ(refused.error().parameter, "a");
    EXPECT_EQ(refused.error().text, "parameter 'a' refused: must not start with '-'");
}

TEST(Admission, RefusesTooManyMacros) {
    json::Object macros;
    for (std::size_t i = 0; i <= limits::kParameters; ++i) macros.set("m" + std::to_string(i), 1);
    const Attempt<Admission> refused = admit(with_arguments(""), macros);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, Refusal::Kind::too_large);
    EXPECT_EQ(refused.error().text, "parameters of 'c' refused: more than 256");
}

TEST(Admission, OfAdmittedParametersChangesNothing) {
    const Command command = command_with(R"("parameters": {"i": {"type": "integer"}, "l": {"type": "array", "items": {"type": "number"}},
        "s": {"type": "string"}, "t": {"type": "boolean"}, "p": {"pattern": "[0-9.]+"}})");
    const Attempt<Admission> first = admit(command, {{"i", "443"}, {"l", "0.5"}, {"s", 5}, {"t", "true"}, {"p", 2.5}});
    ASSERT_TRUE(first);
    EXPECT_EQ(first->parameters, (json::Object{{"i", 443}, {"l", json::Array{0.5}}, {"s", "5"}, {"t", true}, {"p", 2.5}}));
    const Attempt<Admission> second = admit(command, first->parameters);
    ASSERT_TRUE(second);
    EXPECT_EQ(second->parameters, first->parameters);
}

const char* const kTuples =
    R"("parameters": {"unit": {"pattern": ".*"}, "force": {"enum": [true, false], "default": false}, "p": {"type": "array"}},
    "tuples": [{"unit": "nginx"}, {"unit": "5", "force": true}, {"p": ["a", "b"], "unit": "x"}])";

TEST(Tuples, AdmitAListedCombinationAfterDefaults) {
    const Command command = command_with(kTuples);
    EXPECT_TRUE(admit(command, {{"unit", "nginx"}}));
    EXPECT_TRUE(admit(command, {{"unit", "nginx"}, {"force", false}}));
    EXPECT_TRUE(admit(command, {{"unit", 5}, {"force", "true"}}));
    EXPECT_TRUE(admit(command, {{"unit", "x"}, {"p", json::Array{"a", "b"}}}));
    EXPECT_TRUE(admit(command, {{"unit", "nginx"}, {"no-parameter", 1}}));
}

TEST(Tuples, RefuseEverythingElse) {
    const Command command = command_with(kTuples);
    const Attempt<Admission> refused = admit(command, {{"unit", "nginx"}, {"force", true}});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, Refusal::Kind::tuple);
    EXPECT_EQ(refused.error().parameter, "");
    EXPECT_EQ(refused.error().text, "parameters of 'c' refused: not a listed combination");
    EXPECT_FALSE(admit(command, {}));
    EXPECT_FALSE(admit(command, {{"unit", "nginx"}, {"p", json::Array{}}}));
    EXPECT_FALSE(admit(command, {{"unit", "x"}, {"p", json::Array{"a"}}}));
    EXPECT_FALSE(admit(command, {{"unit", "x"}, {"p", json::Array{"a", "c"}}}));
}

TEST(Build, RefusesMoreThanTheKernelTakes) {
    const Command command = command_with(R"("arguments": {"-p": "$l$"}, "parameters": {"l": {"type": "array"}})");
    json::Array many(100, std::string(4096, 'x'));
    EXPECT_EQ(argv(command, {{"l", many}}),
              (std::vector<std::string>{"REFUSED", "parameters of 'c' refused: more than 262144 bytes together"}));
    const Command joined = command_with(R"("env": {"L": "$l$"}, "parameters": {"l": {"type": "array"}})");
    EXPECT_EQ(argv(joined, {{"l", json::Array(40, std::string(4096, 'x'))}}),
              (std::vector<std::string>{"REFUSED", "parameters of 'c' refused: an argument of more than 131072 bytes"}));
}

TEST(Build, OfABuiltInCommandIsEmpty) {
    const Loaded loaded = load({});
    EXPECT_THAT(argv(*loaded.catalog.find("dummy"), {{"dummy_state", "2"}, {"dummy_text", "-x"}}), IsEmpty());
    EXPECT_EQ(admit(*loaded.catalog.find("dummy"), {{"dummy_state", "2"}})->parameters,
              (json::Object{{"dummy_state", 2}, {"dummy_text", ""}}));
    EXPECT_EQ(admit(*loaded.catalog.find("dummy"), {{"dummy_state", 4}}).error().text,
              "parameter 'dummy_state' refused: must be an integer from 0 to 3");
}

}  // namespace
}  // namespace endpointd::catalog
