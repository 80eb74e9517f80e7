// `catalog import`: what becomes of command definitions. No daemon, no configuration.

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

#include <gmock/gmock.h>

#include "catalog/catalog.hpp"
#include "fake_daemon.hpp"
#include "json/document.hpp"
#include "run_ctl.hpp"

namespace endpointd::ctl {
namespace {

using test::Ran;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Answer {
    int status = 0;
    json::Value all;
    std::vector<std::string> imported;

    const json::Value& entry(const std::string& name) const {
        static const json::Value kNone;
        const json::Value* found = all.object()->find("catalog")->object()->find("commands")->object()->find(name);
        return found ? *found : kNone;
    }
    const json::Value& rule(const std::string& name, const std::string& parameter) const {
        static const json::Value kNone;
        const json::Value* parameters = entry(name).object() ? entry(name).object()->find("parameters") : nullptr;
        const json::Value* found = parameters ? parameters->object()->find(parameter) : nullptr;
        return found ? *found : kNone;
    }
    std::string reason(const std::string& name) const { return text("refused", name, "reason"); }
    std::string notes(const std::string& name) const { return text("notes", name, "note"); }

private:
    std::string text(const char* list, const std::string& name, const char* member) const {
        std::string found;
        for (const json::Value& one : *all.object()->find(list)->array()) {
            if (*one.object()->find("name")->string() == name) found += *one.object()->find(member)->string() + "\n";
        }
        return found;
    }
};

class Import : public testing::Test {
protected:
    std::string write(const std::string& name, const std::string& text) const {
        const std::string path = directory.path() + "/" + name;
        std::ofstream(path) << text;
        return path;
    }
    static Answer run(std::vector<std::string> files, const std::vector<std::string>& more = {}) {
        std::vector<std::string> arguments{"catalog", "import", "--json"};
        arguments.insert(arguments.end(), files.begin(), files.end());
        arguments.insert(arguments.end(), more.begin(), more.end());
        const Ran ran = test::run_ctl(arguments);
        Answer answer;
        answer.status = ran.status;
        const Result<json::Value> parsed = json::parse(ran.out, {.depth = 64, .values = 1'000'000});
        if (!parsed) {
            ADD_FAILURE() << ran.status << ran.err << ran.out.substr(0, 500);
            return answer;
        }
        answer.all = *parsed;
        for (const json::Value& name : *parsed->object()->find("imported")->array()) answer.imported.push_back(*name.string());
        return answer;
    }
    Answer of(const std::string& text) const { return run({write("t.conf", text)}); }
    // One CheckCommand "c" of /bin/plugin; `body` is the rest of it.
    Answer of_body(const std::string& body) const {
        return of("object CheckCommand \"c\" {\n command = [ \"/bin/plugin\" ]\n" + body + "\n}\n");
    }

