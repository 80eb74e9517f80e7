#include "catalog/catalog.hpp"

#include <gmock/gmock.h>

#include "loading.hpp"

namespace endpointd::catalog {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST(Catalog, HasTheBuiltInCommandsWithoutAnyFile) {
    const Loaded loaded = load({});
    EXPECT_TRUE(loaded.findings.ok());
    for (const char* name : {"dummy", "icinga", "cluster", "cluster-zone"}) {
        const Command* command = loaded.catalog.find(name);
        ASSERT_NE(command, nullptr) << name;
        EXPECT_TRUE(command->builtin);
        EXPECT_EQ(command->kind, Kind::check);
        EXPECT_EQ(command->source, "built-in");
        EXPECT_THAT(command->command, IsEmpty());
    }
    EXPECT_EQ(loaded.catalog.find("no-such"), nullptr);
}

TEST(Catalog, ReadsAnEntryInFull) {
    const Loaded loaded = load_text(R"({ // comments and trailing commas are fine
"commands": {
  "disk": {
    "kind": "action", "description": "Free space", "command": ["/usr/bin/disk", "--to", "$to$"],
    "arguments": { "-c": "$c$", "-b": { "value": "$c$", "order": -1, "key": "-x", "repeat_key": false, "skip_key": true, "required": true,
                   "separator": "=", "set_if": "$c$", "description": "why" } },
    "env": { "LC_ALL": "C", "TO": "$to$" },
    "parameters": { "to": { "type": "string", "default": "x" }, "c": { "enum": [1, "2", true] } },
    "timeout": "5m", "run_as": "nagios", "allow_setuid": true,
    "sha256": "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    "sandbox": { "network": true, "unix_sockets": false, "read": ["/usr", "/etc"], "write": ["/var/tmp"], "memory": "1GiB", "cpu": 60,
                 "processes": 4, "open_files": 512, },
  },
}})");
    ASSERT_THAT(loaded.messages(), IsEmpty());
    const Command* disk = loaded.catalog.find("disk");
    ASSERT_NE(disk, nullptr);
    EXPECT_EQ(disk->kind, Kind::action);
    EXPECT_EQ(disk->source, "catalog.d/t.json:3");
    EXPECT_THAT(disk->command, ElementsAre("/usr/bin/disk", "--to", "$to$"));
    ASSERT_THAT(disk->arguments, SizeIs(2));
    const Argument& first = disk->arguments[0];
    EXPECT_EQ(first.name, "-b");
    EXPECT_EQ(first.key, "-x");
    EXPECT_EQ(first.order, -1);
    EXPECT_TRUE(first.skip_key && first.required && !first.repeat_key);
    EXPECT_EQ(first.separator, "=");
    EXPECT_EQ(disk->timeout, std::chrono::minutes(5));
    EXPECT_EQ(disk->run_as, "nagios");
    EXPECT_EQ(disk->sandbox.memory, 1024ULL * 1024 * 1024);
    EXPECT_EQ(disk->sandbox.cpu, std::chrono::seconds(60));
    EXPECT_THAT(disk->sandbox.read, ElementsAre("/usr", "/etc"));
    EXPECT_THAT(disk->weakened, ElementsAre("network", "write", "memory", "cpu", "open_files", "allow_setuid"));
    EXPECT_THAT(disk->parameters.at("c").rule.values, ElementsAre("1", "2", "true"));
}

