// Secrets from their files to what a plugin gets.

#include "exec/secrets.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <type_traits>

#include <gmock/gmock.h>

#include "catalog/catalog.hpp"
#include "exec/environment.hpp"
#include "temporary_directory.hpp"

namespace endpointd::exec {
namespace {

using catalog::SecretAs;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

class Secrets : public testing::Test {
protected:
    Secrets() {
        ::mkdir((directory.path() + "/secrets").c_str(), 0755);
        command.name = "db";
    }
    void put(const std::string& name, const std::string& content, SecretAs as, mode_t mode = 0600) {
        const std::string path = directory.path() + "/secrets/" + name;
        std::ofstream(path, std::ios::binary) << content;
        ::chmod(path.c_str(), mode);
        command.secrets.push_back({name, "secrets/" + name, as});
    }
    Result<OpenSecrets> open() const { return open_secrets(command, directory.path(), ::geteuid()); }
    // The value a file's content becomes.
    std::string value_of(const std::string& content) {
        command.secrets.clear();
        put("P", content, SecretAs::fd);
        const auto opened = open();
        return opened ? std::string(opened->values.at(0).value.view()) : opened.error().text;
    }
    Error refusal(const std::string& content, SecretAs as = SecretAs::env, mode_t mode = 0600) {
        command.secrets.clear();
        put("P", content, as, mode);
        auto opened = open();
        EXPECT_FALSE(opened);
        return opened ? Error{Errc::io, ""} : opened.error();
    }

