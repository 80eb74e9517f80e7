#include "catalog/wrapper.hpp"

#include <gmock/gmock.h>

#include "catalog/invocation.hpp"
#include "loading.hpp"

namespace endpointd::catalog {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// "disk" may run inside "negate"; each of the others is a reason not to.
const char* const kEntries = R"(
    "negate": {"kind": "check", "command": ["/p/negate"],
               "arguments": {"-t": "$negate_timeout$", "inner": {"value": "$inner$", "skip_key": true, "order": 1}},
               "parameters": {"inner": {"type": "command-ref"}, "negate_timeout": {"type": "integer", "min": 1, "max": 60}}},
    "disk": {"kind": "check", "command": ["/p/disk", "-v"], "arguments": {"-w": {"value": "$wfree$", "required": true}, "-p": "$parts$"},
             "env": {"LC_ALL": "C"},
             "parameters": {"wfree": {"pattern": "[0-9]+%"}, "parts": {"type": "array", "items": {"pattern": "/[a-z]*"}, "max_items": 2}}},
    "other-wrapper": {"kind": "check", "command": ["/p/w", "$inner$"], "parameters": {"inner": {"type": "command-ref"}}},
    "restart": {"kind": "action", "command": ["/p/restart"]},
    "as-root": {"kind": "check", "command": ["/p/x"], "run_as": "root"},
    "icmp": {"kind": "check", "command": ["/p/icmp"], "allow_setuid": true},
    "http": {"kind": "check", "command": ["/p/http"], "sandbox": {"network": true, "write": ["/var/tmp"], "memory": "1GiB"}},
    "home": {"kind": "check", "command": ["/p/home"], "sandbox": {"read": ["/home/u"]}})";

Loaded catalog_with(const std::string& more = {}) {
    Loaded loaded = load_text("{\"commands\": {" + std::string(kEntries) + (more.empty() ? "" : ", " + more) + "}}");
    return loaded;
}

// What a request for "negate" becomes: its argv, or the refusal's text.
std::vector<std::string> ask(const Loaded& loaded, const json::Object& macros, const char* name = "negate") {
    EXPECT_THAT(loaded.messages(), IsEmpty());
    const Command& command = *loaded.catalog.find(name);
    const Attempt<Admission> admission = admit(loaded.catalog, command, macros);
    if (!admission) return {"REFUSED", admission.error().text};
    // The runner admits what the daemon admitted: nothing changes.
    const Attempt<Admission> again = admit(loaded.catalog, command, admission->parameters);
    EXPECT_TRUE(again && again->dropped.empty() && again->parameters == admission->parameters && again->inner == admission->inner);
    const Attempt<Invocation> invocation = build(loaded.catalog, command, admission->parameters);
    if (!invocation) return {"REFUSED", invocation.error().text};
    return invocation->argv;
}

Attempt<Admission> admitted(const Loaded& loaded, const json::Object& macros) {
    return admit(loaded.catalog, *loaded.catalog.find("negate"), macros);
}

TEST(Wrapper, RunsTheInnerCommandsWholeArgv) {
    const Loaded loaded = catalog_with();
    const json::Object macros = {
        {"inner", "disk"}, {"negate_timeout", 5}, {"wfree", "10%"}, {"parts", json::Array{"/", "/var"}}, {"zzz", 1}};
    EXPECT_THAT(ask(loaded, macros), ElementsAre("/p/negate", "-t", "5", "/p/disk", "-v", "-p", "/", "-p", "/var", "-w", "10%"));
    const Attempt<Admission> admission = admitted(loaded, macros);
    ASSERT_TRUE(admission);
    EXPECT_THAT(admission->dropped, ElementsAre("zzz"));
    EXPECT_THAT(admission->inner, ElementsAre("disk"));
    const Attempt<Invocation> invocation = build(loaded.catalog, *loaded.catalog.find("negate"), admission->parameters);
    ASSERT_TRUE(invocation);
    EXPECT_THAT(invocation->inner, ElementsAre(loaded.catalog.find("disk")));
    EXPECT_THAT(invocation->env, ElementsAre("LC_ALL=C"));
}

TEST(Wrapper, TakesTheInnerCommandAsAWordOfItsCommand) {
    EXPECT_THAT(ask(catalog_with(), {{"inner", "disk"}, {"wfree", "1%"}}, "other-wrapper"),
                ElementsAre("/p/w", "/p/disk", "-v", "-w", "1%"));
}

