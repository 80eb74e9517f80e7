// `config validate`, on whole trees and on candidates.

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>

#include "fake_daemon.hpp"
#include "json/document.hpp"
#include "run_ctl.hpp"
#include "tls/ca_fixture.hpp"

namespace endpointd::ctl {
namespace {

using test::Ran;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

class ConfigValidate : public testing::Test {
protected:
    ConfigValidate() {
        for (const char* part : {"", "/pki", "/catalog.d", "/caps.d", "/conf.d", "/zones.d"}) ::mkdir((tree() + part).c_str(), 0755);
        ::mkdir(state().c_str(), 0755);
        const test::TestCa ca;
        const test::Issued own = ca.issue("web1");
        write("pki/ca.crt", ca.certificate());
        write("pki/web1.crt", own.certificate);
        write("pki/web1.key", own.key, 0600);
        // Nobody's name is needed but where root runs the tests: the daemon never stays root.
        write("endpointd.json",
              std::string(R"({ "node": { "name": "web1" })") + (::geteuid() == 0 ? R"(, "user": "nobody")" : "") + " }\n");
        write("zones.d/zones.conf",
              "object Endpoint \"master1\" { }\nobject Endpoint \"web1\" { }\n"
              "object Zone \"master\" { endpoints = [ \"master1\" ] }\nobject Zone \"web1\" { endpoints = [ \"web1\" ]; parent = "
              "\"master\" }\n");
        write("catalog.d/10-mine.json", R"({ "commands": { "mine": { "kind": "check", "command": ["/bin/true"] } } })");
        write("caps.d/10-master.json", R"({ "parents": { "master1": { "grant": { "execute": { "commands": ["mine"] } } } } })");
    }

    std::string tree() const { return directory.path() + "/etc"; }
    std::string state() const { return directory.path() + "/state"; }
    void write(const std::string& name, const std::string& text, mode_t mode = 0644) const { write_at(tree() + "/" + name, text, mode); }
    static void write_at(const std::string& path, const std::string& text, mode_t mode = 0644) {
        std::ofstream(path) << text;
        ::chmod(path.c_str(), mode);
    }
    Ran validate(std::vector<std::string> more = {}) const {
        std::vector<std::string> arguments{"config", "validate", tree(), "--state", state()};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return test::run_ctl(std::move(arguments));
    }

