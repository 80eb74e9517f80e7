// Secrets from their file to the plugin, and never any further, with the real runner.

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

#include "catalog/command.hpp"
#include "files/digest.hpp"
#include "runner_fixture.hpp"

namespace endpointd::exec {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class SecretRunsTest : public RunnerFixture {
protected:
    // A file in secrets/ that the daemon's user alone may read.
    std::string secret(const std::string& name, const std::string& text, mode_t mode = 0600) {
        const std::string path = directory_.write("config/secrets/" + name, text, mode);
        EXPECT_EQ(::chown(path.c_str(), daemon_uid(), static_cast<gid_t>(-1)), 0);
        return path;
    }
    void add_script(const std::string& name, const std::string& text, const std::string& members) {
        add_command(name, directory_.write("plugins/" + name, "#!/bin/sh\n" + text, 0755), members);
    }
};

TEST_F(SecretRunsTest, ReachThePluginByEachOfTheThreeWays) {
    secret("one", "first value\n");
    secret("two", "second value\r\n");
    secret("three", std::string("third\0value\n\n", 13));
    add_script("reads",
               "printf %s \"$BY_ENV\" | sha256sum\n"
               "sha256sum <\"/dev/fd/$BY_FD\"\n"
               "sha256sum <\"$BY_PATH\"\n"
               "echo \"$BY_FD $BY_PATH\"\n"
               "(echo more >>\"$BY_PATH\") 2>/dev/null || echo sealed\n",
               R"("secrets": { "BY_ENV": { "file": "secrets/one", "as": "env" }, "BY_FD": { "file": "secrets/two", "as": "fd" },
                               "BY_PATH": { "file": "secrets/three", "as": "file" } })");
    start();
    ASSERT_FALSE(not_ready_) << *not_ready_;
    EXPECT_EQ(run("reads").output, files::sha256_hex("first value") + "  -\n" + files::sha256_hex("second value") + "  -\n" +
                                       files::sha256_hex(std::string_view("third\0value\n", 12)) + "  -\n4 /dev/fd/5\nsealed\n")
        << "the script itself is 3";
}

TEST_F(SecretRunsTest, OfTheMostKindAreAllThere) {
    std::string members;
    std::string expected;
    for (std::size_t i = 0; i < catalog::kSecretsMost; ++i) {
        const std::string number = std::to_string(10 + i);
        secret("s" + number, "value " + number + "\n");
        members += (i == 0 ? "" : ", ") + ("\"S" + number) + R"(": { "file": "secrets/s)" + number + R"(", "as": "file" })";
        expected += files::sha256_hex("value " + number) + "  -\n";
    }
    add_script("reads", "for i in 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25; do eval \"sha256sum <\\$S$i\"; done\n",
               "\"secrets\": { " + members + " }");
    start();
    ASSERT_FALSE(not_ready_) << *not_ready_;
    EXPECT_EQ(run("reads").output, expected);
}

TEST_F(SecretRunsTest, AreAtTheLowestDescriptorsOfAProgram) {
    secret("db", "hunter22\n");
    // No script: nothing is passed but the secret. Where it is, the program says by what it lists.
    add_command("lists", "/usr/bin/env", R"("secrets": { "BY_FD": { "file": "secrets/db", "as": "fd" } })");
    start();
    EXPECT_THAT(run("lists").output, HasSubstr("BY_FD=3\n"));
}

TEST_F(SecretRunsTest, NeverComeBackInOutputOrArgv) {
    secret("db", "hunter22hunter\n");
    add_script("talks",
               "echo \"as it is: $PASSWORD\"\n"
               "echo \"argument: $2\" >&2\n"
               "printf %s \"$PASSWORD\" | base64\n"
               "echo \"OK | hunter22hunter=1\"\n",
               R"("secrets": { "PASSWORD": { "file": "secrets/db", "as": "env" } }, "arguments": { "-p": "$p$" },
                  "parameters": { "p": { "type": "string" } })");
    start();
    const Outcome outcome = run("talks", {{"p", "user:hunter22hunter@db"}});
    EXPECT_EQ(outcome.verdict, Verdict::exited) << outcome.text;
    EXPECT_EQ(outcome.output,
              "as it is: <secret:PASSWORD>\nargument: user:<secret:PASSWORD>@db\n<secret:PASSWORD>=\n"
              "OK | <secret:PASSWORD>=1\n");
    EXPECT_THAT(outcome.argv, ElementsAre(directory_.path() + "/plugins/talks", "-p", "user:<secret:PASSWORD>@db"));
}