TEST(Wrapper, JudgesTheInnerParametersByTheInnerRules) {
    const Loaded loaded = catalog_with();
    EXPECT_THAT(ask(loaded, {{"inner", "disk"}, {"wfree", "10"}}),
                ElementsAre("REFUSED", "parameter 'wfree' refused: must match the pattern [0-9]+%"));
    EXPECT_THAT(ask(loaded, {{"inner", "disk"}, {"wfree", "1%"}, {"parts", json::Array{"/", "--help"}}}),
                ElementsAre("REFUSED", "parameter 'parts' refused: each element must match the pattern /[a-z]*"));
}

TEST(Wrapper, NeedsWhatTheInnerCommandNeeds) {
    const Attempt<Admission> admission = admitted(catalog_with(), {{"inner", "disk"}});
    EXPECT_TRUE(admission);
    EXPECT_THAT(ask(catalog_with(), {{"inner", "disk"}}),
                ElementsAre("REFUSED", "parameter 'wfree' is missing: argument '-w' of 'disk' requires it"));
}

TEST(Wrapper, WithoutAnInnerCommandIsLeftAloneOrRefused) {
    EXPECT_THAT(ask(catalog_with(), {{"negate_timeout", 5}, {"wfree", "1%"}}), ElementsAre("/p/negate", "-t", "5"));
    EXPECT_THAT(admitted(catalog_with(), {{"wfree", "1%"}})->dropped, ElementsAre("wfree"));
    EXPECT_THAT(ask(catalog_with(), {}, "other-wrapper"),
                ElementsAre("REFUSED", "parameter 'inner' is missing: the command line of 'other-wrapper' requires it"));
}

TEST(Wrapper, RefusesAHostileNameWithoutEchoingIt) {
    const Loaded loaded = catalog_with();
    for (const json::Value& name : {json::Value("no-such"), json::Value("/bin/sh"), json::Value("disk; id"), json::Value("disk "),
                                    json::Value("DISK"), json::Value("../disk"), json::Value("$inner$"), json::Value(""), json::Value(5),
                                    json::Value(true), json::Value("/p/disk -v"), json::Value("d*")}) {
        const Attempt<Admission> refused = admitted(loaded, {{"inner", name}, {"wfree", "1%"}});
        ASSERT_FALSE(refused) << json::to_text(name);
        EXPECT_EQ(refused.error().kind, Refusal::Kind::parameter);
        EXPECT_EQ(refused.error().parameter, "inner");
        EXPECT_EQ(refused.error().text, "parameter 'inner' refused: must name a command of kind check in the local catalog");
    }
    EXPECT_EQ(admitted(loaded, {{"inner", "-disk"}}).error().text, "parameter 'inner' refused: must not start with '-'");
    EXPECT_EQ(admitted(loaded, {{"inner", std::string("disk\0x", 6)}}).error().text,
              "parameter 'inner' refused: must not hold a control character");
    for (const json::Value& value : {json::Value(json::Array{"disk"}), json::Value(json::Object{{"disk", 1}})}) {
        EXPECT_FALSE(admitted(loaded, {{"inner", value}, {"wfree", "1%"}})) << json::to_text(value);
    }
}

TEST(Wrapper, RefusesWhatItMayNotRunAndSaysWhy) {
    const Loaded loaded = catalog_with(R"("env": {"kind": "check", "command": ["/p/env"], "env": {"LC_ALL": "C"}})");
    const std::string begin = "parameter 'inner' refused: names a command that cannot run inside 'negate': ";
    const std::pair<const char*, const char*> cases[] = {
        {"negate", "it takes a command itself"},
        {"other-wrapper", "it takes a command itself"},
        {"dummy", "it is built in"},
        {"restart", "it is of kind action"},
        {"as-root", "it runs as another user"},
        {"icmp", "it has allow_setuid"},
        {"http", "its sandbox asks for more: network, write, memory"},
        {"home", "its sandbox asks for more: read"},
    };
    for (const auto& [name, why] : cases) EXPECT_THAT(ask(loaded, {{"inner", name}}), ElementsAre("REFUSED", begin + why));
    EXPECT_THAT(ask(loaded, {{"inner", "env"}}), ElementsAre("/p/negate", "/p/env"));
}

TEST(Wrapper, MayBeLimitedToNamedCommands) {
    const Loaded loaded = catalog_with(R"("w": {"kind": "check", "command": ["/p/w", "$c$"],
        "parameters": {"c": {"type": "command-ref", "enum": ["disk"], "default": "disk"}}},
        "plain": {"kind": "check", "command": ["/p/plain"]})");
    EXPECT_THAT(ask(loaded, {{"wfree", "1%"}}, "w"), ElementsAre("/p/w", "/p/disk", "-v", "-w", "1%"));
    EXPECT_THAT(ask(loaded, {{"c", "plain"}}, "w"), ElementsAre("REFUSED", "parameter 'c' refused: must be one of \"disk\""));
}