    test::TemporaryDirectory directory;
};

TEST_F(ConfigValidate, AcceptsAWholeTree) {
    const Ran ran = validate();
    EXPECT_EQ(ran.status, kDone) << ran.out << ran.err;
    EXPECT_THAT(ran.out, EndsWith(tree() + ": valid (0 errors, 0 warnings)\n"));
}

TEST_F(ConfigValidate, TakesTheDirectoryFromTheFlag) {
    EXPECT_EQ(test::run_ctl({"config", "validate", "--config", tree(), "--state", state()}).status, kDone);
}

TEST_F(ConfigValidate, NamesFileLineColumnAndPointer) {
    write("catalog.d/20-bad.json", "{ \"commands\": {\n  \"bad\": { \"kind\": \"check\", \"command\": [\"relative\"] } } }\n");
    const Ran ran = validate();
    EXPECT_EQ(ran.status, kNo);
    EXPECT_THAT(ran.out, StartsWith(tree() + "/catalog.d/20-bad.json:2:"));
    EXPECT_THAT(ran.out, HasSubstr(": error: "));
    EXPECT_THAT(ran.out, HasSubstr(" (/commands/bad/command"));
    EXPECT_THAT(ran.out, HasSubstr(": invalid (1 error, "));
    EXPECT_EQ(ran.err, "");
}

TEST_F(ConfigValidate, IsJsonOnRequest) {
    write("caps.d/20-bad.json", "{ broken");
    const Ran ran = validate({"--json"});
    EXPECT_EQ(ran.status, kNo);
    const Result<json::Value> answer = json::parse(ran.out);
    ASSERT_TRUE(answer) << ran.out;
    EXPECT_EQ(*answer->object()->find("valid"), json::Value(false));
    const json::Value& error = answer->object()->find("errors")->array()->at(0);
    EXPECT_EQ(*error.object()->find("file"), json::Value(tree() + "/caps.d/20-bad.json"));
    EXPECT_EQ(*error.object()->find("line"), json::Value(1));
    EXPECT_TRUE(error.object()->find("pointer")->is_null());
}

TEST_F(ConfigValidate, JudgesACandidateInPlaceOfItsFile) {
    const std::string candidate = directory.path() + "/puppet20261120";
    write_at(candidate, R"({ "commands": { "other": { "kind": "check", "command": ["/bin/true"] } } })");
    // As a file more it is fine, in place of the one that has `mine` the grant names nothing: a warning.
    const Ran more = validate({"--as", "catalog", "--file", candidate});
    EXPECT_EQ(more.status, kDone) << more.out;
    EXPECT_THAT(more.out, HasSubstr("0 warnings"));
    const Ran instead = validate({"--as", "catalog", "--file", candidate, "--name", "10-mine.json"});
    EXPECT_EQ(instead.status, kDone) << instead.out;
    EXPECT_THAT(instead.out, HasSubstr(": warning: "));
    write_at(candidate, R"({ "commands": { "mine": { "kind": "check", "command": ["/bin/true"] } } })");
    EXPECT_EQ(validate({"--as", "catalog", "--file", candidate}).status, kNo) << "the same command in two files";
    EXPECT_EQ(validate({"--as", "catalog", "--file", candidate, "--name", "10-mine.json"}).status, kDone);
}

TEST_F(ConfigValidate, ACandidateNeverChangesTheTree) {
    const std::string candidate = directory.path() + "/candidate";
    write_at(candidate, "{ broken");
    EXPECT_EQ(validate({"--as", "settings", "--file", candidate, "--name", "endpointd.json"}).status, kNo);
    EXPECT_EQ(validate().status, kDone);
}

// The tree with a secret, which belongs to the daemon's user.
class ConfigSecrets : public ConfigValidate {
protected:
    ConfigSecrets() {
        ::mkdir((tree() + "/secrets").c_str(), 0755);
        write("secrets/db", "value", 0600);
        own("secrets/db");
        name("secrets/db");
    }
    void own(const std::string& file) const {
        if (::geteuid() != 0) return;
        const passwd* nobody = ::getpwnam("nobody");
        ASSERT_NE(nobody, nullptr);
        ASSERT_EQ(::chown((tree() + "/" + file).c_str(), nobody->pw_uid, nobody->pw_gid), 0);
    }
    void name(const std::string& file) const {
        write("catalog.d/20-secret.json", R"({ "commands": { "db": { "kind": "check", "command": ["/bin/true"],
            "secrets": { "PASSWORD": { "file": ")" +
                                              file + R"(", "as": "fd" } } } } })");
    }
    std::string said(const std::string& what) const { return ": " + what + ": secret 'PASSWORD' of 'db': " + tree() + "/"; }
};

TEST_F(ConfigSecrets, AreAcceptedWhereNobodyElseMayReadThem) {
    EXPECT_THAT(validate().out, HasSubstr("0 errors, 0 warnings"));
    write("secrets/db", "value", 0400);
    EXPECT_THAT(validate().out, HasSubstr("0 errors, 0 warnings"));
}

TEST_F(ConfigSecrets, AreRefusedWhereOthersMayReadThem) {
    ::chmod((tree() + "/secrets/db").c_str(), 0604);
    const Ran ran = validate();
    EXPECT_EQ(ran.status, kNo);
    EXPECT_THAT(ran.out, HasSubstr(said("error") + "secrets/db: may be read by others (mode 0604): chmod o-rwx "));
    EXPECT_THAT(ran.out, StartsWith("catalog.d/20-secret.json: error: "));
}

