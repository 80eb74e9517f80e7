// Claims about evaluation: what text becomes which objects, and that it always ends.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "dsl/evaluation.hpp"

namespace endpointd::dsl {
namespace {

Evaluation pushed(std::vector<std::string> texts, Limits limits = {}, Surroundings surroundings = {}) {
    std::vector<ZoneFile> files;
    for (std::size_t i = 0; i < texts.size(); ++i) {
        const std::string name = std::string(1, static_cast<char>('a' + i)) + ".conf";
        files.push_back({"web", {"web/" + name, name, std::move(texts[i])}, "_cluster"});
    }
    return evaluate(files, Authority::pushed, surroundings, std::move(limits));
}

const Object* find(const Evaluation& evaluation, std::string_view type, std::string_view name) {
    const auto found = std::ranges::find_if(evaluation.objects, [&](const Object& o) { return o.type->name == type && o.name == name; });
    return found == evaluation.objects.end() ? nullptr : &*found;
}

std::string attribute(const Object* object, std::string_view name) {
    if (!object) return "(no object)";
    const json::Value* const value = object->attributes.find(name);
    return value ? json::to_text(*value) : "(not set)";
}

TEST(Evaluator, AnObjectGetsItsAttributes) {
    const auto made = pushed({"object Host \"a\" {\n  check_command = \"hostalive\"\n  check_interval = 2m\n  vars.os = \"Linux\"\n}"});
    ASSERT_TRUE(made.refused.empty()) << made.refused.front().message;
    const Object* host = find(made, "Host", "a");
    EXPECT_EQ(attribute(host, "check_interval"), "120");
    EXPECT_EQ(attribute(host, "vars"), R"({"os":"Linux"})");
    EXPECT_EQ(host->zone, "web");
    EXPECT_EQ(host->place.line, 1u);
    EXPECT_TRUE(host->text->starts_with("object Host \"a\" {"));
    EXPECT_TRUE(host->text->ends_with("\n}"));
}

TEST(Evaluator, TemplatesAreImportedInOrderWhereverTheyStand) {
    const auto made = pushed({"object Host \"a\" { import \"x\"; import \"y\"; vars.l += [ 3 ] }",
                              "template Host \"x\" { check_command = \"dummy\"; check_interval = 1; vars.l = [ 1 ] }\n"
                              "template Host \"y\" { check_interval = 2; vars.l += [ 2 ] }"});
    const Object* host = find(made, "Host", "a");
    EXPECT_EQ(attribute(host, "check_interval"), "2");
    EXPECT_EQ(attribute(host, "vars"), R"({"l":[1,2,3]})");
    ASSERT_NE(host, nullptr);
    EXPECT_EQ(host->templates(), (std::vector<std::string>{"a", "x", "y"}));
}

TEST(Evaluator, ApplyRulesMakeOneServiceForEachMatchAndElement) {
    const auto made =
        pushed({"object Host \"h\" { check_command = \"dummy\"; vars.disks[\"/\"] = { w = 5 }; vars.disks[\"/var\"] = { w = 7 } }\n"
                "object Host \"i\" { check_command = \"dummy\" }\n"
                "apply Service \"disk \" for (d => c in host.vars.disks) { check_command = \"disk\"; vars += c; vars.p = d }\n"
                "apply Service \"ping\" { check_command = \"ping4\"; assign where host.name == \"i\"; ignore where host.vars.x }"});
    ASSERT_TRUE(made.refused.empty()) << made.refused.front().message;
    EXPECT_EQ(attribute(find(made, "Service", "h!disk /var"), "vars"), R"({"p":"/var","w":7})");
    EXPECT_NE(find(made, "Service", "i!ping"), nullptr);
    EXPECT_EQ(find(made, "Service", "h!ping"), nullptr);
}

TEST(Evaluator, GroupsAreCompleteBeforeServicesAreApplied) {
    const auto made =
        pushed({"object HostGroup \"g\" { assign where host.vars.os == \"w\" }\n"
                "object Host \"h\" { check_command = \"dummy\"; vars.os = \"w\" }\n"
                "apply Service \"s\" { check_command = \"dummy\"; assign where \"g\" in host.groups }"});
    EXPECT_NE(find(made, "Service", "h!s"), nullptr);
    EXPECT_EQ(attribute(find(made, "Host", "h"), "groups"), R"(["g"])");
    EXPECT_EQ(find(made, "Host", "h")->assigned_groups, std::vector<std::string>{"g"});
}

// Every spelling of a command ends as a refused command, at its line.
class CommandSpelling : public testing::TestWithParam<const char*> {};

TEST_P(CommandSpelling, IsACommand) {
    const auto made = pushed({std::string("\n") + GetParam()});
    ASSERT_FALSE(made.refused.empty());
    EXPECT_EQ(made.refused.front().why, Why::command) << made.refused.front().message;
    EXPECT_EQ(made.refused.front().place.line, 2u);
    EXPECT_TRUE(made.objects.empty());
}

INSTANTIATE_TEST_SUITE_P(Evaluator, CommandSpelling,
                         testing::Values("object CheckCommand \"x\" { command = [ \"/bin/sh\" ] }",
                                         "object Types[\"CheckCommand\"] \"x\" { }", "object Types.CheckCommand \"x\" { }",
                                         "object @CheckCommand \"x\" { }", "var Host = CheckCommand; object Host \"x\" { }",
                                         "template EventCommand \"x\" { }", "apply NotificationCommand \"x\" { assign where true }",
                                         "for (n in range(3)) { object NotificationCommand \"n\" + n { } }",
                                         "if (true) { object CheckCommand \"x\" { } }",
                                         "var f = function() { object CheckCommand \"x\" { } }; f()"));

TEST(Evaluator, WhatIsNotTakenIsToldAndTheRestGoesOn) {
    const auto made =
        pushed({"globals.counter = 1\ninclude \"/etc/passwd\"\nlibrary \"x\"\nnamespace N { a = 1 }\nusing N\ny = 5\n"
                "object Host \"ok\" { check_command = \"dummy\" }"});
    EXPECT_NE(find(made, "Host", "ok"), nullptr);
    ASSERT_EQ(made.refused.size(), 6u);
    for (std::size_t i = 0; i < 6; ++i) {
        EXPECT_EQ(made.refused[i].place.line, i + 1) << made.refused[i].message;
        EXPECT_TRUE(made.refused[i].why == Why::statement || made.refused[i].cause == Why::statement) << made.refused[i].message;
    }
}

TEST(Evaluator, FunctionsAreNoValuesOfAttributes) {
    const auto made = pushed({"object Host \"h\" { check_command = \"dummy\"; vars.x = {{ 1 }} }"});
    ASSERT_EQ(made.refused.size(), 1u);
    EXPECT_EQ(made.refused.front().why, Why::function);
}

TEST(Evaluator, AFunctionForAValueIsToldAtTheLineOfItsAttribute) {
    const char* const assignments[] = {"vars.x = {{ 1 }}", "vars[\"x\"] = len", "vars = { a = [ {{ 1 }} ] }", "vars.x.deep = () => 1"};
    for (const std::string assignment : assignments) {
        const auto made = pushed({"object Host \"h\" {\n  check_command = \"dummy\"\n  vars.early = 1\n  if (true) {\n    " + assignment +
                                  "\n  }\n  notes = \"late\"\n}"});
        ASSERT_EQ(made.refused.size(), 1u) << assignment;
        EXPECT_EQ(made.refused.front().why, Why::function) << assignment;
        EXPECT_EQ(made.refused.front().place.line, 5u) << assignment;
    }
}

TEST(Evaluator, WhatATemplateSetIsToldAtTheTemplatesLine) {
    const auto made =
        pushed({"object Host \"h\" {\n  check_command = \"dummy\"\n  import \"t\"\n}", "template Host \"t\" {\n\n  vars.x = {{ 1 }}\n}"});
    ASSERT_EQ(made.refused.size(), 1u);
    EXPECT_EQ(made.refused.front().place.file, "web/b.conf");
    EXPECT_EQ(made.refused.front().place.line, 3u);
}

TEST(Evaluator, WhatARefusedStatementWroteIsNotReadAfterwards) {
    const auto made =
        pushed({"var n = 60\nif (getenv(\"x\")) { n = 10 }\nobject Host \"h\" use(n) { check_command = \"dummy\"; check_interval = n }"});
    EXPECT_EQ(find(made, "Host", "h"), nullptr);
}

TEST(Evaluator, ARefusedStatementTaintsWhatItWritesAndNotWhatItReads) {
    const auto made =
        pushed({"var w = 5\nif (getenv(\"x\")) { w = 1 }\nobject Host \"h\" { check_command = \"dummy\"; vars.w = 3; vars.n = name }\n"
                "globals.name = 1\nobject Host \"i\" { check_command = \"dummy\"; vars.n = name }"});
    EXPECT_EQ(attribute(find(made, "Host", "h"), "vars"), R"({"n":"h","w":3})");
    EXPECT_EQ(attribute(find(made, "Host", "i"), "vars"), R"({"n":"i"})");
}

TEST(Evaluator, AFunctionOfOneOwnerDefinesNothingForAnother) {
    const std::vector<ZoneFile> files = {
        {"z", {"z/a", "a", "function f(n) { object Host n { check_command = \"dummy\" } }\nf(\"own\")"}, "_cluster", "one"},
        {"z", {"z/b", "b", "f(\"foreign\")"}, "_cluster", "two"}};
    const auto made = evaluate(files, Authority::pushed, {}, Limits{});
    EXPECT_NE(find(made, "Host", "own"), nullptr);
    EXPECT_EQ(find(made, "Host", "foreign"), nullptr);
    ASSERT_EQ(made.refused.size(), 1u);
    EXPECT_EQ(made.refused.front().why, Why::statement);
}

constexpr const char* kLongText = "const long = (() => { var t = \"a\"\nfor (i in range(16)) { t += t }\nreturn t })()\n";

TEST(Evaluator, WhatIsRefusedAgainAndAgainStaysSmall) {
    for (const char* body : {"object CheckCommand long { }", "object Host long { }", "template Host long { }",
                             "object Host \"h\" + i { check_interval = long }", "object Host \"h\" + i { zone = long }",
                             "object Host \"h\" + i { throw get_host(\"h0\").vars.x + long }",
                             "object Service \"s\" { check_command = \"d\"; host_name = long + i }"}) {
        const auto made = pushed({std::string(kLongText) + "for (i in range(200)) { " + body + " }"});
        std::size_t bytes = 0;
        for (const Refused& refused : made.refused) bytes += refused.name.size() + refused.message.size() + refused.zone.size();
        for (const Object& object : made.objects) bytes += object.name.size() + object.zone.str().size();
        EXPECT_FALSE(made.refused.empty()) << body;
        EXPECT_LT(bytes, 200 * 8192u) << body;
    }
}

TEST(Evaluator, NamesAreBoundedAndPrintable) {
    const auto made =
        pushed({"const t = (() => { var x = \"a\"\nfor (i in range(10)) { x += x }\nreturn x })()\n"
                "object HostGroup t { }\nobject HostGroup t + \"b\" { }\nobject HostGroup \"a\\033[31m\" { }\n"
                "object HostGroup \"a\\000\" { }\nobject HostGroup \"\303\274\" { }\n"
                "object Host \"h\" { check_command = \"dummy\" }\n"
                "apply Service \"s\" for (x in [ \"1\", \"\\n\", t ]) { check_command = \"dummy\" }"});
    std::vector<std::string> names;
    for (const Object& object : made.objects) names.emplace_back(object.short_name());
    EXPECT_EQ(names, (std::vector<std::string>{std::string(1024, 'a'), "\303\274", "h", "s1"}));
    EXPECT_EQ(made.refused.size(), 5u);
}

TEST(Evaluator, KeysOfAnyLengthAreCharged) {
    const auto made = pushed({std::string(kLongText) + "var d = {}\nfor (i in range(10)) { d[long + i] = 1 }\nvar key = long + 9\n"
                                                       "var x = 0\nfor (i in range(1000)) { x = d[key] }"});
    EXPECT_TRUE(made.complete);
    EXPECT_GT(made.steps, 1'000'000u);
}

TEST(Evaluator, ConstantsOfTheHostStay) {
    Surroundings host;
    host.constants = {{"NodeName", json::Value("me")}};
    const auto made = pushed({"const NodeName = \"you\"\nobject Host NodeName { check_command = \"dummy\" }"}, {}, host);
    EXPECT_NE(find(made, "Host", "me"), nullptr);
    ASSERT_EQ(made.refused.size(), 1u);
    EXPECT_EQ(made.refused.front().why, Why::statement);
}

TEST(Evaluator, TheFirstOfANameStaysAndTheSecondIsTold) {
    const auto made = pushed({"object Host \"h\" { check_command = \"a\" }\nobject Host \"h\" { check_command = \"b\" }",
                              "object Service \"s\" { host_name = \"h\"; check_command = \"a\" }\n"
                              "object Service \"s\" { host_name = \"h\"; check_command = \"b\" }"});
    EXPECT_EQ(attribute(find(made, "Host", "h"), "check_command"), "\"a\"");
    EXPECT_EQ(attribute(find(made, "Service", "h!s"), "check_command"), "\"a\"");
    ASSERT_EQ(made.refused.size(), 2u);
    EXPECT_EQ(made.refused[0].why, Why::redefined);
    EXPECT_EQ(made.refused[1].why, Why::redefined);
}

TEST(Evaluator, ANameOfMegabytesIsNoName) {
    const auto made = pushed({"object Host \"" + std::string(5'000'000, 'x') + "\" { check_command = \"dummy\" }\n" +  //
                              "object Host \"" + std::string(1000, 'y') + "\" { check_command = \"dummy\" }"});
    ASSERT_EQ(made.refused.size(), 1u);
    EXPECT_EQ(made.refused.front().why, Why::attribute);
    EXPECT_EQ(made.objects.size(), 1u);
}

TEST(Evaluator, WhatDependsOnARefusedObjectSaysSo) {
    const auto made =
        pushed({"object Host \"h\" { check_command = \"a\"; vars.x = {{ 1 }} }\nobject Service \"s\" { host_name = \"h\"; check_command = "
                "\"a\" }"});
    ASSERT_EQ(made.refused.size(), 2u);
    EXPECT_EQ(made.refused[1].why, Why::depends);
    EXPECT_EQ(made.refused[1].cause, Why::function);
}

// Each was given to `icinga2 daemon -C` of 2.13.6, which refuses it as well.
TEST(Evaluator, WhatHangsOnAServiceThatIsNotThereIsRefused) {
    const std::string there =
        "object Host \"h\" { check_command = \"dummy\" }\nobject Service \"s\" { host_name = \"h\"; check_command = \"dummy\" }\n"
        "object User \"u\" { }\n";
    const std::array cases = {
        std::pair{"Notification", "host_name = \"h\"; service_name = \"%\"; command = \"n\"; users = [ \"u\" ]"},
        std::pair{"Dependency", "parent_host_name = \"h\"; parent_service_name = \"%\"; child_host_name = \"h\""},
        std::pair{"Dependency", "parent_host_name = \"h\"; child_service_name = \"%\"; child_host_name = \"h\""},
        std::pair{"ScheduledDowntime",
                  "host_name = \"h\"; service_name = \"%\"; author = \"a\"; comment = \"c\"; ranges = { monday = \"00:00-24:00\" }"},
        std::pair{"Downtime", "host_name = \"h\"; service_name = \"%\"; author = \"a\"; comment = \"c\"; start_time = 1; end_time = 2"},
        std::pair{"Comment", "host_name = \"h\"; service_name = \"%\"; author = \"a\"; text = \"c\""}};
    for (const auto& [type, body] : cases) {
        const auto with = [&](const std::string& service) {
            std::string text(body);
            text.replace(text.find('%'), 1, service);
            return pushed({there + "object " + type + " \"x\" { " + text + " }"});
        };
        EXPECT_TRUE(with("s").refused.empty()) << type << ": " << body;
        EXPECT_TRUE(with("").refused.empty()) << type << ": of the host itself";
        const auto refused = with("t").refused;
        ASSERT_EQ(refused.size(), 1u) << type << ": " << body;
        EXPECT_EQ(refused[0].why, Why::attribute);
        EXPECT_NE(refused[0].message.find("there is no Service 'h!t'"), std::string::npos) << refused[0].message;
    }
}

TEST(Evaluator, NamesAreJudgedAlikeInObjectsAndInRules) {
    const auto made =
        pushed({"object Host \"a!b\" { check_command = \"dummy\" }\nobject Host \"\" { check_command = \"dummy\" }\n"
                "object Host \"h\" { check_command = \"dummy\" }\n"
                "apply Service for (n in [ \"\", \"a!b\", \"good\" ]) { check_command = \"dummy\" }"});
    EXPECT_NE(find(made, "Service", "h!good"), nullptr);
    ASSERT_EQ(made.refused.size(), 4u);
    for (const std::size_t holds_mark : {std::size_t{0}, std::size_t{3}})
        EXPECT_NE(made.refused[holds_mark].message.find("cannot hold '!'"), std::string::npos) << made.refused[holds_mark].message;
    for (const std::size_t empty : {std::size_t{1}, std::size_t{2}})
        EXPECT_NE(made.refused[empty].message.find("must have a name"), std::string::npos) << made.refused[empty].message;
}

// That it renames as upstream does is in tests/golden/dsl/41_assigned_names.
TEST(Evaluator, AnAssignedNameIsJudgedLikeAnyOther) {
    const std::string host = "object Host \"h\" { check_command = \"dummy\" }\n";
    const auto service = [&](const std::string& name, const std::string& assignment) {
        return "object Service \"" + name + "\" { host_name = \"h\"; check_command = \"dummy\"; " + assignment + " }\n";
    };
    const auto made = pushed({host + service("a", "name = \"x!y\"") + service("b", "name = \"taken\"") + service("taken", "") +
                              service("c", "__name = \"c\"") + "object Host \"i\" { check_command = \"dummy\"; name = \"j\" }"});
    ASSERT_NE(find(made, "Service", "h!taken"), nullptr);
    EXPECT_EQ(find(made, "Service", "h!taken")->templates().front(), "b");
    ASSERT_EQ(made.refused.size(), 4u);
    EXPECT_EQ(std::ranges::count(made.refused, Why::redefined, &Refused::why), 1);
    EXPECT_EQ(made.objects.size(), 2u);
}

TEST(Evaluator, ARequiredAttributeIsToldWithItsLine) {
    const auto made = pushed({"object Host \"h\" {\n  check_command = \"\"\n}\nobject Host \"i\" {\n}"});
    ASSERT_EQ(made.refused.size(), 2u);
    EXPECT_EQ(made.refused[0].place.line, 2u);
    EXPECT_EQ(made.refused[1].place.line, 4u);
    EXPECT_EQ(made.refused[0].message, made.refused[1].message);
}

TEST(Evaluator, TheTreesOfAllFilesTogetherAreBounded) {
    std::string many = "var a = [ ";
    for (int i = 0; i < 600'000; ++i) many += "1,";
    many += " ]\n";
    const auto made = pushed({many, many, many, "\n" + many});
    EXPECT_FALSE(made.complete);
    EXPECT_EQ(made.refused.back().why, Why::limit);
    EXPECT_EQ(made.refused.back().place.file, "web/d.conf") << "the one that was too much, though nothing of it ran";
    EXPECT_EQ(made.refused.back().place.line, 2u);
}

// Bombs: each ends by a limit, quickly, and says which.
class Bomb : public testing::TestWithParam<const char*> {};

TEST_P(Bomb, EndsWithinTheLimits) {
    Limits limits;
    limits.steps = 2'000'000;
    limits.bytes = 64 * 1024 * 1024;
    limits.objects = 10'000;
    const auto made = pushed({GetParam()}, limits);
    ASSERT_FALSE(made.refused.empty());
    EXPECT_EQ(made.refused.back().why, Why::limit) << made.refused.back().message;
    EXPECT_LE(made.bytes, limits.bytes);
}

INSTANTIATE_TEST_SUITE_P(
    Evaluator, Bomb,
    testing::Values("while (true) { }", "var f = function(g) { g(g) }; f(f)", "var a = \"xxxxxxxxxxxxxxxx\"; while (true) { a = a + a }",
                    "var a = [ 1 ]; while (true) { a = a + a }", "var d = {}; var i = 0; while (true) { d[i] = i; i += 1 }",
                    "template Host \"t\" { import \"t\" }\nobject Host \"h\" { import \"t\" }",
                    "for (i in range(100000)) { object Host \"h\" + i { check_command = \"x\" } }",
                    "for (i in range(200)) { object Host \"h\" + i { check_command = \"x\" } }\n"
                    "apply Service \"s\" for (x in range(100)) { check_command = \"x\" }",
                    "var a = [ 1 ]; for (i in range(30)) { a = [ a, a ] }; object Host \"h\" use(a) { check_command = \"x\"; vars.a = a }",
                    "object Host \"h\" { check_command = \"x\"; vars.a = []; vars.a.add(vars.a) }", "var a = []; a[900000000] = 1",
                    "range(1000000000)",
                    "var a = [ 1 ]; var b = [ 1 ]; for (i in range(30)) { a = [ a, a ]; b = [ b, b ] }; var c = a == b",
                    "const A = range(100000); for (x in A) { for (y in A) { } }"));

TEST(Evaluator, ChainsAndOperatorsOfAnyLengthAreWalkedFlat) {
    std::string chain = "var a = {}\nvar b = a";
    for (int i = 0; i < 50'000; ++i) chain += ".a";
    std::string sum = "\nobject Host \"h\" { check_command = \"x\"; vars.n = 1";
    for (int i = 0; i < 50'000; ++i) sum += "+1";
    const auto made = pushed({chain + sum + " }"});
    ASSERT_TRUE(made.refused.empty()) << made.refused.front().message;
    EXPECT_EQ(attribute(find(made, "Host", "h"), "vars"), R"({"n":50001})");
}

TEST(Evaluator, ASyntaxErrorCostsItsFileAlone) {
    const auto made =
        pushed({"object Host \"a\" { check_command = \"x\" }\nobject Host \"b\" {", "object Host \"c\" { check_command = \"x\" }"});
    EXPECT_EQ(find(made, "Host", "a"), nullptr);
    EXPECT_NE(find(made, "Host", "c"), nullptr);
    ASSERT_EQ(made.refused.size(), 1u);
    EXPECT_EQ(made.refused.front().why, Why::syntax);
}

}  // namespace
}  // namespace endpointd::dsl