TEST(Wrapper, IsCheckedWhenItIsLoadedWhereItNamesCommands) {
    const auto wrapper = [](const std::string& rule, const std::string& more = {}) {
        return catalog_with("\"w\": {\"kind\": \"check\", \"command\": [\"/p/w\", \"$c$\"]" + more + ", \"parameters\": {\"c\": " + rule +
                            "}}");
    };
    const Loaded network = wrapper(R"({"type": "command-ref", "enum": ["disk", "http"]})");
    EXPECT_THAT(network.messages(), ElementsAre("command 'http' cannot run inside 'w': its sandbox asks for more: network, write, memory"));
    EXPECT_EQ(network.first_pointer(), "/commands/w/parameters/c/enum/1");
    EXPECT_THAT(
        wrapper(R"({"type": "command-ref", "enum": ["http"]})", R"(, "sandbox": {"network": true, "write": ["/var"], "memory": "1GiB"})")
            .messages(),
        IsEmpty());
    EXPECT_THAT(wrapper(R"({"type": "command-ref", "enum": ["nope"]})").messages(),
                ElementsAre("there is no command 'nope' in catalog.d for 'w' to run"));
    EXPECT_THAT(wrapper(R"({"type": "command-ref", "enum": ["w"]})").messages(),
                ElementsAre("command 'w' cannot run inside 'w': it takes a command itself"));
    EXPECT_THAT(wrapper(R"({"type": "command-ref", "default": "restart"})").messages(),
                ElementsAre("command 'restart' cannot run inside 'w': it is of kind action"));
    const Loaded tuple = wrapper(R"({"type": "command-ref"})", R"(, "tuples": [{"c": "disk"}, {"c": "dummy"}])");
    EXPECT_THAT(tuple.messages(), ElementsAre("command 'dummy' cannot run inside 'w': it is built in"));
    EXPECT_EQ(tuple.first_pointer(), "/commands/w/tuples/1/c");
    EXPECT_THAT(wrapper(R"({"type": "command-ref"})", R"(, "allow_setuid": true)").messages(),
                ElementsAre("what 'w' runs would have its secrets or allow_setuid as well; list the commands that may with an \"enum\""));
}

TEST(Wrapper, FindsCommandsOfOtherFiles) {
    const Loaded loaded = load({{"/c/a.json", "a.json", R"({"commands": {"w": {"kind": "check", "command": ["/p/w", "$c$"],
                                    "parameters": {"c": {"type": "command-ref", "enum": ["z"]}}}}})"},
                                {"/c/b.json", "b.json", R"({"commands": {"z": {"kind": "check", "command": ["/p/z"]}}})"}});
    EXPECT_THAT(ask(loaded, {{"c", "z"}}, "w"), ElementsAre("/p/w", "/p/z"));
}

TEST(Wrapper, TakesACommandLineOnlyWhereAWholeOneFits) {
    const auto entry = [](const std::string& more) {
        return load_command(more + R"(, "parameters": {"c": {"type": "command-ref"}})").messages();
    };
    for (const char* more :
         {R"("arguments": {"-C": "$c$"})", R"("arguments": {"-C": {"value": "$c$"}})",
          R"("arguments": {"-C": {"value": "x $c$", "skip_key": true}})", R"("arguments": {"-C": {"value": ["$c$"], "skip_key": true}})",
          R"("arguments": {"-C": {"set_if": "$c$"}})", R"("env": {"C": "$c$"})"}) {
        const std::vector<std::string> messages = entry(more);
        ASSERT_THAT(messages, SizeIs(1)) << more;
        EXPECT_THAT(messages[0], HasSubstr("macro '$c$' of 'c' stands for a whole command line")) << more;
    }
    EXPECT_THAT(entry(R"("arguments": {"-C": {"value": "$c$", "skip_key": true}})"), IsEmpty());
}

TEST(Wrapper, TakesOneCommand) {
    EXPECT_THAT(load_command(R"("parameters": {"a": {"type": "command-ref"}, "b": {"type": "command-ref"}})").messages(),
                ElementsAre("'c' already takes a command as 'a'; a command takes one at most"));
    EXPECT_FALSE(load_command(R"("parameters": {"a": {"type": "array", "items": {"type": "command-ref"}}})").findings.ok());
    EXPECT_FALSE(load_command(R"("parameters": {"a": {"type": "command-ref", "pattern": ".*"}})").findings.ok());
    EXPECT_FALSE(load_command(R"("parameters": {"a": {"type": "command-ref", "max_length": 5}})").findings.ok());
}