TEST_F(ConfigSecrets, AreRefusedWhereTheyAreNotThere) {
    name("secrets/other");
    const Ran ran = validate();
    EXPECT_EQ(ran.status, kNo);
    EXPECT_THAT(ran.out, HasSubstr(said("error") + "secrets/other: No such file"));
}

TEST_F(ConfigSecrets, OutsideOfTheirDirectoryAreAWarning) {
    write("db", "value", 0600);
    own("db");
    name("db");
    const Ran ran = validate();
    EXPECT_EQ(ran.status, kDone) << ran.out;
    EXPECT_THAT(ran.out, HasSubstr(said("warning") + "db: is outside of secrets/"));
    // A link in secrets/ hides nothing of what it leads to.
    ASSERT_EQ(::symlink("../db", (tree() + "/secrets/link").c_str()), 0);
    name("secrets/link");
    EXPECT_THAT(validate().out, HasSubstr(said("warning") + "secrets/link: is outside of secrets/"));
}

TEST_F(ConfigSecrets, ThatOnlyRootMayReadAreNotTheRunners) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs a file of root's";
    ASSERT_EQ(::chown((tree() + "/secrets/db").c_str(), 0, 0), 0);
    EXPECT_THAT(validate().out, HasSubstr(said("error") + "secrets/db: only root may read it"));
    ::chmod((tree() + "/secrets/db").c_str(), 0640);
    EXPECT_EQ(validate().status, kDone);
}

TEST_F(ConfigSecrets, ThatTheCallerMayNotReadAreAWarning) {
    if (::geteuid() == 0) GTEST_SKIP() << "root may read everything";
    ::chmod((tree() + "/secrets/db").c_str(), 0000);
    const Ran ran = validate();
    EXPECT_EQ(ran.status, kDone);
    EXPECT_THAT(ran.out, HasSubstr(said("warning") + "secrets/db: Permission denied"));
}

TEST_F(ConfigValidate, WarnsWhereUnixSocketsAreOpenToAPluginOfTheDaemonsUser) {
    const auto sockets = [this](const std::string& members) {
        write("catalog.d/20-db.json", "{ \"commands\": {\n  \"db\": { \"kind\": \"check\", \"command\": [\"/bin/true\"]" + members +
                                          ",\n    \"sandbox\": { \"unix_sockets\": true } } } }\n");
        const Ran ran = validate();
        EXPECT_EQ(ran.status, kDone) << ran.out;
        return ran.out;
    };
    const auto warns = AllOf(StartsWith("catalog.d/20-db.json:2:"),
                             HasSubstr(": warning: 'db' has unix_sockets and runs as the daemon's user, so it reaches every socket that"
                                       " admits the daemon: give it a run_as of its own"),
                             HasSubstr("(0 errors, 1 warning)"));
    EXPECT_THAT(sockets(""), warns);
    const std::string own = ::geteuid() == 0 ? "nobody" : ::getpwuid(::geteuid())->pw_name;
    EXPECT_THAT(sockets(R"(, "run_as": ")" + own + "\""), warns) << "no other user";
    EXPECT_THAT(sockets(R"(, "run_as": "daemon")"), HasSubstr("0 errors, 0 warnings"));
}

TEST_F(ConfigValidate, ACandidateMayBeOfAnyKind) {
    const std::pair<const char*, const char*> broken[] = {{"settings", "{ \"nodes\": {} }"},
                                                          {"catalog", "{ \"command\": {} }"},
                                                          {"caps", "{ \"parent\": {} }"},
                                                          {"zones", "object Endpoint {"}};
    for (const auto& [kind, text] : broken) {
        const std::string candidate = directory.path() + "/candidate";
        write_at(candidate, text);
        const Ran ran = validate({"--as", kind, "--file", candidate, "--name", std::string(kind) == "zones" ? "new.conf" : "new.json"});
        EXPECT_EQ(ran.status, kNo) << kind << ran.out;
        EXPECT_THAT(ran.out, HasSubstr(candidate + ":1:")) << kind;
    }
}