    files::TemporaryDirectory directory;
    catalog::Command command;
};

std::string read_all(int fd) {
    std::string text;
    std::array<char, 4096> buffer;
    for (ssize_t got; (got = ::read(fd, buffer.data(), buffer.size())) > 0;) text.append(buffer.data(), static_cast<std::size_t>(got));
    return text;
}

static_assert(!std::is_copy_constructible_v<SecretText> && !std::is_copy_assignable_v<SecretText>);

TEST_F(Secrets, OneLineEndIsNoPartOfAValue) {
    EXPECT_EQ(value_of("s3cr3t"), "s3cr3t");
    EXPECT_EQ(value_of("s3cr3t\n"), "s3cr3t");
    EXPECT_EQ(value_of("s3cr3t\r\n"), "s3cr3t");
    EXPECT_EQ(value_of("s3cr3t\n\n"), "s3cr3t\n");
    EXPECT_EQ(value_of("s3cr3t\r"), "s3cr3t\r");
    EXPECT_EQ(value_of(" two\nlines \n"), " two\nlines ");
    EXPECT_EQ(value_of(std::string("bin\0ary", 7)), std::string("bin\0ary", 7));
}

TEST_F(Secrets, ReachThePluginThroughTheVariableOfTheirName) {
    put("KEY", "key-value", SecretAs::fd);
    put("PASSWORD", "pa ss=word", SecretAs::env);
    put("TOKEN", "token-value", SecretAs::file);
    const auto opened = open();
    ASSERT_TRUE(opened) << opened.error().text;
    EXPECT_THAT(opened->values, SizeIs(3));
    ASSERT_THAT(opened->passed, SizeIs(2));
    EXPECT_THAT(environment_words(*opened, 7), ElementsAre("PASSWORD=pa ss=word", "KEY=7", "TOKEN=/dev/fd/8"));
    EXPECT_EQ(read_all(opened->passed[0].fd.get()), "key-value");
    EXPECT_EQ(read_all(opened->passed[1].fd.get()), "token-value");
}

TEST_F(Secrets, InDescriptorsCannotBeChanged) {
    put("KEY", "key-value\n", SecretAs::file);
    const auto opened = open();
    ASSERT_TRUE(opened) << opened.error().text;
    const int fd = opened->passed.at(0).fd.get();
    EXPECT_EQ(::fcntl(fd, F_GETFD), FD_CLOEXEC);
    EXPECT_EQ(::write(fd, "x", 1), -1);
    EXPECT_EQ(errno, EPERM);
    EXPECT_EQ(::ftruncate(fd, 0), -1);
    EXPECT_EQ(::ftruncate(fd, 100), -1);
    EXPECT_EQ(::mmap(nullptr, 9, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), MAP_FAILED);
    EXPECT_EQ(::fcntl(fd, F_ADD_SEALS, F_SEAL_GROW), -1);
    // Nor by opening it anew, as a plugin does with the path it is given.
    const UniqueFd again(::open(("/dev/fd/" + std::to_string(fd)).c_str(), O_RDWR | O_CLOEXEC));
    ASSERT_TRUE(again);
    EXPECT_EQ(::write(again.get(), "x", 1), -1);
    EXPECT_EQ(read_all(again.get()), "key-value");
    EXPECT_EQ(read_all(fd), "key-value") << "the path has an offset of its own";
}

TEST_F(Secrets, AreReadAnewForEachRun) {
    put("P", "first", SecretAs::env);
    EXPECT_THAT(environment_words(*open(), 3), ElementsAre("P=first"));
    put("P", "second", SecretAs::env);
    command.secrets.pop_back();
    EXPECT_THAT(environment_words(*open(), 3), ElementsAre("P=second"));
}

TEST_F(Secrets, MayStandOutsideOfTheConfigurationDirectory) {
    put("P", "value", SecretAs::env);
    command.secrets[0].file = directory.path() + "/secrets/P";
    EXPECT_TRUE(open_secrets(command, "/nowhere", ::geteuid()));
}

TEST_F(Secrets, ThatOthersMayReadAreRefusedWithTheNextStep) {
    const Error error = refusal("pretty-secret", SecretAs::env, 0644);
    EXPECT_EQ(error.code, Errc::invalid);
    EXPECT_THAT(error.text, StartsWith("secret 'P' of 'db': " + directory.path() + "/secrets/P: may be read by others (mode 0644): chmod"));
}

TEST_F(Secrets, ThatAreNotThereAreRefused) {
    command.secrets = {{"P", "secrets/none", SecretAs::fd}};
    EXPECT_EQ(open().error().code, Errc::not_found);
    EXPECT_THAT(open().error().text, StartsWith("secret 'P' of 'db': " + directory.path() + "/secrets/none: "));
}

TEST_F(Secrets, WithoutAUsefulValueAreRefusedAndTheValueIsNotTold) {
    for (const char* nothing : {"", "\n", "\r\n", " \t\n\n"}) EXPECT_THAT(refusal(nothing).text, HasSubstr("secrets/P: is empty: "));
    for (const char* little : {"q7z", "q7z\n", "  q7z  \n"}) {
        const Error error = refusal(little);
        EXPECT_EQ(error.code, Errc::invalid);
        EXPECT_THAT(error.text, HasSubstr("is shorter than 4 bytes"));
        EXPECT_THAT(error.text, Not(HasSubstr("q7z")));
    }
    EXPECT_EQ(value_of("q7zz\n"), "q7zz");
    const Error binary = refusal(std::string("q7zz\0q7zz", 9));
    EXPECT_THAT(binary.text, HasSubstr("holds a NUL byte"));
    EXPECT_THAT(binary.text, Not(HasSubstr("q7zz")));
}

TEST_F(Secrets, AreBoundedEachAndTogether) {
    EXPECT_THAT(value_of(std::string(kSecretBytes, 'x') + "\r\n"), SizeIs(kSecretBytes));
    for (const std::string end : {"x", "x\n", "\n\n\n", "xxx", "xxxxx"}) {
        const Error error = refusal(std::string(kSecretBytes, 'x') + end);
        EXPECT_EQ(error.code, Errc::too_large) << end;
        EXPECT_THAT(error.text, HasSubstr("larger than 65536 bytes"));
    }
    command.secrets.clear();
    for (const char* name : {"A", "B", "C", "D"}) put(name, std::string(kSecretBytes, 'x'), SecretAs::fd);
    EXPECT_TRUE(open());
    put("E", "four", SecretAs::fd);
    EXPECT_EQ(open().error().code, Errc::too_large);
    EXPECT_THAT(open().error().text, HasSubstr("larger than 262144 bytes together"));
}

TEST_F(Secrets, NoneIsNothing) {
    const auto opened = open();
    ASSERT_TRUE(opened);
    EXPECT_THAT(opened->values, IsEmpty());
    EXPECT_THAT(environment_words(*opened, 3), IsEmpty());
}

TEST(SecretNames, AreNeverThoseTheRunnerSets) {
    for (const std::string& word : environment_for(1, {})) {
        Findings findings;
        const std::string name = word.substr(0, word.find('='));
        catalog::Catalog::load({{"t.json", "t.json",
                                 R"({"commands": {"c": {"kind": "check", "command": ["/bin/x"], "secrets": {")" + name +
                                     R"(": {"file": "secrets/a", "as": "env"}}}}})"}},
                               findings);
        EXPECT_THAT(findings.errors, SizeIs(1)) << name;
    }
}

TEST(SecretText, LeavesNothingBehindInWhatItWipes) {
    std::string text = "short";
    const char* const memory = text.data();  // within the string itself
    wipe(text);
    EXPECT_EQ(text, "");
    EXPECT_EQ(std::string(memory, 5), std::string(5, '\0'));
    std::vector<std::string> words{"PASSWORD=a"};
    wipe(words);
    EXPECT_THAT(words, IsEmpty());
    SecretText first("value");
    const char* const there = first.view().data();
    const SecretText second = std::move(first);
    EXPECT_EQ(second.view().data(), there) << "moved, not copied";
}

}  // namespace
}  // namespace endpointd::exec
