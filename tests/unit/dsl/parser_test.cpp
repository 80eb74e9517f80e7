#include "dsl/parser.hpp"

#include <gmock/gmock.h>

#include "tree_text.hpp"

namespace endpointd::dsl {
namespace {

using testing::HasSubstr;

struct Parsed {
    std::string tree;   // without the file's own block
    std::string error;  // "line:column: message"
};

Parsed parsed(const std::string& text) {
    const SourceFile file{"t.conf", "t.conf", text};
    Findings findings;
    const std::optional<Node> tree = parse(Source(file), findings);
    EXPECT_EQ(tree.has_value(), findings.ok());
    Parsed result;
    if (!tree) {
        const Finding& first = findings.errors.front();
        result.error = std::to_string(first.line) + ":" + std::to_string(first.column) + ": " + first.message;
        return result;
    }
    for (const Node& statement : tree->children) result.tree += (result.tree.empty() ? "" : " ") + tree_text(statement);
    return result;
}

std::string tree(const std::string& text) {
    const Parsed result = parsed(text);
    return result.error.empty() ? result.tree : "ERROR " + result.error;
}

std::string error(const std::string& text) {
    const Parsed result = parsed(text);
    return result.error.empty() ? "NO ERROR " + result.tree : result.error;
}

TEST(Expressions, AreLiterals) {
    EXPECT_EQ(tree("x = 5m"), "(assign = (name x) (num 300))");
    EXPECT_EQ(tree("x = \"a\\n\""), "(assign = (name x) (str 'a\n'))");
    EXPECT_EQ(tree("x = {{{ raw }}}"), "(assign = (name x) (str ' raw '))");
    EXPECT_EQ(tree("x = true; y = false, z = null"), "(assign = (name x) (bool !)) (assign = (name y) (bool)) (assign = (name z) (null))");
    EXPECT_EQ(tree("x = [ 1,\n 2,\n ]"), "(assign = (name x) (array (num 1) (num 2)))");
    EXPECT_EQ(tree("x = []"), "(assign = (name x) (array))");
    EXPECT_EQ(tree("x = { a = 1, \"-b\" = 2\n c += { } }"),
              "(assign = (name x) (dict (assign = (name a) (num 1)) (assign = (str '-b') (num 2)) (assign += (name c) (dict))))");
    EXPECT_EQ(tree("@object = current_line"), "(assign = (name object) (place current_line))");
}

TEST(Expressions, BindAsTheTableOfOperatorsSays) {
    EXPECT_EQ(tree("1 + 2 * 3 - 4"), "(op + - (num 1) (op * (num 2) (num 3)) (num 4))");
    EXPECT_EQ(tree("(1 - 2) - 3"), "(op - (op - (num 1) (num 2)) (num 3))");
    EXPECT_EQ(tree("1 - (2 - 3)"), "(op - (num 1) (op - (num 2) (num 3)))");
    EXPECT_EQ(tree("a || b && c == d + 1"), "(op || (name a) (op && (name b) (op == (name c) (op + (name d) (num 1)))))");
    EXPECT_EQ(tree("a && b || c && d || e"), "(op || || (op && (name a) (name b)) (op && (name c) (name d)) (name e))");
    EXPECT_EQ(tree("!a in b !in c"), "(op in !in (prefix ! (name a)) (name b) (name c))");
    EXPECT_EQ(tree("1 | 2 ^ 3 & 4 << 5 < 6"), "(op | (num 1) (op ^ (num 2) (op & (num 3) (op < (op << (num 4) (num 5)) (num 6)))))");
    EXPECT_EQ(tree("-!x.y"), "(prefix - ! (chain (name x) (. y)))");
    EXPECT_EQ(tree("&a.b"), "(prefix & (chain (name a) (. b)))");
}

TEST(Expressions, ChooseToTheRight) {
    EXPECT_EQ(tree("a ? b : c ? d : e"), "(?: (name a) (name b) (name c) (name d) (name e))");
    EXPECT_EQ(tree("a || b ? c + 1 : 2"), "(?: (op || (name a) (name b)) (op + (name c) (num 1)) (num 2))");
}

TEST(Expressions, ReachIntoEachOther) {
    EXPECT_EQ(tree("a.b[\"c\"](1, 2).object"), "(chain (name a) (. b) ([] (str 'c')) (call (num 1) (num 2)) (. object))");
    EXPECT_EQ(tree("f(\n1,\n2\n)"), "(chain (name f) (call (num 1) (num 2)))");
    EXPECT_EQ(tree("globals.x = this.y"), "(assign = (chain (scope globals) (. x)) (chain (scope this) (. y)))");
    EXPECT_EQ(tree("\"a\".len()"), "(chain (str 'a') (. len) (call))");
}

TEST(Expressions, AreFunctions) {
    EXPECT_EQ(tree("x = {{ macro(\"$a$\") }}"), "(assign = (name x) (fn ! (block (chain (name macro) (call (str '$a$'))))))");
    EXPECT_EQ(tree("function f(a, b) use(c, d = 1) { return a }"), "(fn f a b (block (leave return (name a))) (use c -) (use d (num 1)))");
    EXPECT_EQ(tree("x = function() { }"), "(assign = (name x) (fn (block)))");
    EXPECT_EQ(tree("m = x => x + 1"), "(assign = (name m) (fn x (op + (name x) (num 1))))");
    EXPECT_EQ(tree("m = (a, b) => a"), "(assign = (name m) (fn a b (name a)))");
    EXPECT_EQ(tree("m = () => 1"), "(assign = (name m) (fn (num 1)))");
    EXPECT_EQ(tree("l.map(x => y => x)"), "(chain (name l) (. map) (call (fn x (fn y (name x)))))");
}

TEST(Statements, Define) {
    EXPECT_EQ(tree("object Host \"h\" { address = \"1\" }"),
              "(define object (name Host) (str 'h') (block (assign = (name address) (str '1'))))");
    EXPECT_THAT(error("template CheckCommand \"t\" default use(x) { }"), HasSubstr("1:35: expected '{', got 'use'"));
    EXPECT_EQ(tree("template CheckCommand \"t\" use(x) default { import \"u\" }"),
              "(define template ! (name CheckCommand) (str 't') (block (import (str 'u'))) (use x -))");
    EXPECT_EQ(tree("object Endpoint NodeName ignore_on_error { }"), "(define object ! (name Endpoint) (name NodeName) (block))");
    EXPECT_EQ(tree("object Zone \"a\" + b { }"), "(define object (name Zone) (op + (str 'a') (name b)) (block))");
}

TEST(Statements, Apply) {
    EXPECT_EQ(tree("apply Service \"s\" { assign where host.name == \"x\"; ignore where true }"),
              "(apply (name Service) (str 's') - - (block (where (op == (chain (name host) (. name)) (str 'x'))) (ignore (bool !))))");
    EXPECT_EQ(tree("apply Service for (k => v in host.vars.d) { }"),
              "(apply k v (name Service) - (chain (name host) (. vars) (. d)) - (block))");
    EXPECT_EQ(tree("apply Notification \"n\" for (x in l) to Host use(a) ignore_on_error { }"),
              "(apply x ! (name Notification) (str 'n') (name l) (name Host) (block) (use a -))");
}

TEST(Statements, AreTheRestOfTheLanguage) {
    EXPECT_EQ(tree("const A = 1; var b; var c = 2"), "(const A (num 1)) (var b -) (var c (num 2))");
    EXPECT_EQ(tree("include \"a\"\ninclude <itl>\ninclude_recursive \"d\", \"*.x\"\ninclude_zones \"t\", \"d\""),
              "(include include (str 'a')) (include include ! (str 'itl')) (include include_recursive (str 'd') (str '*.x')) "
              "(include include_zones (str 't') (str 'd'))");
    EXPECT_EQ(tree("if (a) { 1 } else if (b) { 2 } else { 3 }"),
              "(if ! (name a) (block (num 1)) (name b) (block (num 2)) (block (num 3)))");
    EXPECT_EQ(tree("while (a) { break; }"), "(loop while (name a) (block (leave break -)))");
    EXPECT_EQ(tree("for (k => v in d) { continue\n }"), "(loop for k v (name d) (block (leave continue -)))");
    EXPECT_EQ(tree("try { throw \"x\" } except { return }"), "(try (block (leave throw (str 'x'))) (block (leave return -)))");
    EXPECT_EQ(tree("namespace N { x = 1 }\nusing N\nlibrary \"l\"\ndebugger"),
              "(namespace (name N) (block (assign = (name x) (num 1)))) (using (name N)) (library (str 'l')) (debugger)");
    EXPECT_EQ(tree("x = if (a) { 1 }"), "(assign = (name x) (if (name a) (block (num 1))))");
}

TEST(Errors, ShowTheLineAndACaret) {
    EXPECT_EQ(error("object Host \"h\" {\n  a = = 1\n}"), "2:7: expected a value, got '='\n    a = = 1\n        ^");
    EXPECT_THAT(error("x = { a = { b = 1 }}"), HasSubstr("write '} }'"));
    EXPECT_THAT(error("1 < 2 < 3"), HasSubstr("1:7: "));
    EXPECT_THAT(error("f() = 1"), HasSubstr("1:1: nothing can be assigned to this"));
    EXPECT_THAT(error("a\nb = 1"), HasSubstr("1:1: value computed is not used"));
    EXPECT_THAT(error("x = object"), HasSubstr("@object"));
    EXPECT_THAT(error("(a, 1) => a"), HasSubstr("1:5: a parameter is a name"));
    EXPECT_THAT(error("(a, b)"), HasSubstr("expected '=>'"));
    EXPECT_THAT(error("if (a) { }\nelse { }"), HasSubstr("2:1: "));
    EXPECT_THAT(error("x = 1 y = 2"), HasSubstr("1:7: expected the end of the line"));
    EXPECT_THAT(error("throw"), HasSubstr("expected a value"));
    for (const char* text : {"object",
                             "object Host",
                             "template",
                             "apply",
                             "apply S for",
                             "apply S for (",
                             "apply S to",
                             "const",
                             "const A",
                             "var",
                             "import",
                             "include",
                             "for",
                             "for (a",
                             "for (a in",
                             "while",
                             "while (1",
                             "if",
                             "if (1)",
                             "try { }",
                             "namespace",
                             "function",
                             "function f",
                             "function f(",
                             "function f(1)",
                             "x =>",
                             "a.",
                             "a[",
                             "a[1",
                             "f(",
                             "f(1",
                             "[",
                             "[1",
                             "{",
                             "{{",
                             "a ? b",
                             "a ?",
                             "!",
                             "x = ",
                             "assign",
                             "assign where",
                             "x = use",
                             ")",
                             "]",
                             "}",
                             "}}",
                             "\"",
                             "{{{",
                             "a b"}) {
        EXPECT_THAT(error(text), testing::Not(testing::StartsWith("NO ERROR"))) << text;
    }
}

// Each is a file that a peer could push.
TEST(Bounds, HoldWhateverIsRepeated) {
    const auto repeated = [](const std::string& text, std::size_t times) {
        std::string all;
        for (std::size_t i = 0; i < times; ++i) all += text;
        return all;
    };
    constexpr std::size_t kMany = 20'000;
    EXPECT_EQ(parsed("a" + repeated(".a", kMany)).error, "");
    EXPECT_EQ(parsed("1" + repeated("+1", kMany)).error, "");
    EXPECT_EQ(parsed("1" + repeated(" || 1 && 1", kMany)).error, "");
    EXPECT_EQ(parsed("f" + repeated("()", kMany)).error, "");
    EXPECT_EQ(parsed("a" + repeated("[0]", kMany)).error, "");
    EXPECT_EQ(parsed(repeated("!", kMany) + "a").error, "");
    EXPECT_EQ(parsed("a" + repeated(" ? b : c", kMany)).error, "");
    EXPECT_EQ(parsed("if (a) { }" + repeated(" else if (a) { }", kMany)).error, "");
    for (const char* open : {"(", "[", "{ a = ", "{{ ", "f(", "a[", "a ? ", "x => ", "if (", "if (a) { ", "function() { ", "object A { ",
                             "1 * (", "namespace n { ", "try { ", "for (a in b) { ", "-("}) {
        const std::string found = error(repeated(open, kMany));
        EXPECT_TRUE(found.find("nested too deep") != std::string::npos) << open << ": " << found.substr(0, 100);
    }
}

TEST(Bounds, AllowWhatPeopleWrite) {
    std::string deep = "x = 1";
    for (int i = 0; i < 30; ++i) deep = "x = {\n" + deep + "\n}";
    EXPECT_EQ(parsed(deep).error, "");
}

}  // namespace
}  // namespace endpointd::dsl