    test::TemporaryDirectory directory;
};

TEST_F(Import, MakesAnEntryOfADefinition) {
    const Answer answer = of(R"(
        template CheckCommand "base" { command = [ PluginDir + "/check_x" ]; arguments = { "-H" = "$x_address$" }
            vars.x_address = "$address$"; timeout = 1m }
        object CheckCommand "x" {
            import "plugin-check-command"
            import "base"
            command += [ "-4", 5 ]
            arguments += {
                "-p" = { value = "$x_port$"; description = "TCP port"; required = true; order = -1 }
                "-S" = { set_if = "$x_ssl$"; key = "--ssl" }
                "-w" = { value = "$x_warn$,$x_pl$%", skip_key = true, repeat_key = false, separator = "=" }
            }
            env.LANG = "C"
            vars.x_port = 443
            vars.x_ssl = false
            vars["x_warn"] = 100
        })");
    EXPECT_EQ(answer.status, kDone);
    EXPECT_THAT(answer.imported, ElementsAre("x"));
    const json::Object& entry = *answer.entry("x").object();
    EXPECT_EQ(json::to_text(*entry.find("command")), R"(["/usr/lib/nagios/plugins/check_x","-4","5"])");
    EXPECT_EQ(json::to_text(*entry.find("arguments")),
              R"({"-H":{"value":"$x_address$"},"-S":{"key":"--ssl","set_if":"$x_ssl$"},)"
              R"("-p":{"description":"TCP port","order":-1,"required":true,"value":"$x_port$"},)"
              R"("-w":{"repeat_key":false,"separator":"=","skip_key":true,"value":"$x_warn$,$x_pl$%"}})");
    EXPECT_EQ(json::to_text(*entry.find("env")), R"({"LANG":"C"})");
    EXPECT_EQ(*entry.find("timeout"), json::Value(60));
    EXPECT_EQ(*entry.find("kind"), json::Value("check"));
    EXPECT_EQ(json::to_text(*entry.find("sandbox")), R"({"network":true})");
    EXPECT_EQ(json::to_text(answer.rule("x", "x_port")), R"({"default":443,"max":65535,"min":1,"review":true,"type":"integer"})");
    EXPECT_EQ(json::to_text(answer.rule("x", "x_ssl")), R"({"default":false,"enum":[true,false,1,0],"review":true})");
    EXPECT_EQ(*answer.rule("x", "x_warn").object()->find("default"), json::Value(100));
    EXPECT_EQ(answer.rule("x", "x_address").object()->find("default"), nullptr);
    EXPECT_THAT(answer.notes("x"), HasSubstr("the parent works out and sends: x_address ($address$)"));
}

TEST_F(Import, KnowsTheKindOfEachType) {
    const Answer answer =
        of("object EventCommand \"e\" { command = [ \"/bin/e\" ] }\n"
           "object NotificationCommand \"n\" { command = [ \"/bin/n\", \"$service.name$\" ] }\n"
           "object Host \"h\" { address = \"x\" }\napply Service \"s\" { assign where true }\n");
    EXPECT_THAT(answer.imported, ElementsAre("e", "n"));
    EXPECT_EQ(*answer.entry("e").object()->find("kind"), json::Value("event"));
    EXPECT_EQ(*answer.entry("n").object()->find("kind"), json::Value("notification"));
    EXPECT_TRUE(answer.rule("n", "service.name").object());
    EXPECT_THAT(answer.notes("n"), HasSubstr("service.name"));
}

TEST_F(Import, MarksEveryRuleForReview) {
    const Answer answer =
        of_body(R"(arguments = { "-a" = "$a$", "-b" = { set_if = "$b$" }, "-c" = { value = "$c$"; repeat_key = true } })");
    for (const char* name : {"a", "b", "c"}) EXPECT_EQ(*answer.rule("c", name).object()->find("review"), json::Value(true)) << name;
    EXPECT_EQ(*answer.rule("c", "c").object()->find("type"), json::Value("array"));
}

TEST_F(Import, RefusesWhatOnlyIcingaCanWorkOut) {
    const std::pair<const char*, const char*> cases[] = {
        {R"(arguments = { "-D" = {{ macro("$x$") }} })", "argument '-D' is a function"},
        {R"(arguments = { "-D" = { set_if = {{ true }}; value = "x" } })", "argument '-D': 'set_if' is a function"},
        {R"(arguments = { "-D" = { value = () => "x" } })", "argument '-D': 'value' is a function"},
        {R"(command = {{ "x" }})", "its command is a function"},
        {R"(command += [ len("x") ])", "word 1 of its command is worked out by Icinga"},
        {R"(arguments = get_arguments())", "its arguments is worked out by Icinga"},
        {R"(timeout = SomeTimeout)", "its timeout uses SomeTimeout, which is no constant known here"},
        {R"(if (true) { timeout = 5 })", "its body does more than set attributes (line 3)"},
        {R"(import "nowhere")", "it imports 'nowhere', which is in none of the files given"},
        {R"(import "c")", "it imports 'c', which imports itself"},
        {R"(execute = x)", "'execute' is done inside Icinga"},
        {R"(import "dummy-check-command")", "its work is done inside Icinga (dummy-check-command)"},
        {R"(env.LD_PRELOAD = "$x$")", "decides which code is loaded"},
        {R"(arguments = { "-x" = "$" })", "without its partner"},
    };
    for (const auto& [body, reason] : cases) {
        const Answer answer = of_body(body);
        EXPECT_EQ(answer.status, kNo) << body;
        EXPECT_THAT(answer.imported, IsEmpty()) << body;
        EXPECT_THAT(answer.reason("c"), HasSubstr(reason)) << body;
    }
}

TEST_F(Import, RefusesWrappersAndShells) {
    const std::pair<const char*, const char*> cases[] = {
        {R"([ PluginDir + "/negate", "$x$" ])", "it is a wrapper: negate"},
        {R"([ "/usr/lib/nagios/plugins/check_by_ssh" ])", "it is a wrapper: check_by_ssh"},
        {R"([ "/usr/bin/sudo", "/bin/x" ])", "it is a wrapper: sudo"},
        {R"([ "sudo", "/bin/x" ])", "it is a wrapper: sudo"},
        {R"([ "/bin/sh", "-c", "$x$" ])", "it is a wrapper: sh"},
        {R"([ "/usr/bin/perl", "$x$" ])", "the interpreter perl"},
        {R"("/bin/x $HOSTADDRESS$ | mail")", "a line for a shell"},
        {R"([ "$x$" ])", "its program is chosen by a macro"},
        {R"([ "check_x" ])", "is no absolute path"},
        {R"([ "C:\\x\\check.exe" ])", "a program of Windows"},
        {R"([])", "its command is empty"},
    };
    for (const auto& [command, reason] : cases) {
        const Answer answer = of(std::string("object CheckCommand \"c\" { command = ") + command + " }");
        EXPECT_THAT(answer.reason("c"), HasSubstr(reason)) << command;
    }
    EXPECT_THAT(of("object CheckCommand \"c\" { }").reason("c"), HasSubstr("it has no command line"));
    EXPECT_THAT(of_body(R"(arguments = { "-C" = { value = "$c$"; description = "Command to execute on the peer" } })").reason("c"),
                HasSubstr("macro 'c' takes a command line"));
}

TEST_F(Import, LetsNoParentChooseCode) {
    const Answer answer = of_body(R"(arguments = {
        "-e" = { value = "$tool$"; description = "path to the tool's executable" }
        "-f" = { value = "$fixed$"; description = "path to the binary" }
        "-x" = "$x_extra_opts$"
        "-y" = "$y$" }
        vars.fixed = "/sbin/tool")");
    EXPECT_THAT(answer.imported, ElementsAre("c"));
    EXPECT_TRUE(answer.rule("c", "tool").is_null());
    EXPECT_TRUE(answer.rule("c", "x_extra_opts").is_null());
    EXPECT_EQ(json::to_text(answer.rule("c", "fixed")), R"({"default":"/sbin/tool","enum":["/sbin/tool"],"review":true})");
    EXPECT_TRUE(answer.rule("c", "y").object());
    EXPECT_THAT(answer.notes("c"), HasSubstr("argument '-e' was left out: macro 'tool' chooses what is executed or loaded"));
    EXPECT_THAT(of_body(R"(arguments = { "-e" = { value = "$tool$"; required = true; description = "the executable" } })").reason("c"),
                HasSubstr("is required and chooses"));
}

TEST_F(Import, NamesPasswordsOnACommandLine) {
    EXPECT_THAT(of_body(R"(arguments = { "-p" = "$x_password$" })").notes("c"), HasSubstr("'x_password' looks like a password"));
    EXPECT_THAT(of_body(R"(arguments = { "-C" = "$snmp_community$" })").notes("c"), HasSubstr("looks like a password"));
}

TEST_F(Import, KeepsHostileValuesOutByTheRulesItInfers) {
    const Answer answer = of_body(R"(arguments = { "-H" = "$x_address$", "-p" = "$x_port$", "-w" = "$x_warning$", "-u" = "$x_url$",
        "-f" = { value = "$x_file$"; description = "path to the log" }, "-t" = "$x_timeout$", "-U" = "$x_user$", "-e" = "$free$" })");
    ASSERT_THAT(answer.imported, ElementsAre("c"));
    Findings findings;
    const catalog::Catalog loaded =
        catalog::Catalog::load({{"c.json", "c.json", json::to_text(*answer.all.object()->find("catalog"))}}, findings);
    ASSERT_TRUE(findings.ok());
    const auto& parameters = loaded.find("c")->parameters;
    for (const auto& [name, parameter] : parameters) {
        for (const char* value : {"--help", "-x", "a\nb", "$(id)", "`id`", "a;id", "a|b"}) {
            if (name == "free" && value[0] != '-' && value[1] != '\n') continue;
            if (name == "x_url" && value[0] == 'a') continue;
            EXPECT_FALSE(catalog::judge(parameter, value)) << name << " " << value;
        }
    }
    const std::pair<const char*, std::vector<const char*>> fine[] = {
        {"x_address", {"192.0.2.1", "2001:db8::1", "::1", "web1.example.org"}},
        {"x_port", {"1", "65535"}},
        {"x_warning", {"5", "80%", "10:20", "@1:5", "~:3", "1,2.5", "0.5s", "100.0,20%", "5:"}},
        {"x_url", {"/", "/a/b?c=d", "https://example.org:8443/x"}},
        {"x_file", {"/var/log/syslog", "/", "/a.b/.c"}},
        {"x_timeout", {"10", "1.5", "30s", "10:CRITICAL"}},
        {"x_user", {"nagios", "DOMAIN\\user", "a@b"}}};
    for (const auto& [name, values] : fine) {
        for (const char* value : values) EXPECT_TRUE(catalog::judge(parameters.find(name)->second, value)) << name << " " << value;
    }
    for (const char* value : {"/../etc", "/a/../b", "/a/..", "..", "a/b", "/a/..b/.."}) {
        EXPECT_FALSE(catalog::judge(parameters.find("x_file")->second, value)) << value;
    }
    for (const char* value : {"0", "65536", "-1"}) EXPECT_FALSE(catalog::judge(parameters.find("x_port")->second, value)) << value;
}

