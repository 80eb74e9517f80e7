// What a sandbox's lists become, with real directories: what is hidden has no rule that
// reaches it, and what is not hidden has one.

#include "exec/visible_paths.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <map>

#include "exec/landlock.hpp"
#include "temporary_directory.hpp"

namespace endpointd::exec {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

constexpr std::uint64_t kReadTree = access::kRead | access::kExecute;
constexpr std::uint64_t kWriteTree = kReadTree | access::kWrite;

class VisiblePathsTest : public testing::Test {
protected:
    VisiblePathsTest() : top_(std::filesystem::canonical(directory_.path()).string()) {
        for (const char* name : {"a/one", "a/two", "b/deep/hidden", "b/deep/other", "home/joe", "home/ann"})
            std::filesystem::create_directories(at(name));
        directory_.write("a/file", "text\n");
    }
    std::string at(const std::string& name) const { return top_ + "/" + name; }

    // The rules below our own directory, as "a/one"; what is elsewhere is left out.
    std::map<std::string, std::uint64_t> rules(const std::vector<std::string>& read, const std::vector<std::string>& write,
                                               const HiddenPaths& hidden) const {
        auto all = visible_paths(read, write, "", hidden);
        EXPECT_TRUE(all.has_value()) << all.error().text;
        std::map<std::string, std::uint64_t> ours;
        if (!all) return ours;
        for (const PathRule& rule : *all) {
            if (rule.path == top_) ours[""] |= rule.access;
            else if (rule.path.starts_with(top_ + "/")) ours[rule.path.substr(top_.size() + 1)] |= rule.access;
        }
        return ours;
    }

