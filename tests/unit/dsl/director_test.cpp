#include "dsl/director.hpp"

#include <gtest/gtest.h>

#include <string>

#include "dsl/evaluation.hpp"
#include "dsl/parser.hpp"
#include "tree_text.hpp"

namespace endpointd::dsl {
namespace {

Node parsed(const std::string& text) {
    const SourceFile file{"basics.conf", "basics.conf", text};
    Findings findings;
    std::optional<Node> tree = parse(Source(file), findings);
    EXPECT_TRUE(tree) << text << '\n' << (findings.errors.empty() ? "" : findings.errors.front().message);
    return tree ? std::move(*tree) : Node();
}

std::optional<DirectorStatement> first(const std::string& text) {
    const Node tree = parsed(text);
    if (tree.children.size() != 1) {
        ADD_FAILURE() << text;
        return std::nullopt;
    }
    return recognise(tree.children.front());
}

std::string replaced(const std::string& text, const std::string& from, const std::string& to) {
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return std::string(text).replace(at, from.size(), to);
}

// Our own writing of what is shipped: the trees count, not the layout.
std::string warn_once(const std::string& about, const std::string& open = "function() {", const std::string& close = "}") {
    const std::string flag = "globals.directorWarnedOnceFor" + about;
    return "globals.directorWarnOnceFor" + about + " = " + open + " if (" + flag + " == false) { " + flag +
           " = true; log(LogWarning, \"config\", \"not here\") } " + close;
}

std::string overrides(const std::string& key) {
    std::string of = "host.vars[DirectorOverrideVars][" + (key.empty() ? "name" : key) + "]";
    std::string text =
        "if (!globals.contains(DirectorOverrideTemplate)) { const DirectorOverrideVars = \"_overrides\"\n"
        "globals.directorWarnedOnceForServiceWithoutHost = false; " +
        warn_once("ServiceWithoutHost") +
        "\ntemplate Service DirectorOverrideTemplate { if (!host) { var host = get_host(host_name) }\n"
        "if (!host) { globals.directorWarnOnceForServiceWithoutHost() }\n";
    if (!key.empty()) text += "var " + key + " = name; if (vars." + key + ") { " + key + " = vars." + key + " }\n";
    text += "if (vars) { vars += " + of + " } else { vars = " + of + " }\n";
    if (!key.empty()) text += "vars.remove(\"" + key + "\")\n";
    return text + "} }";
}

const std::string kFallback =
    "if (!globals.System || !System.get_template || !get_template(CheckCommand, \"ifw-api-check-command\")) {\n"
    " object CheckCommand \"ifw-api\" { import \"plugin-check-command\" } }";

std::string all() {
    return "const DirectorStageDir = dirname(dirname(current_filename))\nglobals.directorWarnedOnceForThresholds = false\n" +
           warn_once("Thresholds") + "\n" + overrides("overridenVar") + "\n" + kFallback + "\n";
}

TEST(Director, EveryStatementThatMayNotBePushedHasItsReplacement) {
    const Node tree = parsed(all());
    ASSERT_EQ(tree.children.size(), 5u);
    for (const Node& statement : tree.children) {
        const auto known = recognise(statement);
        ASSERT_TRUE(known) << *form_of(statement, 100'000);
        EXPECT_EQ(known->block.kind, NodeKind::block);
    }
}

TEST(Director, AllVersionsOfTheTemplateAreKnown) {
    for (const std::string key : {"", "overridenVar", "overriddenVar"}) {
        const auto known = first(overrides(key));
        ASSERT_TRUE(known) << key;
        EXPECT_NE(known->what.find(key), std::string_view::npos);
        ASSERT_EQ(known->block.children.size(), 3u);
        EXPECT_EQ(tree_text(known->block.children[0]), "(const DirectorOverrideVars (str '_overrides'))");
        const std::string made = tree_text(known->block.children[2]);
        EXPECT_EQ(made.find("(define template (name Service) (name DirectorOverrideTemplate)"), 0u) << made;
        EXPECT_EQ(made.find("KEY"), std::string::npos);
    }
}

TEST(Director, TheWarningIsKnownAsFunctionAndInBraces) {
    const auto function = first(warn_once("Thresholds"));
    const auto braces = first(warn_once("Thresholds", "{{", "}}"));
    ASSERT_TRUE(function && braces);
    EXPECT_EQ(tree_text(function->block), "(block (const directorWarnOnceForThresholds (fn (block))))");
    EXPECT_EQ(tree_text(function->block), tree_text(braces->block));
}

TEST(Director, ReplacementsHoldNothingThatPushedTextMayNotDo) {
    const Node tree = parsed(all());
    for (const Node& statement : tree.children) {
        const auto known = recognise(statement);
        ASSERT_TRUE(known);
        for (const Node& own : known->block.children)
            EXPECT_TRUE(own.kind == NodeKind::constant || (own.kind == NodeKind::definition && own.text == "template")) << tree_text(own);
    }
}

TEST(Director, TheCommandItShipsIsNotMade) {
    const auto known = first(kFallback);
    ASSERT_TRUE(known);
    EXPECT_TRUE(known->block.children.empty());
}

TEST(Director, CommentsAndLayoutDoNotCount) {
    EXPECT_TRUE(first("/* a */ const   DirectorStageDir = dirname( \n dirname(current_filename)) // b"));
    EXPECT_TRUE(first(replaced(overrides(""), "if (vars) {", "# c\n if  (vars) /* d */ {\n\n")));
}

TEST(Director, TheReplacementStandsWhereTheStatementStood) {
    const Node tree = parsed("\n\n  " + overrides(""));
    const auto known = recognise(tree.children.front());
    ASSERT_TRUE(known);
    const Node& made = known->block.children[2];
    EXPECT_EQ(made.at.line, 3u);
    EXPECT_EQ(made.at.column, 3u);
    EXPECT_EQ(made.children.back().at.line, 3u);
}

TEST(Director, ALookAlikeWithAnythingElseInItIsNotKnown) {
    const std::string good = overrides("overridenVar");
    ASSERT_TRUE(first(good));
    const std::pair<std::string, std::string> changes[] = {
        {"vars.remove(\"overridenVar\")", "vars.remove(\"overridenVar\"); check_command = \"evil\""},
        {"vars.remove(\"overridenVar\")", "vars.remove(\"other\")"},
        {"template Service", "template Host"},
        {"template Service", "object CheckCommand \"evil\" { command = [ \"id\" ] }; template Service"},
        {"template Service DirectorOverrideTemplate", "template Service \"generic\""},
        {"template Service DirectorOverrideTemplate {", "template Service DirectorOverrideTemplate default {"},
        {"template Service DirectorOverrideTemplate {", "template Service DirectorOverrideTemplate use(name) {"},
        {"const DirectorOverrideVars = \"_overrides\"", "const DirectorOverrideVars = getenv(\"HOME\")"},
        {"const DirectorOverrideVars = \"_overrides\"", "const DirectorOverrideVars = \"a\" + \"b\""},
        {"= false", "= 0"},
        {"log(LogWarning", "log(LogCritical"},
        {"\"not here\"", "glob(\"/*\")"},
        {"\"not here\")", "\"not here\", 1)"},
        {"get_host(host_name)", "get_host(\"other\")"},
        {"!globals.contains", "globals.contains"},
        {"!globals.contains(DirectorOverrideTemplate)", "!globals.contains(\"\")"},
        {"} }", "} } else { globals.x = 1 }"},
    };
    for (const auto& [from, to] : changes) {
        // Of " } }" the last one counts.
        const std::string text = from == "} }" ? good.substr(0, good.size() - 3) + to : replaced(good, from, to);
        EXPECT_FALSE(first(text)) << text;
    }
    EXPECT_FALSE(first("const DirectorStageDir = dirname(current_filename)"));
    EXPECT_FALSE(first("globals.directorWarnedOnceForThresholds = true"));
    EXPECT_FALSE(first("globals.other = false"));
    EXPECT_FALSE(first("globals.directorWarnedOnceForThresholds += false"));
    EXPECT_FALSE(first(replaced(kFallback, "plugin-check-command\"", "plugin-check-command\"; command = [ \"id\" ]")));
}

// What is written as text in the forms cannot be put into a text.
TEST(Director, ATextCannotPassForAForm) {
    const auto known = first(replaced(overrides(""), "_overrides", "x'))) (name 'y %s \\\\27"));
    ASSERT_TRUE(known);
    EXPECT_EQ(known->block.children[0].children.front().text, "x'))) (name 'y %s \\27");
    EXPECT_NE(*form_of(parsed("x = \"a' :'b\""), 1000), *form_of(parsed("x = \"a\""), 1000));
    EXPECT_NE(*form_of(parsed("x = \"\\\\27\""), 1000), *form_of(parsed("x = \"'\""), 1000));
    EXPECT_NE(*form_of(parsed("x = 1"), 1000), *form_of(parsed("x = 1.0000001"), 1000));
}

TEST(Director, FormsEndWhereTheyGrowTooLong) {
    EXPECT_FALSE(form_of(parsed("x = \"" + std::string(2'000'000, 'a') + "\""), 1000));
    EXPECT_FALSE(first("globals.x = " + std::string(90, '[') + std::string(90, ']') + " + \"" + std::string(100'000, 'b') + "\""));
    std::string sum = "globals.x = 1";
    for (int i = 0; i < 100'000; ++i) sum += "+1";
    EXPECT_FALSE(first(sum));
}

// As it is rendered: the basics, a host with overrides, a service of its own and one applied.
TEST(Director, ServicesGetWhatTheirHostOverrides) {
    for (const std::string key : {"", "overridenVar"}) {
        const std::string basics =
            "const DirectorStageDir = dirname(dirname(current_filename))\nglobals.directorWarnedOnceForThresholds = false\n" +
            warn_once("Thresholds") + "\nconst DirectorOverrideTemplate = \"host var overrides (Director)\"\n" + overrides(key) + "\n" +
            kFallback + "\n";
        const std::string services = R"(
object Host "web1" { check_command = "hostalive"; vars["_overrides"] = { own = { warn = 5 }, applied = { warn = 7 } } }
object Service "own" { host_name = "web1"; check_command = "disk"; vars.warn = 1; vars.crit = 2
    try { flapping_threshold_high = 30 } except { globals.directorWarnOnceForThresholds() }
    import DirectorOverrideTemplate }
apply Service "applied" { check_command = "disk"; assign where true
    import DirectorOverrideTemplate }
apply Service "plain" { check_command = "disk"; assign where true
    import DirectorOverrideTemplate }
)";
        const std::vector<ZoneFile> files = {{"agent", {"z/a.conf", "a.conf", basics}}, {"agent", {"z/b.conf", "b.conf", services}}};
        const Evaluation made = evaluate(files, Authority::pushed, {}, {});
        for (const Refused& refused : made.refused)
            ADD_FAILURE() << refused.place.file << ':' << refused.place.line << ' ' << refused.message;
        const auto vars = [&](std::string_view name) {
            for (const Object& object : made.objects)
                if (object.name == name)
                    if (const json::Value* found = object.attributes.find("vars")) return json::to_text(*found);
            return std::string("none");
        };
        EXPECT_EQ(vars("web1!own"), R"({"crit":2,"warn":5})");
        EXPECT_EQ(vars("web1!applied"), R"({"warn":7})");
        EXPECT_EQ(vars("web1!plain"), "none");
    }
}

TEST(Director, AWriteToGlobalsBesideItIsRefusedAsEver) {
    const std::vector<ZoneFile> files = {
        {"agent", {"z/a.conf", "a.conf", "globals.directorWarnedOnceForThresholds = false\nglobals.directorOther = false\n"}}};
    const Evaluation made = evaluate(files, Authority::pushed, {}, {});
    ASSERT_EQ(made.refused.size(), 1u);
    EXPECT_EQ(made.refused.front().why, Why::statement);
    EXPECT_EQ(made.refused.front().place.line, 2u);
}

}  // namespace
}  // namespace endpointd::dsl
