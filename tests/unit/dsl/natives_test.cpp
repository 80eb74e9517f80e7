// Claims about the functions of the language: what Icinga's own console says of them,
// and that none of them gets out of bounds or past a budget.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "dsl/natives.hpp"
#include "expression.hpp"

namespace endpointd::dsl {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

TEST(Natives, AreWorthWhatTheRealConsoleSays) {
    std::ifstream table(TEST_SOURCE_DIR "/tests/unit/dsl/console.tsv");
    std::string line;
    int rows = 0;
    while (std::getline(table, line)) {
        if (line.starts_with("# ")) continue;
        const std::size_t tab = line.rfind('\t');
        ASSERT_NE(tab, std::string::npos) << line;
        const std::string expression = line.substr(0, tab), wanted = line.substr(tab + 1);
        const std::string got = worth(expression);
        ++rows;
        if (wanted == "ERROR") EXPECT_THAT(got, StartsWith("ERROR")) << expression;
        else EXPECT_EQ(got, wanted) << expression;
    }
    EXPECT_GT(rows, 400);
}

TEST(Natives, WhatLooksAtTheHostIsRefusedByName) {
    for (const char* call : {"getenv(\"HOME\")", "path_exists(\"/\")", "glob(\"/*\", x => x)", "glob_recursive(\"/\", \"*\", x => x)",
                             "random()", "Math.random()", "get_time()", "sleep(1)", "exit(0)", "ptr([])", "get_check_command(\"a\")",
                             "parse_performance_data(\"a=1\")", "DateTime()", "DateTime(2020, 1, 2, 3, 4, 5)", "DateTime(0).format(\"%H\")",
                             "Host()", "globals.set(\"a\", 1)", "globals.remove(\"NodeName\")", "get_object(CheckCommand, \"a\")"})
        EXPECT_THAT(worth(call), testing::AllOf(StartsWith("ERROR: "), testing::Not(HasSubstr("not defined")))) << call;
    EXPECT_EQ(worth("[ 1 ].map(getenv)"), "ERROR: the function 'getenv' is not available to configuration here");
}

TEST(Natives, ObjectsAreFoundByNameAndServicesByTheirHost) {
    const std::vector<std::pair<std::string, std::string>> objects = {
        {"Host", "h"}, {"Host", "h2"}, {"Service", "h!b"}, {"Service", "h!a"}, {"Service", "h2!c"}};
    EXPECT_EQ(worth("get_host(\"h\").name", {}, objects), "\"h\"");
    EXPECT_EQ(worth("get_host(\"x\")", {}, objects), "null");
    EXPECT_EQ(worth("get_service(\"h\", \"a\").__name", {}, objects), "\"h!a\"");
    EXPECT_EQ(worth("get_service(get_host(\"h2\"), \"c\").name", {}, objects), "\"c\"");
    EXPECT_EQ(worth("get_service(\"\", \"h!a\")", {}, objects), "null");
    EXPECT_EQ(worth("get_services(\"h\").map(s => s.name)", {}, objects), R"(["a","b"])");
    EXPECT_EQ(worth("get_services(\"x\")", {}, objects), "null");
    EXPECT_EQ(worth("get_objects(Host).map(h => h.name)", {}, objects), R"(["h","h2"])");
    EXPECT_EQ(worth("get_object(Service, \"h!b\").name", {}, objects), "\"b\"");
    EXPECT_THAT(worth("get_host(\"h\").clone()", {}, objects), StartsWith("ERROR"));
    EXPECT_THAT(worth("get_host(\"h\").modify_attribute(\"a\", 1)", {}, objects), HasSubstr("not available"));
}

TEST(Natives, PatternsThatRe2CannotTakeAreNamed) {
    for (const char* pattern : {"(?=a)", "(a)\\\\1", "a{1001}", "("})
        EXPECT_THAT(worth("regex(\"" + std::string(pattern) + "\", \"a\")"), StartsWith("ERROR: regex(): the pattern '")) << pattern;
    EXPECT_THAT(worth("regex(range(100000).map(x => \"a\").join(\",\"), \"a\")"), HasSubstr("longer than"));
}

TEST(Natives, ACallbackMayChangeTheArrayItIsCalledFor) {
    EXPECT_EQ(worth("{{ var a = [ 1, 2, 3 ]\n a.map(x => a.add(x))\n a.len() }}()"), "6");
    EXPECT_EQ(worth("{{ var a = [ 1, 2, 3 ]\n a.map(x => a.clear()) }}()"), "[null]");
    EXPECT_EQ(worth("{{ var a = [ 3, 1, 2 ]\n a.sort((x, y) => { a.clear()\n x < y }) }}()"), "[1,2,3]");
    EXPECT_EQ(worth("{{ var a = [ 3, 1, 2 ]\n a.reduce((x, y) => { a.clear()\n x + y }) }}()"), "4");
    EXPECT_EQ(worth("{{ var a = [ 3, 1, 2 ]\n a.all(x => { a.clear()\n true }) }}()"), "true");
}

TEST(Natives, ASortWithAnyOrderKeepsEveryElement) {
    for (const char* order : {"true", "false", "x", "y", "x != y", "x % 3 < y % 2", "x > 50"})
        EXPECT_EQ(worth("range(100).sort((x, y) => " + std::string(order) + ").sort()"), worth("range(100)")) << order;
    EXPECT_THAT(worth("range(100).sort((x, y) => x.nothing)"), StartsWith("ERROR"));
}

TEST(Natives, WhatHoldsItselfIsNeitherClonedNorEncodedForEver) {
    EXPECT_THAT(worth("{{ var a = []\n a.add(a)\n a.clone() }}()"), HasSubstr("holds itself"));
    EXPECT_THAT(worth("{{ var a = {}\n a.set(\"a\", a)\n a }}()"), HasSubstr("holds itself"));
    EXPECT_EQ(worth("{{ var a = [ 1 ]\n for (i in range(60)) { a = [ a, a ] }\n a.clone() }}()"), "LIMIT");
    EXPECT_EQ(worth("{{ var a = [ 1 ]\n for (i in range(30)) { a = [ a, a ] }\n a }}()"), "LIMIT");
    EXPECT_THAT(worth("Json.decode(range(40).map(x => \"[\").join(\" \") + range(40).map(x => \"]\").join(\" \"))"),
                HasSubstr("Json.decode()"));
}

// Each would take gigabytes or hours; the budget is a small one so that the test is quick.
class Bomb : public testing::TestWithParam<const char*> {};

TEST_P(Bomb, EndsWithinItsBudget) {
    Limits limits;
    limits.steps = 200'000;
    limits.bytes = 8 * 1024 * 1024;
    EXPECT_EQ(worth("{{ var s = \"aaaaaaaa\"\n for (i in range(14)) { s = s + s }\n" + std::string(GetParam()) + " }}()", limits), "LIMIT");
}

INSTANTIATE_TEST_SUITE_P(All, Bomb,
                         testing::Values("range(1000000000)", "range(0, 1, 0.0000000001)", "s.replace(\"a\", s)",
                                         "s.split(\"a\").map(x => s).join(s)", "var a = range(1000)\n while (true) { a = union(a, a) }",
                                         "while (true) { s.contains(s) }", "match(\"*\" + s + \"b\", s)",
                                         "while (true) { regex(\"(a|b)*c\", s) }", "while (true) { regex(\"(\", s) }",
                                         "while (true) { Json.decode(\"[]\") }", "while (true) { s.upper() }",
                                         "Json.encode(range(1000).map(x => s))",
                                         "var a = [ 1 ]\n while (true) { a.add(a.shallow_clone()) }",
                                         "while (true) { range(1000).sort((x, y) => y) }", "while (true) { escape_shell_arg(s) }"));

TEST(Natives, ASearchWithALongNeedleIsLinear) {
    // 4 MB of one letter against 2 MB of it with another one at the end: a product of both would take hours.
    EXPECT_EQ(worth("{{ var s = \"aaaaaaaa\"\n for (i in range(19)) { s = s + s }\n s.contains(s.substr(0, 2000000) + \"b\") }}()"),
              "false");
}

}  // namespace
}  // namespace endpointd::dsl