TEST(Catalog, LoadsTheExampleOfTheDocumentation) {
    const Loaded loaded = load_text(R"({ "commands": {
    "disk": {
      "kind": "check",                               // check | action | event | notification
      "description": "Free space of file systems",
      "command": ["/usr/lib/nagios/plugins/check_disk"],
      "arguments": {
        "-w": "$disk_wfree$",
        "-c": "$disk_cfree$",
        "-p": { "value": "$disk_partitions$", "repeat_key": true, "order": 1 }
      },
      "env": { "LC_ALL": "C" },
      "parameters": {
        "disk_wfree":      { "pattern": "[0-9]{1,3}%", "default": "20%" },
        "disk_cfree":      { "pattern": "[0-9]{1,3}%", "default": "10%" },
        "disk_partitions": { "type": "array", "items": { "pattern": "/[A-Za-z0-9/_.-]*" }, "max_items": 16 }
      },
      "timeout": "60s", "run_as": "nagios",
      "sandbox": { "network": false, "unix_sockets": false, "read": ["/"], "write": [], "memory": "256MiB",
                    "cpu": "30s", "processes": 32, "open_files": 256 },
      "allow_setuid": false, "sha256": null, "secrets": {}
    } } })");
    EXPECT_THAT(loaded.messages(), IsEmpty());
    ASSERT_NE(loaded.catalog.find("disk"), nullptr);
    EXPECT_THAT(loaded.catalog.find("disk")->weakened, IsEmpty());
}

TEST(Catalog, GivesAnEntryTheDefaultsOfTheDocumentation) {
    const Command command = command_with(R"("env": {})");
    EXPECT_FALSE(command.timeout.has_value());
    EXPECT_FALSE(command.run_as.has_value());
    EXPECT_FALSE(command.sha256.has_value());
    EXPECT_FALSE(command.sandbox.network || command.sandbox.unix_sockets || command.allow_setuid);
    EXPECT_THAT(command.sandbox.read, ElementsAre("/"));
    EXPECT_THAT(command.sandbox.write, IsEmpty());
    EXPECT_EQ(command.sandbox.memory, 268435456U);
    EXPECT_EQ(command.sandbox.cpu, std::chrono::seconds(30));
    EXPECT_EQ(command.sandbox.processes, 32U);
    EXPECT_EQ(command.sandbox.open_files, 256U);
    EXPECT_THAT(command.weakened, IsEmpty());
}

TEST(Catalog, RefusesToRedefineABuiltInCommand) {
    const Loaded loaded = load_text(R"({"commands": {"dummy": {"kind": "check", "command": ["/bin/x"]}}})");
    EXPECT_THAT(loaded.messages(), ElementsAre("command 'dummy' is built in; give this one another name"));
    EXPECT_EQ(loaded.first_pointer(), "/commands/dummy");
    EXPECT_TRUE(loaded.catalog.find("dummy")->builtin);
}

TEST(Catalog, RefusesACommandOfTwoFilesAndNamesTheFirst) {
    const std::string text = "{\"commands\": {\n\"disk\": {\"kind\": \"check\", \"command\": [\"/bin/x\"]}}}";
    const Loaded loaded = load({{"/c/b.json", "b.json", text}, {"/c/a.json", "a.json", text}});
    ASSERT_THAT(loaded.messages(), ElementsAre("command 'disk' is already defined in catalog.d/a.json:2; keep one of them"));
    EXPECT_EQ(loaded.findings.errors[0].file, "/c/b.json");
    EXPECT_EQ(loaded.findings.errors[0].line, 2U);
}

TEST(Catalog, RefusesWhatTheSchemaDoesNotKnow) {
    EXPECT_FALSE(load_command(R"("shell": "rm -rf")").findings.ok());
    EXPECT_EQ(load_command(R"("shell": "rm -rf")").first_pointer(), "/commands/c/shell");
    EXPECT_FALSE(load_text(R"({"commands": {"c": {"kind": "check"}}})").findings.ok());
    EXPECT_FALSE(load_text(R"({"commands": {"c": {"command": ["/bin/x"]}}})").findings.ok());
    EXPECT_FALSE(load_text(R"({"commands": {"c": {"kind": "cron", "command": ["/bin/x"]}}})").findings.ok());
    EXPECT_FALSE(load_text(R"({"commands": {"c": {"kind": "check", "command": "/bin/x -y"}}})").findings.ok());
    EXPECT_FALSE(load_text(R"({"commands": {"c": {"kind": "check", "command": []}}})").findings.ok());
    EXPECT_FALSE(load_command(R"("arguments": {"-x": {"vaule": "a"}})").findings.ok());
    EXPECT_FALSE(load_command(R"("sandbox": {"network": "yes"})").findings.ok());
    EXPECT_FALSE(load_text(R"({"commands": [])").findings.ok());
    EXPECT_FALSE(load_text(R"([])").findings.ok());
}

