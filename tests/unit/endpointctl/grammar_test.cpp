#include <set>

#include <gmock/gmock.h>

#include "run_ctl.hpp"

namespace endpointd::ctl {
namespace {

using test::Ran;
using test::run_ctl;
using testing::HasSubstr;
using testing::StartsWith;

TEST(Grammar, HelpIsDone) {
    const Ran ran = run_ctl({"--help"});
    EXPECT_EQ(ran.status, kDone);
    EXPECT_THAT(ran.out, HasSubstr("catalog"));
    EXPECT_THAT(ran.out, HasSubstr("Exit status: 0 done or allowed"));
    EXPECT_EQ(ran.err, "");
}

TEST(Grammar, EveryVerbHasHelp) {
    for (const Verb& verb : verbs()) {
        std::vector<std::string> arguments;
        const std::string words(verb.words);
        const std::size_t space = words.find(' ');
        arguments.push_back(words.substr(0, space));
        if (space != std::string::npos) arguments.push_back(words.substr(space + 1));
        arguments.push_back("--help");
        const Ran ran = run_ctl(arguments);
        EXPECT_EQ(ran.status, kDone) << words;
        EXPECT_THAT(ran.out, HasSubstr(std::string(verb.help)));
        for (const Parameter& parameter : verb.parameters) EXPECT_THAT(ran.out, HasSubstr(std::string(parameter.name))) << words;
    }
}

TEST(Grammar, VersionIsDone) {
    const Ran ran = run_ctl({"--version"});
    EXPECT_EQ(ran.status, kDone);
    EXPECT_THAT(ran.out, testing::MatchesRegex("endpointctl [0-9]+\\.[0-9]+\\.[0-9]+\n"));
}

TEST(Grammar, NoVerbIsWrongUsage) {
    const Ran ran = run_ctl({});
    EXPECT_EQ(ran.status, kUsage);
    EXPECT_THAT(ran.err, StartsWith("endpointctl: usage: "));
    EXPECT_EQ(ran.out, "");
}

TEST(Grammar, AMistypedVerbGetsAHint) {
    EXPECT_EQ(run_ctl({"statsu"}).err, "endpointctl: usage: there is no verb 'statsu'; did you mean 'status'?\n");
    EXPECT_EQ(run_ctl({"audit", "lst"}).err, "endpointctl: usage: there is no verb 'audit lst'; did you mean 'audit list'?\n");
    EXPECT_EQ(run_ctl({"--json", "--run", "/x", "config", "frobnicate"}).err,
              "endpointctl: usage: there is no verb 'config frobnicate'; there are: config validate, config filter, config reload\n");
    EXPECT_EQ(run_ctl({"frobnicate"}).err, "endpointctl: usage: there is no verb 'frobnicate'; see endpointctl --help\n");
    EXPECT_EQ(run_ctl({"frobnicate"}).status, kUsage);
}

TEST(Grammar, VerbsThatAreNotThereAreUnknown) {
    for (const std::vector<std::string>& verb :
         {std::vector<std::string>{"pki", "show"}, {"node", "setup"}, {"config", "diff"}, {"caps", "lend"}, {"web"}}) {
        const Ran ran = run_ctl(verb);
        EXPECT_EQ(ran.status, kUsage) << verb[0];
        EXPECT_THAT(ran.err, StartsWith("endpointctl: usage: there is no verb '"));
    }
}

TEST(Grammar, AGroupAloneIsWrongUsage) {
    const Ran ran = run_ctl({"audit"});
    EXPECT_EQ(ran.status, kUsage);
    EXPECT_THAT(ran.err, HasSubstr("endpointctl: "));
}

TEST(Grammar, WrongOptionsAreWrongUsage) {
    for (const std::vector<std::string>& line : {std::vector<std::string>{"status", "--frob"},
                                                 {"status", "extra"},
                                                 {"audit", "list", "--limit"},
                                                 {"audit", "show"},
                                                 {"caps", "check", "m"},
                                                 {"caps", "grant", "m", "execute", "--for", "2h"},
                                                 {"caps", "grant", "m", "execute", "--reason", "x"},
                                                 {"caps", "revoke"},
                                                 {"audit", "list", "--limit", "1", "--limit", "2"},
                                                 {"catalog", "show", "a", "b"}}) {
        const Ran ran = run_ctl(line);
        EXPECT_EQ(ran.status, kUsage) << line[0] << " " << line[1];
        EXPECT_THAT(ran.err, StartsWith("endpointctl: "));
        EXPECT_THAT(ran.err, HasSubstr("--help)\n"));
        EXPECT_EQ(ran.out, "");
    }
}

TEST(Grammar, WrongValuesAreJudgedWithoutADaemon) {
    const std::pair<std::vector<std::string>, const char*> cases[] = {
        {{"audit", "list", "--decision", "refused"},
         "endpointctl: audit list: unknown decision 'refused'; known: rejected, accepted, denied, executed, changed\n"},
        {{"audit", "list", "--reason", "because"}, "known: command-pushed, "},
        {{"audit", "list", "--since", "soon"},
         "endpointctl: audit list: 'soon' is neither a time (2026-11-20T16:55:00Z) nor a duration before now (2h)\n"},
        {{"audit", "list", "--limit", "0"}, "limit '0' is no whole number from 1 to 10000"},
        {{"audit", "show", "x"}, "ID 'x' is no whole number from 1 to"},
        {{"audit", "review", "0"}, "ID '0' is no whole number from 1 to"},
        {{"audit", "export", "--format", "xml"}, "unknown format 'xml'; known: jsonl, csv"},
        {{"audit", "export", "--since", "x"}, "'x' is neither a time"},
        {{"caps", "grant", "m", "execute", "--reason", "r", "--for", "soon"}, "endpointctl: caps grant: --for: "},
        {{"caps", "grant", "m", "execute", "--reason", "r", "--for", "2h", "--scope", "{"}, "--scope is not JSON: "},
        {{"caps", "grant", "m", "execute", "--reason", "r", "--for", "2h", "--scope", "[]"}, "--scope is a JSON object"},
        {{"caps", "revoke", "lease:"}, "is no whole number from 1 to"},
        {{"caps", "revoke", "caps.d/x.json:4"}, "is no whole number from 1 to"},
        {{"catalog", "run", "disk", "--param", "x"}, "a parameter is written name=value, not 'x'"},
        {{"catalog", "render", "disk", "--param", "x"}, "--param takes NAME=VALUE, not 'x'"},
        {{"config", "validate", "/nonexistent/tree"}, "'/nonexistent/tree' is no directory that can be read"},
        {{"config", "validate", "/", "--as", "caps"}, "--as KIND and --file FILE go together"},
        {{"config", "validate", "/", "--as", "capz", "--file", "/dev/null"}, "unknown kind 'capz'; known: settings, catalog, caps, zones"},
        {{"config", "validate", "/", "--as", "caps", "--file", "/nonexistent"}, "'/nonexistent' is no file that can be read"},
    };
    for (const auto& [line, text] : cases) {
        const Ran ran = run_ctl(line);
        EXPECT_EQ(ran.status, kUsage) << text;
        EXPECT_THAT(ran.err, HasSubstr(text));
        EXPECT_EQ(ran.out, "");
    }
}

TEST(Grammar, WithoutADaemonTheAnswerIsThree) {
    for (const std::vector<std::string>& line : {std::vector<std::string>{"status"},
                                                 {"caps", "show"},
                                                 {"caps", "check", "m", "execute"},
                                                 {"caps", "grant", "m", "execute", "--for", "2h", "--reason", "r"},
                                                 {"caps", "revoke", "7"},
                                                 {"audit", "list"},
                                                 {"audit", "show", "1"},
                                                 {"audit", "follow"},
                                                 {"audit", "review", "1"},
                                                 {"audit", "export"},
                                                 {"export", "parent-config"},
                                                 {"catalog", "list"},
                                                 {"catalog", "show", "d"},
                                                 {"catalog", "render", "d"},
                                                 {"catalog", "run", "d"},
                                                 {"config", "reload"}}) {
        std::vector<std::string> arguments = line;
        arguments.insert(arguments.end(), {"--run", "/nonexistent/run", "--config", "/nonexistent/etc"});
        const Ran ran = run_ctl(arguments);
        EXPECT_EQ(ran.status, kUnreachable) << line[0];
        EXPECT_THAT(
            ran.err,
            HasSubstr(": cannot reach the daemon at /nonexistent/run/admin.sock: No such file or directory; is endpointd running?"));
        EXPECT_EQ(ran.out, "");
    }
}

TEST(Grammar, ARunDirectoryTooLongIsSaidSo) {
    const Ran ran = run_ctl({"--run", "/" + std::string(120, 'x'), "status"});
    EXPECT_EQ(ran.status, kUnreachable);
    EXPECT_THAT(ran.err, HasSubstr("has more than 107 bytes; choose a shorter --run directory"));
}

TEST(Grammar, CommandsMayBeNamedLikeVerbs) {
    // "status" and "list" are names here, not verbs.
    for (const char* name : {"status", "list", "audit"}) {
        const Ran ran = run_ctl({"catalog", "show", name, "--run", "/nonexistent/run"});
        EXPECT_EQ(ran.status, kUnreachable) << name << ran.err;
    }
}

TEST(Grammar, WordsAreUnique) {
    std::set<std::string_view> words;
    for (const Verb& verb : verbs()) EXPECT_TRUE(words.insert(verb.words).second) << verb.words;
}

}  // namespace
}  // namespace endpointd::ctl