TEST_F(Import, TakesOnlyWhatIsSelected) {
    const std::string path = write("t.conf", "object CheckCommand \"a\" { command = [ \"/bin/a\" ] }\nobject CheckCommand \"b\" { }\n");
    EXPECT_EQ(run({path}, {"--select", "a"}).status, kDone);
    const Answer answer = run({path}, {"--select", "a", "--select", "zzz"});
    EXPECT_EQ(answer.status, kNo);
    EXPECT_THAT(answer.imported, ElementsAre("a"));
    EXPECT_THAT(answer.reason("zzz"), HasSubstr("there is no such command"));
}

TEST_F(Import, NamesWhatIsHiddenOrThereTwice) {
    const Answer answer =
        of("if (true) { object CheckCommand \"h\" { command = [ \"/bin/h\" ] } }\n"
           "object CheckCommand \"t\" { command = [ \"/bin/t\" ] }\nobject EventCommand \"t\" { command = [ \"/bin/u\" ] }\n"
           "object CheckCommand \"dummy\" { command = [ \"/bin/d\" ] }\n");
    EXPECT_THAT(answer.imported, ElementsAre("t"));
    EXPECT_THAT(answer.reason("h"), HasSubstr("within another statement"));
    EXPECT_THAT(answer.reason("t"), HasSubstr("another command of this name"));
    EXPECT_THAT(answer.reason("dummy"), HasSubstr("built in"));
}

