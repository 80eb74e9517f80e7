// `catalog pin` and `catalog verify`, on whole trees and without a daemon.

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include <gmock/gmock.h>

#include "fake_daemon.hpp"
#include "files/digest.hpp"
#include "json/document.hpp"
#include "run_ctl.hpp"

namespace endpointd::ctl {
namespace {

using test::Ran;
using testing::HasSubstr;

constexpr const char* kContent = "#!/bin/sh\necho fine\n";

class Pins : public testing::Test {
protected:
    Pins() {
        for (const char* part : {"/etc", "/etc/catalog.d", "/state"}) ::mkdir((directory.path() + part).c_str(), 0755);
        // Root's tests need a user that the daemon would become; root's plugins suit any.
        write("etc/endpointd.json", ::geteuid() == 0 ? R"({ "user": "nobody" })" : "{}");
        write("plugin", kContent, 0755);
    }

    void write(const std::string& name, const std::string& text, mode_t mode = 0644) const {
        const std::string path = directory.path() + "/" + name;
        std::ofstream(path) << text;
        ::chmod(path.c_str(), mode);
    }
    // Entries of "c", "d", ... that run `plugin`; `more` are further members of each.
    void commands(const std::vector<std::string>& more) const {
        std::string text = "{ \"commands\": {";
        char name = 'c';
        for (const std::string& members : more) {
            if (name != 'c') text += ',';
            text += std::string("\n\"") + name + "\": { \"kind\": \"check\", \"command\": [\"" + directory.path() + "/plugin\"]" + members +
                    " }";
            ++name;
        }
        write("etc/catalog.d/a.json", text + "\n} }");
    }
    Ran ctl(std::vector<std::string> arguments) const {
        for (const char* const argument : {"--config", "etc", "--state", "state"}) {
            arguments.push_back(argument[0] == '-' ? argument : directory.path() + "/" + argument);
        }
        return test::run_ctl(std::move(arguments));
    }
    static std::string pin() { return files::sha256_hex(kContent); }
    static std::string pinned(const std::string& sha256) { return ", \"sha256\": \"" + sha256 + "\""; }

    test::TemporaryDirectory directory;
};

TEST_F(Pins, ArePrintedAsTheLineToPaste) {
    commands({""});
    const Ran ran = ctl({"catalog", "pin", "c"});
    EXPECT_EQ(ran.status, kDone) << ran.err;
    EXPECT_EQ(ran.out, "\"sha256\": \"" + pin() + "\"\n");
    commands({pinned(pin())});
    EXPECT_EQ(ctl({"catalog", "verify"}).status, kDone);
}

TEST_F(Pins, AreJsonOnRequest) {
    commands({""});
    const Ran ran = ctl({"catalog", "pin", "c", "--json"});
    EXPECT_EQ(*json::parse(ran.out), json::Value(json::Object{{"name", "c"}, {"path", directory.path() + "/plugin"}, {"sha256", pin()}}));
}

TEST_F(Pins, OfACommandThatIsNotThereAreNotFound) {
    commands({""});
    for (const char* name : {"nowhere", "dummy"}) {
        const Ran ran = ctl({"catalog", "pin", name});
        EXPECT_EQ(ran.status, kNo) << name;
        EXPECT_EQ(ran.out, "");
        EXPECT_THAT(ran.err, HasSubstr(name));
    }
    ::unlink((directory.path() + "/plugin").c_str());
    EXPECT_EQ(ctl({"catalog", "pin", "c"}).status, kNo);
}

TEST_F(Pins, OfALooselyOwnedPluginAreRefused) {
    commands({"", pinned(pin())});
    ::chmod((directory.path() + "/plugin").c_str(), 0775);
    const Ran ran = ctl({"catalog", "pin", "c"});
    EXPECT_EQ(ran.status, kNo);
    EXPECT_EQ(ran.out, "");
    EXPECT_THAT(ran.err, HasSubstr("plugin of 'c' cannot be pinned: "));
    EXPECT_EQ(ctl({"catalog", "verify"}).status, kNo);
}

TEST_F(Pins, NeedAConfigurationThatCanBeRead) {
    write("etc/catalog.d/a.json", "{ \"commands\": {\n \"c\": { \"kind\": \"check\" } } }");
    for (const char* verb : {"pin", "verify"}) {
        std::vector<std::string> arguments{"catalog", verb};
        if (std::string(verb) == "pin") arguments.emplace_back("c");
        const Ran ran = ctl(arguments);
        EXPECT_EQ(ran.status, kUsage);
        EXPECT_EQ(ran.out, "");
        EXPECT_THAT(ran.err, HasSubstr("etc/catalog.d/a.json:2: "));
    }
    EXPECT_EQ(test::run_ctl({"catalog", "verify", "--config", directory.path() + "/nowhere"}).status, kUsage);
}

TEST_F(Pins, AreVerifiedOneByOne) {
    commands({"", pinned(pin()), pinned(std::string(64, '0'))});
    const Ran ran = ctl({"catalog", "verify", "--json"});
    EXPECT_EQ(ran.status, kNo);
    const json::Value path(directory.path() + "/plugin");
    EXPECT_EQ(
        *json::parse(ran.out),
        json::Value(json::Object{
            {"ok", false},
            {"commands",
             json::Array{json::Object{{"name", "d"}, {"path", path}, {"pinned", pin()}, {"found", pin()}, {"ok", true}, {"why", nullptr}},
                         json::Object{{"name", "e"},
                                      {"path", path},
                                      {"pinned", std::string(64, '0')},
                                      {"found", pin()},
                                      {"ok", false},
                                      {"why", "its content differs from the pinned sha256"}}}}}));
    EXPECT_THAT(ctl({"catalog", "verify"}).out, HasSubstr("2 pinned, 1 of them not as pinned, 1 without a pin\n"));
}

TEST_F(Pins, NoticeAChangedAndAMissingPlugin) {
    commands({pinned(pin())});
    EXPECT_EQ(ctl({"catalog", "verify"}).status, kDone);
    write("plugin", "#!/bin/sh\necho evil\n", 0755);
    EXPECT_EQ(ctl({"catalog", "verify"}).status, kNo);
    ::unlink((directory.path() + "/plugin").c_str());
    const Ran missing = ctl({"catalog", "verify", "--json"});
    EXPECT_EQ(missing.status, kNo);
    EXPECT_TRUE(json::parse(missing.out)->object()->find("commands")->array()->at(0).object()->find("found")->is_null());
}

}  // namespace
}  // namespace endpointd::ctl