class ConfigFilter : public ConfigValidate {
protected:
    Ran filter(std::vector<std::string> more) const {
        std::vector<std::string> arguments{"config", "filter", "--config", tree(), "--state", state()};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return test::run_ctl(std::move(arguments));
    }
};

TEST_F(ConfigFilter, SaysWhatWouldBeTakenAndWhatNot) {
    write("caps.d/20-zone.json", R"({ "parents": { "zone:master": { "grant": { "config": {} } } } })");
    ::mkdir((directory.path() + "/zones").c_str(), 0755);
    ::mkdir((directory.path() + "/zones/web1").c_str(), 0755);
    write_at(directory.path() + "/zones/web1/x.conf",
             "object Host \"h\" {\n  check_command = \"mine\"\n}\nobject CheckCommand \"evil\" {\n  command = [ \"/bin/sh\" ]\n}\n");
    const Ran ran = filter({"--parent", "master1", directory.path() + "/zones", "--json"});
    EXPECT_EQ(ran.status, kNo) << ran.err;
    const Result<json::Value> answer = json::parse(ran.out);
    ASSERT_TRUE(answer) << ran.out;
    EXPECT_EQ(json::to_text(*answer->object()->find("accepted")), R"([{"file":"web1/_etc/x.conf","line":1,"name":"h","type":"Host"}])");
    const json::Array& rejected = *answer->object()->find("rejected")->array();
    ASSERT_EQ(rejected.size(), 1u);
    for (const auto& [name, value] : {std::pair{"object_type", json::Value("CheckCommand")}, std::pair{"object_name", json::Value("evil")},
                                      std::pair{"zone", json::Value("web1")}, std::pair{"file", json::Value("web1/_etc/x.conf")},
                                      std::pair{"line", json::Value(4)}, std::pair{"decision", json::Value("rejected")},
                                      std::pair{"reason", json::Value("command-pushed")}})
        EXPECT_EQ(*rejected[0].object()->find(name), value) << name;
    EXPECT_NE(rejected[0].object()->find("detail"), nullptr);
    const Ran table = filter({"--parent", "master1", directory.path() + "/zones"});
    EXPECT_THAT(table.out, HasSubstr("Host  h     web1/_etc/x.conf:1\n"));
    EXPECT_THAT(table.out, EndsWith("1 accepted, 1 rejected\n"));
    write_at(directory.path() + "/zones/web1/x.conf", "object Host \"h\" { check_command = \"mine\" }\n");
    EXPECT_EQ(filter({"--parent", "master1", directory.path() + "/zones"}).status, kDone);
}

TEST_F(ConfigFilter, WrongUsageIsToldFromWhatIsRejected) {
    write_at(directory.path() + "/x.conf", "object Host \"h\" { check_command = \"mine\" }\n");
    const Ran stranger = filter({"--parent", "nobody", directory.path() + "/x.conf"});
    EXPECT_EQ(stranger.status, kUsage);
    EXPECT_THAT(stranger.err, StartsWith("endpointctl: config filter: 'nobody' is no endpoint that configures this node"));
    EXPECT_EQ(filter({"--parent", "master1", directory.path() + "/nothing"}).status, kUsage);
    EXPECT_EQ(filter({"--parent", "master1"}).status, kUsage);
    EXPECT_EQ(filter({directory.path() + "/x.conf"}).status, kUsage);
    write("caps.d/20-bad.json", "{ broken");
    const Ran broken = filter({"--parent", "master1", directory.path() + "/x.conf"});
    EXPECT_EQ(broken.status, kUsage);
    EXPECT_THAT(broken.err, HasSubstr("20-bad.json:1:"));
    EXPECT_EQ(broken.out, "");
}

}  // namespace
}  // namespace endpointd::ctl
