// `config validate`, on whole trees and on candidates.

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

}  // namespace
}  // namespace endpointd::ctl