TEST(Catalog, RefusesAMacroThatIsNoParameter) {
    const std::string expected = "macro '$x$' of 'c' is no parameter; add it to \"parameters\"";
    const Loaded value = load_command(R"("arguments": {"-x": {"value": "a $x$"}})");
    EXPECT_THAT(value.messages(), ElementsAre(expected));
    EXPECT_EQ(value.first_pointer(), "/commands/c/arguments/-x/value");
    EXPECT_THAT(load_command(R"("arguments": {"-x": "$x$"})").messages(), ElementsAre(expected));
    EXPECT_THAT(load_command(R"("arguments": {"-x": {"set_if": "$x$"}})").messages(), ElementsAre(expected));
    EXPECT_THAT(load_command(R"("arguments": {"-x": {"value": ["a", "$x$"]}})").messages(), ElementsAre(expected));
    EXPECT_THAT(load_command(R"("env": {"A": "$x$"})").messages(), ElementsAre(expected));
    EXPECT_THAT(load_text(R"({"commands": {"c": {"kind": "check", "command": ["/bin/x", "$x$"]}}})").messages(), ElementsAre(expected));
}

TEST(Catalog, NamesABrokenRuleOnceWhereATupleUsesIt) {
    for (const char* rule :
         {R"({})", R"({"pattern": "("})", R"({"type": "integer", "pattern": "x"})", R"({"type": "integer", "max_length": 1})"}) {
        const Loaded loaded = load_command(std::string("\"parameters\": {\"p\": ") + rule + R"(}, "tuples": [{"p": true}])");
        EXPECT_THAT(loaded.messages(), SizeIs(1)) << rule;
        EXPECT_THAT(loaded.first_pointer(), testing::StartsWith("/commands/c/parameters/p")) << rule;
    }
}

TEST(Catalog, RefusesAnUnpairedDollar) {
    EXPECT_THAT(load_command(R"("arguments": {"-x": "5$"})").messages(),
                ElementsAre("a '$' without its partner; a dollar sign is written \"$$\""));
}

TEST(Catalog, RefusesAnArrayInsideALongerText) {
    EXPECT_THAT(
        load_command(R"("arguments": {"-x": "a$x$"}, "parameters": {"x": {"type": "array", "items": {"type": "integer"}}})").messages(),
        ElementsAre("macro '$x$' of 'c' is an array and cannot stand inside a longer text"));
}

TEST(Catalog, RefusesACommandThatIsNoPlainPath) {
    for (const char* path : {"plugin", "./x", "/bin/../x", "/bin//x", "/bin/", "/", "$x$", "/bin/$$x", ""}) {
        const Loaded loaded = load_text(std::string(R"({"commands": {"c": {"kind": "check", "command": [")") + path + R"("]}}})");
        EXPECT_THAT(loaded.messages(), ElementsAre("a command starts with an absolute path without \"..\" and macros")) << path;
        EXPECT_EQ(loaded.first_pointer(), "/commands/c/command/0");
    }
}

TEST(Catalog, WantsExactlyOneRulePerParameter) {
    const Loaded none = load_command(R"("parameters": {"x": {}})");
    EXPECT_THAT(none.messages(), ElementsAre("parameter 'x' has no rule; give it a \"pattern\", an \"enum\" or a \"type\""));
    EXPECT_EQ(none.first_pointer(), "/commands/c/parameters/x");
    EXPECT_THAT(load_command(R"("parameters": {"x": {"default": "a"}})").messages(), SizeIs(1));
    EXPECT_THAT(load_command(R"("parameters": {"x": {"type": "string", "pattern": "a"}})").messages(),
                ElementsAre("parameter 'x' has more than one rule; keep one of \"pattern\", \"enum\" and \"type\""));
    EXPECT_THAT(load_command(R"("parameters": {"x": {"type": "array", "items": {}}})").messages(), SizeIs(1));
}

TEST(Catalog, RefusesABoundThatDoesNotGoWithItsRule) {
    EXPECT_THAT(load_command(R"("parameters": {"x": {"pattern": "a", "min": 1}})").messages(),
                ElementsAre("\"min\" does not go with \"pattern\""));
    EXPECT_THAT(load_command(R"("parameters": {"x": {"type": "string", "max": 1}})").messages(),
                ElementsAre("\"max\" does not go with type \"string\""));
    EXPECT_THAT(load_command(R"("parameters": {"x": {"enum": ["a"], "max_length": 1}})").messages(),
                ElementsAre("\"max_length\" does not go with \"enum\""));
    EXPECT_THAT(load_command(R"("parameters": {"x": {"type": "integer", "items": {"type": "string"}}})").messages(),
                ElementsAre("\"items\" does not go with type \"integer\""));
    EXPECT_THAT(load_command(R"("parameters": {"x": {"type": "integer", "min": 2, "max": 1}})").messages(),
                ElementsAre("\"min\" of parameter 'x' is above its \"max\""));
}

TEST(Catalog, NamesTheReasonWhyAPatternCannotBeUsed) {
    const Loaded loaded = load_command(R"("parameters": {"x": {"pattern": "[a"}})");
    EXPECT_THAT(loaded.messages(), ElementsAre("the pattern of parameter 'x' cannot be used: missing ]: [a"));
    EXPECT_EQ(loaded.first_pointer(), "/commands/c/parameters/x/pattern");
}

TEST(Catalog, RefusesADefaultThatBreaksItsOwnRule) {
    const Loaded loaded = load_command(R"("parameters": {"x": {"type": "integer", "min": 1, "default": 0}})");
    EXPECT_THAT(loaded.messages(), ElementsAre("the default of parameter 'x' breaks its own rule: must be an integer of at least 1"));
    EXPECT_EQ(loaded.first_pointer(), "/commands/c/parameters/x/default");
}

TEST(Catalog, KeepsADefaultInItsAdmittedForm) {
    const Command command = command_with(R"("parameters": {"x": {"type": "array", "items": {"type": "integer"}, "default": "5"}})");
    EXPECT_EQ(command.parameters.at("x").default_value, json::Value(json::Array{5}));
}

TEST(Catalog, RefusesATupleOfUnknownOrForbiddenValues) {
    EXPECT_THAT(load_command(R"("tuples": [{"y": 1}])").messages(),
                ElementsAre("'y' of this tuple is no parameter; add it to \"parameters\""));
    EXPECT_THAT(load_command(R"("parameters": {"x": {"enum": ["a"]}}, "tuples": [{"x": "b"}])").messages(),
                ElementsAre("'x' of this tuple breaks its own rule: must be one of \"a\""));
}

TEST(Catalog, ReadsSecretsByName) {
    const Command command = command_with(R"("secrets": {"TOKEN": {"file": "secrets/sub/token", "as": "file"},
        "_K1": {"file": "secrets/key", "as": "fd"}, "PASSWORD": {"file": "/run/credentials/db", "as": "env"}})");
    ASSERT_EQ(command.secrets.size(), 3U);
    EXPECT_EQ(command.secrets[0].name, "PASSWORD");
    EXPECT_EQ(command.secrets[0].file, "/run/credentials/db");
    EXPECT_EQ(command.secrets[0].as, SecretAs::env);
    EXPECT_EQ(command.secrets[1].name, "TOKEN");
    EXPECT_EQ(command.secrets[1].file, "secrets/sub/token");
    EXPECT_EQ(command.secrets[1].as, SecretAs::file);
    EXPECT_EQ(command.secrets[2].name, "_K1");
    EXPECT_EQ(command.secrets[2].as, SecretAs::fd);
    EXPECT_THAT(command.weakened, IsEmpty());
    EXPECT_TRUE(load_command(R"("secrets": {})").findings.ok());
}

TEST(Catalog, RefusesASecretWithTheNameOfNoVariableOrOfAnother) {
    const auto messages = [](const std::string& name, const std::string& more = "") {
        return load_command(R"("secrets": {")" + name + R"(": {"file": "secrets/db", "as": "env"}})" + more).messages();
    };
    for (const char* name : {"", "1A", "A-B", "A=B", "a b", "\\u00e4", "A\\u0000"})
        EXPECT_THAT(messages(name), Contains(HasSubstr("has the name of an environment variable"))) << name;
    EXPECT_THAT(messages(std::string(129, 'A')), SizeIs(1));
    EXPECT_THAT(messages(std::string(128, 'A')), IsEmpty());
    EXPECT_THAT(messages("LD_AUDIT"), ElementsAre("'LD_AUDIT' decides which code the plugin loads and cannot be a secret"));
    for (const char* name : {"ENDPOINTD_RUN", "PATH", "LANG", "LC_NUMERIC", "HOME"})
        EXPECT_THAT(messages(name), ElementsAre(HasSubstr("is set for every plugin"))) << name;
    EXPECT_THAT(messages("PASSWORD", R"(, "env": {"PASSWORD": "x"})"),
                ElementsAre("'PASSWORD' is in \"env\" as well; a variable has one value"));
    EXPECT_THAT(messages("PASSWORD", R"(, "env": {"USER": "x"})"), IsEmpty());
}

TEST(Catalog, RefusesASecretsFileThatIsNoPlainPath) {
    for (const char* file : {"", "/", ".", "..", "./a", "secrets/../pki/key", "secrets//a", "secrets/", "/a/../b", "//a", "a\\nb"}) {
        const Loaded loaded = load_command(std::string(R"("secrets": {"A": {"as": "fd", "file": ")") + file + R"("}})");
        EXPECT_EQ(loaded.first_pointer(), "/commands/c/secrets/A/file") << file;
    }
    EXPECT_EQ(load_command(R"("secrets": {"A": {"as": "argv", "file": "a"}})").first_pointer(), "/commands/c/secrets/A/as");
    EXPECT_EQ(load_command(R"("secrets": {"A": {"as": "env"}})").first_pointer(), "/commands/c/secrets/A");
}

TEST(Catalog, BoundsTheNumberOfSecretsAndMakesRoomForTheirDescriptors) {
    const auto secrets = [](unsigned count, const std::string& as) {
        std::string text = "\"secrets\": {";
        for (unsigned i = 0; i < count; ++i) text += (i ? ", \"S" : "\"S") + std::to_string(i) + R"(": {"file": "a", "as": ")" + as + "\"}";
        return text + "}";
    };
    EXPECT_TRUE(load_command(secrets(16, "env")).findings.ok());
    EXPECT_THAT(load_command(secrets(17, "env")).messages(), ElementsAre("a command has at most 16 secrets"));
    const std::string few = R"(, "sandbox": {"open_files": 9})";
    EXPECT_TRUE(load_command(secrets(16, "env") + few).findings.ok());
    EXPECT_TRUE(load_command(secrets(1, "fd") + few).findings.ok());
    EXPECT_THAT(load_command(secrets(2, "file") + few).messages(),
                ElementsAre("with these secrets sandbox.open_files must be at least 10"));
}

TEST(Catalog, NamesExecutionByPathAsAWeakening) {
    EXPECT_FALSE(command_with(R"("by_path": false)").by_path);
    const Command command = command_with(R"("by_path": true)");
    EXPECT_TRUE(command.by_path);
    EXPECT_THAT(command.weakened, ElementsAre("by_path"));
}

TEST(Catalog, ChecksLimitsUsersAndDigests) {
    for (const char* timeout : {"0", "-1", "\"0s\"", "\"25h\"", "\"soon\""}) {
        EXPECT_EQ(load_command(std::string("\"timeout\": ") + timeout).first_pointer(), "/commands/c/timeout") << timeout;
    }
    EXPECT_EQ(load_command(R"("run_as": "bad user")").first_pointer(), "/commands/c/run_as");
    EXPECT_EQ(load_command(R"("sha256": "ABC")").first_pointer(), "/commands/c/sha256");
    EXPECT_EQ(load_command(R"("sandbox": {"memory": "lots"})").first_pointer(), "/commands/c/sandbox/memory");
    EXPECT_EQ(load_command(R"("sandbox": {"memory": 0})").first_pointer(), "/commands/c/sandbox/memory");
    EXPECT_EQ(load_command(R"("sandbox": {"cpu": 0})").first_pointer(), "/commands/c/sandbox/cpu");
    EXPECT_EQ(load_command(R"("sandbox": {"write": ["tmp"]})").first_pointer(), "/commands/c/sandbox/write/0");
    EXPECT_EQ(load_command(R"("env": {"A B": "x"})").first_pointer(), "/commands/c/env/A B");
    EXPECT_TRUE(load_command(R"("run_as": null, "sha256": null)").findings.ok());
}

TEST(Catalog, KeepsParentsAwayFromTheDynamicLinker) {
    const std::string parameters = R"(, "parameters": {"x": {"type": "string"}})";
    EXPECT_THAT(load_command(R"("env": {"LD_PRELOAD": "$x$"})" + parameters).messages(),
                Contains(HasSubstr("'LD_PRELOAD' decides which code the plugin loads")));
    EXPECT_TRUE(load_command(R"("env": {"LD_LIBRARY_PATH": "/opt/lib"})").findings.ok());
}

TEST(Catalog, ShowsAllMistakesAtOnce) {
    EXPECT_THAT(load_command(R"("arguments": {"-a": "$a$", "-b": "$b$"}, "timeout": "x", "run_as": "1")").messages(), SizeIs(4));
}

TEST(Catalog, RefusesNamesThatCouldBreakALine) {
    EXPECT_FALSE(load_text(R"({"commands": {"a\nb": {"kind": "check", "command": ["/bin/x"]}}})").findings.ok());
    EXPECT_FALSE(load_text(R"({"commands": {"": {"kind": "check", "command": ["/bin/x"]}}})").findings.ok());
    EXPECT_FALSE(load_command(R"("parameters": {"a$b": {"type": "string"}})").findings.ok());
}

TEST(CanonicalText, DependsOnNamesAndTextsButNotOnTheirOrder) {
    const SourceFile a{"/c/a.json", "a.json", "{}"};
    const SourceFile b{"/c/b.json", "b.json", "{ }"};
    EXPECT_EQ(load({a, b}).catalog.canonical_text(), load({b, a}).catalog.canonical_text());
    EXPECT_NE(load({a, b}).catalog.canonical_text(), load({a}).catalog.canonical_text());
    EXPECT_NE(load({a}).catalog.canonical_text(), load({{"/c/a.json", "a.json", "{ }"}}).catalog.canonical_text());
    EXPECT_NE(load({a}).catalog.canonical_text(), load({{"/c/c.json", "c.json", "{}"}}).catalog.canonical_text());
    EXPECT_EQ(load({a}).catalog.canonical_text(), load({{"/elsewhere/a.json", "a.json", "{}"}}).catalog.canonical_text());
}

}  // namespace
}  // namespace endpointd::catalog
