#include "files/tree.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/unique_fd.hpp"
#include "temporary_directory.hpp"

namespace endpointd::files {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class TreeTest : public testing::Test {
protected:
    std::vector<std::string> names(TreeKind kind, Unreadable unreadable = Unreadable::is_error) {
        findings_ = {};
        std::vector<std::string> names;
        for (const SourceFile& file : read_tree(directory_.path(), kind, ::geteuid(), unreadable, findings_)) names.push_back(file.name);
        return names;
    }

    TemporaryDirectory directory_;
    Findings findings_;
};

TEST_F(TreeTest, ReadsTheSettingsFirstAndItsFragmentsInLexicalOrder) {
    directory_.write("conf.d/20-b.json", "b");
    directory_.write("conf.d/10-a.json", "a");
    directory_.write("endpointd.json", "main");
    EXPECT_THAT(names(TreeKind::settings), ElementsAre("endpointd.json", "10-a.json", "20-b.json"));
    EXPECT_TRUE(findings_.ok());
}

TEST_F(TreeTest, TakesSettingsThatSomebodyElseOpenedOrKnewToBeMissing) {
    directory_.write("conf.d/10-a.json", "a");
    const std::string other = directory_.write("elsewhere", "opened");
    const UniqueFd opened(::open(other.c_str(), O_RDONLY | O_CLOEXEC));
    for (int time = 0; time < 2; ++time) {  // from its start each time
        const auto files = read_settings(directory_.path(), opened.get(), ::geteuid(), Unreadable::is_error, findings_);
        ASSERT_EQ(files.size(), 2U);
        EXPECT_EQ(files[0].name, "endpointd.json");
        EXPECT_EQ(files[0].path, directory_.path() + "/endpointd.json");
        EXPECT_EQ(files[0].text, "opened");
        EXPECT_EQ(files[1].name, "10-a.json");
    }
    EXPECT_EQ(read_settings(directory_.path(), -1, ::geteuid(), Unreadable::is_error, findings_).size(), 1U);
    EXPECT_TRUE(findings_.ok());
}

TEST_F(TreeTest, TakesAMissingTreeForAnEmptyOne) {
    for (const TreeKind kind : {TreeKind::settings, TreeKind::catalog, TreeKind::caps, TreeKind::zones}) EXPECT_TRUE(names(kind).empty());
    EXPECT_TRUE(findings_.errors.empty() && findings_.warnings.empty());
}

TEST_F(TreeTest, SkipsHiddenNamesOtherEndingsAndFolders) {
    directory_.write("catalog.d/a.json", "a");
    directory_.write("catalog.d/.a.json", "hidden");
    directory_.write("catalog.d/a.json.bak", "other");
    directory_.write("catalog.d/sub/b.json", "below");
    EXPECT_THAT(names(TreeKind::catalog), ElementsAre("a.json"));
    EXPECT_TRUE(findings_.ok());
}

TEST_F(TreeTest, ReadsZonesFromFoldersBelow) {
    directory_.write("zones.d/zones.conf", "z");
    directory_.write("zones.d/sub/deeper/h.conf", "h");
    directory_.write("zones.d/sub/a.conf", "a");
    directory_.write("zones.d/.git/x.conf", "x");
    EXPECT_THAT(names(TreeKind::zones), ElementsAre("sub/a.conf", "sub/deeper/h.conf", "zones.conf"));
}

TEST_F(TreeTest, NamesEachFileAsTheOperatorWouldOpenIt) {
    directory_.write("caps.d/m.json", "{}");
    const auto files = read_tree(directory_.path(), TreeKind::caps, ::geteuid(), Unreadable::is_error, findings_);
    ASSERT_EQ(files.size(), 1U);
    EXPECT_EQ(files[0].path, directory_.path() + "/caps.d/m.json");
    EXPECT_EQ(files[0].text, "{}");
}

TEST_F(TreeTest, RefusesLooseFilesAndReadsTheOthers) {
    directory_.write("catalog.d/a.json", "a");
    directory_.write("catalog.d/b.json", "b", 0666);
    directory_.write("catalog.d/c.json", "c");
    EXPECT_THAT(names(TreeKind::catalog, Unreadable::is_warning), ElementsAre("a.json", "c.json"));
    ASSERT_EQ(findings_.errors.size(), 1U);
    EXPECT_EQ(findings_.errors[0].file, directory_.path() + "/catalog.d/b.json");
    EXPECT_THAT(findings_.errors[0].message, HasSubstr("is writable by group or others (mode 0666): chmod go-w "));
}

TEST_F(TreeTest, WarnsOfWhatTheCallerMayNotReadOnlyIfAskedTo) {
    if (::geteuid() == 0) GTEST_SKIP() << "root may read everything";
    directory_.write("catalog.d/a.json", "a", 0);
    EXPECT_TRUE(names(TreeKind::catalog, Unreadable::is_warning).empty());
    EXPECT_EQ(findings_.warnings.size(), 1U);
    EXPECT_TRUE(findings_.ok());
    EXPECT_TRUE(names(TreeKind::catalog, Unreadable::is_error).empty());
    EXPECT_EQ(findings_.errors.size(), 1U);
}

TEST_F(TreeTest, ComesBackFromALoopOfLinks) {
    directory_.write("zones.d/a/x.conf", "x");
    ASSERT_EQ(::symlink("..", (directory_.path() + "/zones.d/a/up").c_str()), 0);
    names(TreeKind::zones);
    ASSERT_FALSE(findings_.ok());
    EXPECT_THAT(findings_.errors[0].message, HasSubstr("directories deep"));
}

TEST_F(TreeTest, ReportsADanglingLink) {
    directory_.write("caps.d/a.json", "a");
    ASSERT_EQ(::symlink("nowhere", (directory_.path() + "/caps.d/b.json").c_str()), 0);
    EXPECT_THAT(names(TreeKind::caps), ElementsAre("a.json"));
    ASSERT_EQ(findings_.errors.size(), 1U);
    EXPECT_EQ(findings_.errors[0].message, "No such file or directory");
}

}  // namespace
}  // namespace endpointd::files