TEST_F(Import, EndsWhereTemplatesAndValuesGrow) {
    std::string text = "template CheckCommand \"t0\" { vars.x = 1 }\n";
    for (int i = 1; i < 40; ++i) {
        const std::string before = std::to_string(i - 1);
        text += "template CheckCommand \"t" + std::to_string(i) + "\" { import \"t" + before + "\"\n import \"t" + before + "\" }\n";
    }
    text +=
        "object CheckCommand \"c\" { import \"t39\"\n command = [ \"/bin/c\" ] }\nobject CheckCommand \"d\" { vars.x = "
        "\"aaaaaaaaaaaaaaaa\"\n";
    for (int i = 0; i < 40; ++i) text += "vars.x = vars.x + vars.x\n";
    text += "command = [ \"/bin/d\", vars.x ] }\nconst A = B\nconst B = A\nobject CheckCommand \"e\" { command = [ A ] }\n";
    text += "object CheckCommand \"f\" { command = [ \"/bin/f\" ]\nvars.x = 1\n";
    for (int i = 0; i < 40; ++i) text += "vars.x = [ vars.x, vars.x ]\nvars.y = vars\n";
    text += "}\n";
    const Answer answer = of(text);
    EXPECT_THAT(answer.reason("c"), HasSubstr("too large"));
    EXPECT_THAT(answer.reason("d"), HasSubstr("too large"));
    EXPECT_THAT(answer.reason("e"), HasSubstr("which uses itself"));
    EXPECT_THAT(answer.reason("f"), HasSubstr("too large"));
}

