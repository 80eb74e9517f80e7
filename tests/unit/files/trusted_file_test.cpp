#include "files/trusted_file.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "temporary_directory.hpp"

namespace endpointd::files {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

// A user nobody is.
constexpr uid_t kStranger = 64'321;

class TrustedFileTest : public testing::Test {
protected:
    Error error_of(const std::string& path, TrustedKind kind = TrustedKind::config) {
        auto file = read_trusted(path, kind, ::geteuid());
        return file ? Error{Errc::io, "it was accepted"} : file.error();
    }
    bool accepted(const std::string& path, TrustedKind kind = TrustedKind::config) {
        return read_trusted(path, kind, ::geteuid()).has_value();
    }
    bool is_root() const { return ::geteuid() == 0; }

    TemporaryDirectory directory_;
};

TEST_F(TrustedFileTest, ReadsAFileThatOnlyItsOwnerMayWrite) {
    const std::string path = directory_.write("a.json", std::string("te\0xt", 5));
    EXPECT_EQ(*read_trusted(path, TrustedKind::config, ::geteuid()), std::string("te\0xt", 5));
}

TEST_F(TrustedFileTest, RefusesWhatGroupOrOthersMayWriteAndSaysWhatToDo) {
    for (const mode_t mode : {0664U, 0646U, 0666U}) {
        const std::string path = directory_.write("a.json", "{}", mode);
        const Error error = error_of(path);
        EXPECT_EQ(error.code, Errc::invalid);
        EXPECT_THAT(error.text, HasSubstr("is writable by group or others (mode 0" + std::to_string(mode == 0664   ? 664
                                                                                                    : mode == 0646 ? 646
                                                                                                                   : 666)));
        EXPECT_THAT(error.text, EndsWith(": chmod go-w " + path));
    }
}

TEST_F(TrustedFileTest, RefusesAFileOfSomebodyElse) {
    if (!is_root()) GTEST_SKIP() << "only root can give a file away";
    const std::string path = directory_.write("a.json", "{}");
    ASSERT_EQ(::chown(path.c_str(), kStranger, kStranger), 0);
    const Error error = error_of(path);
    EXPECT_EQ(error.code, Errc::invalid);
    EXPECT_EQ(error.text, path + ": is owned by user 64321, not root: chown root " + path);
    EXPECT_TRUE(read_trusted(path, TrustedKind::config, kStranger).has_value()) << "it is the running user's own";
}

TEST_F(TrustedFileTest, RefusesADirectoryOnThePathThatSomebodyElseMayWrite) {
    const std::string path = directory_.write("sub/deep/a.json", "{}");
    ASSERT_EQ(::chmod((directory_.path() + "/sub").c_str(), 0775), 0);
    const Error error = error_of(path);
    EXPECT_EQ(error.code, Errc::invalid);
    EXPECT_EQ(error.text, path + ": directory " + directory_.path() + "/sub is writable by group or others (mode 0775): chmod go-w " +
                              directory_.path() + "/sub");
}

TEST_F(TrustedFileTest, RefusesADirectoryOnThePathThatSomebodyElseOwns) {
    if (!is_root()) GTEST_SKIP() << "only root can give a directory away";
    const std::string path = directory_.write("sub/a.json", "{}");
    ASSERT_EQ(::chown((directory_.path() + "/sub").c_str(), kStranger, kStranger), 0);
    EXPECT_THAT(error_of(path).text, HasSubstr("directory " + directory_.path() + "/sub is owned by user 64321"));
}

TEST_F(TrustedFileTest, LetsAStickyDirectoryOfRootsLeadOnButNotHoldTheFile) {
    if (!is_root()) GTEST_SKIP() << "only root can make a sticky directory of root's";
    const std::string path = directory_.write("sticky/own/a.json", "{}");
    ASSERT_EQ(::chmod((directory_.path() + "/sticky").c_str(), 01777), 0);
    EXPECT_TRUE(accepted(path));
    const std::string inside = directory_.write("sticky/a.json", "{}");
    EXPECT_EQ(error_of(inside).text,
              inside + ": lies in " + directory_.path() + "/sticky, where everybody may write: move it into a directory of its own");
}

TEST_F(TrustedFileTest, DoesNotTrustAStickyDirectoryOfSomebodyElse) {
    if (!is_root()) GTEST_SKIP() << "only root can give a directory away";
    const std::string path = directory_.write("sticky/own/a.json", "{}");
    ASSERT_EQ(::chown((directory_.path() + "/sticky").c_str(), kStranger, kStranger), 0);
    ASSERT_EQ(::chmod((directory_.path() + "/sticky").c_str(), 01777), 0);
    EXPECT_EQ(error_of(path).code, Errc::invalid);
}

TEST_F(TrustedFileTest, ChecksWhatALinkLeadsToAndWhereItLies) {
    const std::string loose = directory_.write("loose/a.json", "{}");
    ASSERT_EQ(::chmod((directory_.path() + "/loose").c_str(), 0777), 0);
    const std::string tight = directory_.write("tight/b.json", "tight");
    ASSERT_EQ(::symlink(loose.c_str(), (directory_.path() + "/tight/to_loose").c_str()), 0);
    ASSERT_EQ(::symlink(tight.c_str(), (directory_.path() + "/tight/to_tight").c_str()), 0);
    EXPECT_EQ(error_of(directory_.path() + "/tight/to_loose").code, Errc::invalid);
    auto file = open_trusted_file(directory_.path() + "/tight/to_tight", TrustedKind::config, ::geteuid());
    ASSERT_TRUE(file.has_value());
    EXPECT_EQ(file->resolved, tight);
}

TEST_F(TrustedFileTest, RefusesALinkInADirectoryThatOthersMayWrite) {
    const std::string tight = directory_.write("tight/b.json", "tight");
    directory_.write("loose/unused", "");
    const std::string loose = directory_.path() + "/loose";
    ASSERT_EQ(::chmod(loose.c_str(), 0777), 0);
    ASSERT_EQ(::symlink(tight.c_str(), (loose + "/to_file").c_str()), 0);
    ASSERT_EQ(::symlink((directory_.path() + "/tight").c_str(), (loose + "/to_directory").c_str()), 0);
    for (const char* name : {"/to_file", "/to_directory/b.json"})
        EXPECT_THAT(error_of(loose + name).text, HasSubstr("directory " + loose + " is writable by group or others")) << name;
    // The same by way of a link that is sound itself.
    ASSERT_EQ(::symlink((loose + "/to_file").c_str(), (directory_.path() + "/tight/twice").c_str()), 0);
    EXPECT_EQ(error_of(directory_.path() + "/tight/twice").code, Errc::invalid);
}

TEST_F(TrustedFileTest, FollowsRelativeLinksAndDots) {
    const std::string file = directory_.write("a/b/file", "x");
    directory_.write("c/d/unused", "");
    ASSERT_EQ(::symlink("../../a/./b", (directory_.path() + "/c/d/link").c_str()), 0);
    for (const char* name : {"/c/d/link/file", "/c/d/../d/link/../b/file", "/a//b/file"}) {
        auto opened = open_trusted_file(directory_.path() + name, TrustedKind::config, ::geteuid());
        ASSERT_TRUE(opened.has_value()) << opened.error().text;
        EXPECT_EQ(opened->resolved, file) << name;
    }
    ASSERT_EQ(::symlink("loop", (directory_.path() + "/loop").c_str()), 0);
    EXPECT_EQ(error_of(directory_.path() + "/loop").code, Errc::io);
}

TEST_F(TrustedFileTest, AsRootFollowsNobodyElsesLinks) {
    if (!is_root()) GTEST_SKIP() << "not root";
    const std::string file = directory_.write("theirs/file", "x");
    const std::string link = directory_.path() + "/theirs/link";
    ASSERT_EQ(::symlink(file.c_str(), link.c_str()), 0);
    ASSERT_EQ(::lchown(link.c_str(), kStranger, kStranger), 0);
    // What the user may choose for himself is not what root reads for him.
    EXPECT_THAT(read_trusted(link, TrustedKind::config, kStranger).error().text, HasSubstr("and root follows no other"));
    EXPECT_THAT(error_of(link).text, HasSubstr("link " + link + " is user " + std::to_string(kStranger) + "'s"));
    ASSERT_EQ(::lchown(link.c_str(), 0, 0), 0);
    EXPECT_TRUE(read_trusted(link, TrustedKind::config, kStranger).has_value());
    ASSERT_EQ(::chown((directory_.path() + "/theirs").c_str(), kStranger, kStranger), 0);
    EXPECT_THAT(read_trusted(link, TrustedKind::config, kStranger).error().text, HasSubstr("and root follows no other"));
}

TEST_F(TrustedFileTest, RefusesASecretThatOthersMayRead) {
    const std::string path = directory_.write("key", "x", 0604);
    EXPECT_EQ(error_of(path, TrustedKind::secret).text, path + ": may be read by others (mode 0604): chmod o-rwx " + path);
    EXPECT_TRUE(accepted(path, TrustedKind::config));
}

TEST_F(TrustedFileTest, LetsTheGroupReadASecretOnlyIfRootOwnsIt) {
    const std::string path = directory_.write("key", "x", 0640);
    if (is_root()) {
        EXPECT_TRUE(accepted(path, TrustedKind::secret));
        ASSERT_EQ(::chown(path.c_str(), kStranger, 0), 0);
        EXPECT_THAT(read_trusted(path, TrustedKind::secret, kStranger).error().text, EndsWith("chmod g-rwx " + path));
    } else {
        EXPECT_THAT(error_of(path, TrustedKind::secret).text, HasSubstr("may be read by its group and is not owned by root (mode 0640)"));
    }
    ASSERT_EQ(::chmod(path.c_str(), 0400), 0);
    EXPECT_TRUE(is_root() || accepted(path, TrustedKind::secret));
}

TEST_F(TrustedFileTest, TakesRegularFilesOnlyAndIsNotHeldByAFifo) {
    const std::string fifo = directory_.path() + "/fifo";
    ASSERT_EQ(::mkfifo(fifo.c_str(), 0644), 0);
    EXPECT_THAT(error_of(fifo).text, HasSubstr("is no regular file"));
    EXPECT_EQ(error_of(directory_.path()).code, Errc::invalid);
    EXPECT_EQ(error_of("/dev/null").code, Errc::invalid);
}

TEST_F(TrustedFileTest, SaysApartWhatIsMissing) {
    EXPECT_EQ(error_of(directory_.path() + "/none").code, Errc::not_found);
    EXPECT_EQ(error_of(directory_.write("a", "") + "/below").code, Errc::not_found);
    ASSERT_EQ(::symlink("nowhere", (directory_.path() + "/dangling").c_str()), 0);
    EXPECT_EQ(error_of(directory_.path() + "/dangling").code, Errc::not_found);
}

TEST_F(TrustedFileTest, SaysApartWhatTheCallerMayNotRead) {
    if (is_root()) GTEST_SKIP() << "root may read everything";
    EXPECT_EQ(error_of(directory_.write("a.json", "{}", 0)).code, Errc::not_permitted);
}

TEST_F(TrustedFileTest, BoundsWhatItReads) {
    const std::string path = directory_.write("a.json", std::string(20'000, 'x'));
    EXPECT_EQ(read_trusted(path, TrustedKind::config, ::geteuid(), 20'000)->size(), 20'000U);
    const auto larger = read_trusted(path, TrustedKind::config, ::geteuid(), 19'999);
    EXPECT_EQ(larger.error().code, Errc::too_large);
    EXPECT_EQ(larger.error().text, path + ": larger than 19999 bytes");
}

TEST_F(TrustedFileTest, WantsAPluginToBeExecutableBySomebody) {
    const std::string path = directory_.write("check_x", "#!/bin/sh\n", 0644);
    EXPECT_EQ(error_of(path, TrustedKind::plugin).code, Errc::not_permitted);
    ASSERT_EQ(::chmod(path.c_str(), 0755), 0);
    EXPECT_TRUE(accepted(path, TrustedKind::plugin));
    ASSERT_EQ(::chmod(path.c_str(), 0775), 0);
    EXPECT_EQ(error_of(path, TrustedKind::plugin).code, Errc::invalid);
}

TEST_F(TrustedFileTest, ChecksWithoutReading) {
    const std::string path = directory_.write("check_x", "#!/bin/sh\n", 0711);
    ::chmod(path.c_str(), 0111);
    EXPECT_TRUE(check_trusted(path, TrustedKind::plugin, ::geteuid()).has_value());
    ::chmod(path.c_str(), 0777);
    EXPECT_EQ(check_trusted(path, TrustedKind::plugin, ::geteuid()).error().text, error_of(path, TrustedKind::plugin).text);
    EXPECT_EQ(check_trusted(directory_.path(), TrustedKind::plugin, ::geteuid()).error().code, Errc::invalid);
    EXPECT_EQ(check_trusted(path + "y", TrustedKind::plugin, ::geteuid()).error().code, Errc::not_found);
}

TEST_F(TrustedFileTest, HandsOutADescriptorThatIsClosedOnExec) {
    auto file = open_trusted(directory_.write("a", "x"), TrustedKind::config, ::geteuid());
    ASSERT_TRUE(file.has_value());
    EXPECT_NE(::fcntl(file->get(), F_GETFD) & FD_CLOEXEC, 0);
}

}  // namespace
}  // namespace endpointd::files