TEST_F(SecretRunsTest, NeverComeBackFromAPluginThatIsKilled) {
    secret("db", "hunter22hunter\n");
    add_script("hangs", "echo \"$PASSWORD\"\nexec sleep 3600\n",
               R"("timeout": "300ms", "secrets": { "PASSWORD": { "file": "secrets/db", "as": "env" } })");
    start();
    const Outcome outcome = run("hangs");
    EXPECT_EQ(outcome.verdict, Verdict::timed_out);
    EXPECT_EQ(outcome.output, "<secret:PASSWORD>\n");
}

TEST_F(SecretRunsTest, AreReadAnewForEachRun) {
    secret("db", "before it changed\n");
    add_script("reads", "printf %s \"$PASSWORD\" | sha256sum\n", R"("secrets": { "PASSWORD": { "file": "secrets/db", "as": "env" } })");
    start();
    EXPECT_THAT(run("reads").output, HasSubstr(files::sha256_hex("before it changed")));
    const std::string replacement = secret("db.new", "and afterwards\n");
    ASSERT_EQ(std::rename(replacement.c_str(), (directory_.path() + "/config/secrets/db").c_str()), 0);
    EXPECT_THAT(run("reads").output, HasSubstr(files::sha256_hex("and afterwards")));
}

TEST_F(SecretRunsTest, ThatAreMissingOrLooseRefuseTheRunAndSayWhatToDo) {
    add_script("reads", "echo \"$PASSWORD\"\n", R"("secrets": { "PASSWORD": { "file": "secrets/db", "as": "env" } })");
    add_plugin("ok");
    start();
    const std::string begin = "plugin of 'reads' refused: secret 'PASSWORD' of 'reads': " + directory_.path() + "/config/secrets/db: ";
    Outcome outcome = run("reads");
    EXPECT_EQ(outcome.verdict, Verdict::refused);
    EXPECT_EQ(outcome.refusal, Refusal::plugin);
    EXPECT_EQ(outcome.text, begin + "No such file or directory");
    EXPECT_FALSE(outcome.ran());
    const std::string path = secret("db", "hunter22\n", 0644);
    outcome = run("reads");
    EXPECT_EQ(outcome.refusal, Refusal::plugin);
    EXPECT_EQ(outcome.text, begin + "may be read by others (mode 0644): chmod o-rwx " + path);
    ASSERT_EQ(::chmod(path.c_str(), 0600), 0);
    secret("db", "abc\n");
    EXPECT_EQ(run("reads").text, begin + "is shorter than 4 bytes and cannot be kept out of a plugin's output: use a longer secret");
    secret("db", "hunter22\n");
    EXPECT_EQ(run("reads").output, "<secret:PASSWORD>\n") << "nothing is remembered of what was refused";
    EXPECT_EQ(run("ok").output, "OK - \n");
}

TEST_F(SecretRunsTest, AreOfOneRunAndNotOfTheNext) {
    secret("db", "hunter22hunter\n");
    add_script("has", "env; ls /proc/$$/fd | wc -l\n", R"("secrets": { "PASSWORD": { "file": "secrets/db", "as": "file" } })");
    add_script("has_not", "env; echo hunter22hunter\n", "");
    start();
    EXPECT_THAT(run("has").output, HasSubstr("PASSWORD=/dev/fd/4"));
    const Outcome other = run("has_not");
    EXPECT_THAT(other.output, Not(HasSubstr("PASSWORD=")));
    EXPECT_THAT(other.output, HasSubstr("hunter22hunter\n")) << "what is no secret of its own is not looked for";
}

}  // namespace
}  // namespace endpointd::exec