TEST(Wrapper, HoldsASharedParameterToBothRules) {
    const Loaded loaded = catalog_with(R"("w": {"kind": "check", "command": ["/p/w", "$c$"], "arguments": {"-t": "$t$"},
        "parameters": {"c": {"type": "command-ref"}, "t": {"type": "integer", "max": 60}}},
        "strict": {"kind": "check", "command": ["/p/s"], "arguments": {"-t": "$t$"},
                   "parameters": {"t": {"type": "array", "items": {"pattern": "[0-9]"}, "default": ["7"]}}})");
    EXPECT_THAT(ask(loaded, {{"c", "strict"}, {"t", "5"}}, "w"), ElementsAre("/p/w", "/p/s", "-t", "5", "-t", "5"));
    EXPECT_THAT(ask(loaded, {{"c", "strict"}}, "w"), ElementsAre("/p/w", "/p/s", "-t", "7"));
    EXPECT_THAT(ask(loaded, {{"c", "strict"}, {"t", 10}}, "w"),
                ElementsAre("REFUSED", "parameter 't' refused: must match the pattern [0-9]"));
    EXPECT_THAT(ask(loaded, {{"c", "strict"}, {"t", 61}}, "w"),
                ElementsAre("REFUSED", "parameter 't' refused: must be an integer of at most 60"));
}

TEST(Wrapper, HoldsTheInnerTuplesToo) {
    const Loaded loaded = catalog_with(R"("pair": {"kind": "check", "command": ["/p/pair", "$u$"],
        "parameters": {"u": {"pattern": ".*"}, "f": {"type": "boolean", "default": false}}, "tuples": [{"u": "nginx"}]})");
    EXPECT_THAT(ask(loaded, {{"inner", "pair"}, {"u", "nginx"}}), ElementsAre("/p/negate", "/p/pair", "nginx"));
    EXPECT_THAT(ask(loaded, {{"inner", "pair"}, {"u", "nginx"}, {"f", true}}),
                ElementsAre("REFUSED", "parameters of 'pair' refused: not a listed combination"));
}

TEST(Wrapper, RefusesAnEnvironmentThatContradictsItsOwn) {
    const Loaded loaded = catalog_with(R"("w": {"kind": "check", "command": ["/p/w", "$c$"], "env": {"LC_ALL": "de", "A": "1"},
        "parameters": {"c": {"type": "command-ref"}}})");
    EXPECT_THAT(ask(loaded, {{"c", "disk"}, {"wfree", "1%"}}, "w"),
                ElementsAre("REFUSED",
                            "parameter 'c' refused: names a command that cannot run inside 'w': both set the environment variable LC_ALL"));
}

TEST(Wrapper, CountsTheParametersOfBoth) {
    std::string many;
    for (int i = 0; i < 256; ++i) many += (i ? ", " : "") + ("\"m" + std::to_string(i)) + R"(": {"type": "integer", "default": 1})";
    const Loaded loaded = catalog_with(R"("big": {"kind": "check", "command": ["/p/big"], "parameters": {)" + many + "}}");
    EXPECT_THAT(ask(loaded, {{"inner", "big"}}),
                ElementsAre("REFUSED", "parameters of 'negate' refused: more than 256 together with those of 'big'"));
}

TEST(Review, WarnsOncePerCommandWhileMarksRemain) {
    const Loaded loaded = load_text(
        "{\"commands\": {\n\"x\": {\"kind\": \"check\", \"command\": [\"/p/x\"], \"parameters\": {"
        R"("b": {"type": "string", "review": true}, "a": {"type": "integer", "review": true},
                                       "c": {"type": "integer", "review": false}}}}})");
    EXPECT_TRUE(loaded.findings.ok());
    ASSERT_THAT(loaded.findings.warnings, SizeIs(1));
    const Finding& warning = loaded.findings.warnings[0];
    EXPECT_EQ(warning.message, "2 rules of 'x' were inferred by the import and await review: a, b");
    EXPECT_EQ(warning.line, 2U);
    EXPECT_EQ(warning.file, "/etc/endpointd/catalog.d/t.json");
    EXPECT_THAT(loaded.catalog.find("x")->weakened, IsEmpty());
    EXPECT_EQ(load_command(R"("parameters": {"a": {"type": "string", "review": true}})").findings.warnings[0].message,
              "1 rule of 'c' was inferred by the import and awaits review: a");
}

}  // namespace
}  // namespace endpointd::catalog