    files::TemporaryDirectory directory_;
    std::string top_;
};

TEST_F(VisiblePathsTest, ATreeWithNothingHiddenInItIsOneRule) {
    EXPECT_THAT(rules({at("a")}, {}, {{at("b")}, {at("home")}}), ElementsAre(Pair("a", kReadTree)));
    EXPECT_THAT(rules({at("a/file")}, {}, {}), ElementsAre(Pair("a/file", kReadTree)));
}

TEST_F(VisiblePathsTest, WhatIsHiddenBelowATreeLeavesOnlyItsSiblings) {
    EXPECT_THAT(rules({top_}, {}, {{at("b/deep/hidden")}, {}}),
                ElementsAre(Pair("a", kReadTree), Pair("b/deep/other", kReadTree), Pair("home", kReadTree)))
        << "no rule for a directory above it: that would reach it";
}

TEST_F(VisiblePathsTest, ANameThatOnlyBeginsAlikeIsNotHidden) {
    std::filesystem::create_directories(at("b/deep/hidden-not"));
    EXPECT_THAT(rules({at("b/deep")}, {}, {{at("b/deep/hidden")}, {}}),
                ElementsAre(Pair("b/deep/hidden-not", kReadTree), Pair("b/deep/other", kReadTree)));
}

TEST_F(VisiblePathsTest, ATreeThatIsHiddenOrBelowSomethingHiddenHasNoRule) {
    EXPECT_THAT(rules({at("b")}, {}, {{at("b")}, {}}), IsEmpty());
    EXPECT_THAT(rules({at("b/deep/other")}, {at("b/deep")}, {{at("b")}, {}}), IsEmpty()) << "to name it does not open it";
    EXPECT_THAT(rules({at("b")}, {}, {{"/"}, {}}), IsEmpty());
}

TEST_F(VisiblePathsTest, ALinkHasNoRuleAndIsNotFollowed) {
    std::filesystem::create_directory_symlink(at("b/deep/hidden"), at("b/deep/link"));
    std::filesystem::create_symlink(at("b/deep/hidden"), at("b/deep/dangling-one-day"));
    EXPECT_THAT(rules({at("b/deep")}, {}, {{at("b/deep/hidden")}, {}}), ElementsAre(Pair("b/deep/other", kReadTree)));
    EXPECT_THAT(rules({at("b/deep/link")}, {}, {{at("b/deep/hidden")}, {}}), IsEmpty()) << "a tree is what its name leads to";
}

TEST_F(VisiblePathsTest, ATreeThatIsNamedByALinkIsTheTreeItLeadsTo) {
    std::filesystem::create_directory_symlink(at("a"), at("link"));
    EXPECT_THAT(rules({at("link")}, {}, {}), ElementsAre(Pair("a", kReadTree)));
    EXPECT_THAT(rules({at("link/../b")}, {}, {}), ElementsAre(Pair("b", kReadTree)));
}

TEST_F(VisiblePathsTest, WhatIsHiddenByALinkIsHiddenWhereItIs) {
    std::filesystem::create_directory_symlink(at("b/deep/hidden"), at("a/state"));
    const HiddenPaths hidden = resolved({{at("a/state"), at("b/not/there/yet")}, {at("no-home")}});
    EXPECT_THAT(hidden.always, ElementsAre(at("b/deep/hidden"), at("b/not/there/yet")));
    EXPECT_THAT(hidden.unless_named, IsEmpty());
    EXPECT_THAT(rules({at("b/deep")}, {}, hidden), ElementsAre(Pair("b/deep/other", kReadTree)));
}

TEST_F(VisiblePathsTest, WhatIsNotThereYetIsHiddenOnceItIs) {
    const HiddenPaths hidden = resolved({{at("b/deep/later")}, {}});
    EXPECT_THAT(rules({at("b/deep")}, {}, hidden), ElementsAre(Pair("b/deep/hidden", kReadTree), Pair("b/deep/other", kReadTree)));
    std::filesystem::create_directories(at("b/deep/later"));
    EXPECT_THAT(rules({at("b/deep")}, {}, hidden), ElementsAre(Pair("b/deep/hidden", kReadTree), Pair("b/deep/other", kReadTree)));
}

TEST_F(VisiblePathsTest, HomesAreHiddenUnlessNamed) {
    const HiddenPaths hidden{{at("b")}, {at("home")}};
    EXPECT_THAT(rules({top_}, {}, hidden), ElementsAre(Pair("a", kReadTree)));
    EXPECT_THAT(rules({top_, at("home")}, {}, hidden), ElementsAre(Pair("a", kReadTree), Pair("home", kReadTree)));
    EXPECT_THAT(rules({top_, at("home/joe")}, {}, hidden), ElementsAre(Pair("a", kReadTree), Pair("home/joe", kReadTree)))
        << "one home opens no other";
    EXPECT_THAT(rules({top_}, {at("home/ann")}, hidden), ElementsAre(Pair("a", kReadTree), Pair("home/ann", kWriteTree)));
}

TEST_F(VisiblePathsTest, ANamedHomeStillHidesTheDaemonsOwn) {
    EXPECT_THAT(rules({at("home")}, {}, {{at("home/joe")}, {at("home")}}), ElementsAre(Pair("home/ann", kReadTree)));
}

TEST_F(VisiblePathsTest, WhatIsNotThereHasNoRuleAndIsNoError) {
    EXPECT_THAT(rules({at("none"), at("a/file/below"), at("a")}, {at("none")}, {}), ElementsAre(Pair("a", kReadTree)));
}

TEST_F(VisiblePathsTest, TreesInOneAnotherKeepEachTheirOwnRights) {
    EXPECT_THAT(rules({at("a"), at("a/one")}, {at("a/two")}, {}),
                ElementsAre(Pair("a", kReadTree), Pair("a/one", kReadTree), Pair("a/two", kWriteTree)));
}

TEST_F(VisiblePathsTest, AWriteTreeIsExpandedLikeAReadTree) {
    EXPECT_THAT(rules({}, {at("b")}, {{at("b/deep/hidden")}, {}}), ElementsAre(Pair("b/deep/other", kWriteTree)));
}

TEST_F(VisiblePathsTest, TheWholeFileSystemIsATreeLikeAnyOther) {
    const auto all = visible_paths({"/"}, {}, "", {});
    ASSERT_TRUE(all.has_value());
    EXPECT_EQ(all->front().path, "/");
    const auto expanded = visible_paths({"/"}, {}, "", {{at("b")}, {}});
    ASSERT_TRUE(expanded.has_value());
    for (const PathRule& rule : *expanded) {
        EXPECT_TRUE(rule.path.starts_with('/') && !rule.path.starts_with("//")) << rule.path;
        EXPECT_FALSE(at("b").starts_with(rule.path + "/") || rule.path == "/") << rule.path << " reaches what is hidden";
    }
}

TEST_F(VisiblePathsTest, TheProgramAndTheDevicesAreThereWhateverIsListed) {
    const auto all = visible_paths({}, {}, at("a/file"), {{top_}, {}});
    ASSERT_TRUE(all.has_value());
    std::map<std::string, std::uint64_t> rules;
    for (const PathRule& rule : *all) rules[rule.path] = rule.access;
    EXPECT_EQ(rules.size(), 6U);
    EXPECT_EQ(rules[at("a/file")], access::kExecute | access::kReadFile);
    for (const char* device : {"/dev/null", "/dev/zero", "/dev/full"}) EXPECT_EQ(rules[device], access::kReadFile | access::kWriteFile);
    for (const char* device : {"/dev/urandom", "/dev/random"}) EXPECT_EQ(rules[device], access::kReadFile);
}

TEST_F(VisiblePathsTest, TooManyEntriesAreAnErrorAndNotAHole) {
    std::filesystem::create_directories(at("many/hidden"));
    const std::string file = directory_.write("many/0", "");
    // Names of one file are entries like any other, and cheap to make.
    for (std::size_t i = 1; i <= kPathRules; ++i) ASSERT_EQ(::link(file.c_str(), at("many/" + std::to_string(i)).c_str()), 0);
    const auto all = visible_paths({at("many")}, {}, "", {{at("many/hidden")}, {}});
    ASSERT_FALSE(all.has_value());
    EXPECT_EQ(all.error().code, Errc::too_large);
    EXPECT_EQ(all.error().text, "its sandbox would take more than 16384 rules, or 3 MiB of paths: name fewer trees");
    EXPECT_TRUE(visible_paths({at("many")}, {}, "", {}).has_value()) << "with nothing hidden in it it is one rule";
}

TEST_F(VisiblePathsTest, TooManyBytesOfPathsAreAnErrorAsWell) {
    std::filesystem::create_directories(at("long/hidden"));
    const std::string file = directory_.write("long/0", "");
    const std::string name(240, 'n');
    for (std::size_t i = 0; i <= kPathsBytes / name.size(); ++i)
        ASSERT_EQ(::link(file.c_str(), at("long/" + name + std::to_string(i)).c_str()), 0);
    const auto all = visible_paths({at("long")}, {}, "", {{at("long/hidden")}, {}});
    ASSERT_FALSE(all.has_value()) << "no launcher takes " << all->size() << " rules of that length";
    EXPECT_EQ(all.error().code, Errc::too_large);
}

TEST_F(VisiblePathsTest, ADirectoryThatCannotBeListedIsHiddenAsAWhole) {
    if (::geteuid() == 0) GTEST_SKIP() << "root may list everything";
    ASSERT_EQ(::chmod(at("b/deep").c_str(), 0111), 0);
    EXPECT_THAT(rules({at("b")}, {}, {{at("b/deep/hidden")}, {}}), IsEmpty());
    ASSERT_EQ(::chmod(at("b/deep").c_str(), 0755), 0);
}

}  // namespace
}  // namespace endpointd::exec