TEST_F(Import, OfABrokenFileImportsNothing) {
    const std::string good = write("good.conf", "object CheckCommand \"a\" { command = [ \"/bin/a\" ] }\n");
    const Ran ran = test::run_ctl({"catalog", "import", good, write("bad.conf", "object CheckCommand {{\n")});
    EXPECT_EQ(ran.status, kUsage);
    EXPECT_EQ(ran.out, "");
    EXPECT_THAT(ran.err, HasSubstr("bad.conf:1:"));
    EXPECT_EQ(test::run_ctl({"catalog", "import", directory.path() + "/nowhere"}).status, kUsage);
    EXPECT_EQ(test::run_ctl({"catalog", "import", directory.path()}).status, kUsage);
}

TEST_F(Import, WritesAFileThatIsNotThereYet) {
    const std::string from = write("t.conf", "object CheckCommand \"a\" { command = [ \"/bin/a\", \"$x$\" ] }\n");
    const std::string to = directory.path() + "/out.json";
    const Ran ran = test::run_ctl({"catalog", "import", from, "-o", to});
    EXPECT_EQ(ran.status, kDone);
    EXPECT_EQ(ran.out, "");
    EXPECT_THAT(ran.err, HasSubstr("imported 1, refused 0"));
    struct stat info {};
    ASSERT_EQ(::stat(to.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777, 0644U);
    std::ifstream in(to);
    const std::string text(std::istreambuf_iterator<char>(in), {});
    Findings findings;
    catalog::Catalog::load({{to, "out.json", text}}, findings);
    EXPECT_TRUE(findings.ok());
    EXPECT_EQ(findings.warnings.size(), 1U);
    const Ran again = test::run_ctl({"catalog", "import", from, "-o", to});
    EXPECT_EQ(again.status, kUsage);
    EXPECT_THAT(again.err, HasSubstr("is there already"));
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory.path()), {}), 2) << "nothing is left behind";
}

// Every command of Icinga's template library, where it is installed.
TEST_F(Import, LosesNoCommandOfTheTemplateLibrary) {
    const std::filesystem::path library = "/usr/share/icinga2/include";
    std::vector<std::string> files;
    std::set<std::string> names;
    for (const char* folder : {"", "plugins-contrib.d"}) {
        std::error_code missing;
        for (const auto& file : std::filesystem::directory_iterator(library / folder, missing)) {
            if (file.path().extension() == ".conf") files.push_back(file.path());
        }
    }
    if (files.empty()) GTEST_SKIP() << "Icinga's template library is not installed";
    std::sort(files.begin(), files.end());
    for (const std::string& file : files) {
        std::ifstream in(file);
        for (std::string line; std::getline(in, line);) {
            constexpr std::string_view kBegin = "object CheckCommand \"";
            if (line.starts_with(kBegin)) names.insert(line.substr(kBegin.size(), line.find('"', kBegin.size()) - kBegin.size()));
        }
    }
    const Answer answer = run(files);
    std::set<std::string> accounted(answer.imported.begin(), answer.imported.end());
    for (const json::Value& refused : *answer.all.object()->find("refused")->array()) {
        EXPECT_FALSE(refused.object()->find("reason")->string()->empty());
        EXPECT_TRUE(accounted.insert(*refused.object()->find("name")->string()).second);
    }
    EXPECT_EQ(accounted, names);
    EXPECT_GE(answer.imported.size() * 4, names.size() * 3) << "an import that refuses a quarter helps nobody";
    for (const char* wrapper : {"negate", "by_ssh", "fail2ban"})
        EXPECT_THAT(answer.reason(wrapper), HasSubstr("it is a wrapper")) << wrapper;
    Findings findings;
    const json::Value* catalog = answer.all.object()->find("catalog");
    const catalog::Catalog loaded = catalog::Catalog::load({{"c.json", "c.json", json::to_text(*catalog)}}, findings);
    EXPECT_TRUE(findings.ok()) << findings.errors.front().message;
    for (const std::string& name : answer.imported) {
        const catalog::Command* command = loaded.find(name);
        ASSERT_NE(command, nullptr) << name;
        for (const auto& [parameter, rule] : command->parameters) EXPECT_TRUE(rule.review) << name << " " << parameter;
    }
    std::cout << "imported " << answer.imported.size() << " of " << names.size() << "\n";
}

}  // namespace
}  // namespace endpointd::ctl
