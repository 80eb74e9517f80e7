// Landlock by each ABI that a kernel may have: a lower one than the kernel's can be named,
// so that an older kernel is seen on a newer one.

#include "exec/landlock.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <functional>

#include "temporary_directory.hpp"

namespace endpointd::exec {
namespace {

constexpr int kNewest = 7;

#define SKIP_WITHOUT_LANDLOCK() \
    if (landlock_abi() == 0) GTEST_SKIP() << "this kernel has no Landlock"

// What a child says that has enforced `ruleset`: the value of `attempt`, which is an errno or
// 0; 200 and above if it could not be confined. The child makes system calls and nothing else.
int confined(const Landlock& ruleset, const std::function<int()>& attempt) {
    const pid_t child = ::fork();
    if (child == 0) {
        if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) ::_exit(200);
        if (!ruleset.enforce()) ::_exit(201);
        ::_exit(attempt());
    }
    int status = 0;
    if (child < 0 || ::waitpid(child, &status, 0) != child || !WIFEXITED(status)) return 202;
    return WEXITSTATUS(status);
}

int open_errno(const std::string& path, int flags) {
    const int fd = ::open(path.c_str(), flags | O_CLOEXEC, 0600);
    if (fd < 0) return errno;
    ::close(fd);
    return 0;
}

class LandlockTest : public testing::Test {
protected:
    files::TemporaryDirectory directory_;
};

TEST_F(LandlockTest, IsUnavailableWithoutAnAbi) {
    for (const int abi : {0, -1}) {
        const auto ruleset = Landlock::make(abi, {access::kFiles, true, true, true});
        ASSERT_FALSE(ruleset.has_value());
        EXPECT_EQ(ruleset.error().code, Errc::unavailable);
    }
}

TEST_F(LandlockTest, MakesARulesetForEveryAbiUpToTheKernels) {
    SKIP_WITHOUT_LANDLOCK();
    for (int abi = 1; abi <= std::min(kNewest, landlock_abi()); ++abi) {
        const auto ruleset = Landlock::make(abi, {access::kFiles | access::kIoctl, true, true, true});
        ASSERT_TRUE(ruleset.has_value()) << abi << ": " << ruleset.error().text;
        EXPECT_EQ(ruleset->abi(), abi);
        EXPECT_GE(ruleset->fd(), 0);
    }
}

TEST_F(LandlockTest, ARulesetThatWouldConfineNothingIsAnError) {
    SKIP_WITHOUT_LANDLOCK();
    for (const auto& [abi, handled] : {std::pair<int, Handled>{1, {0, false, false, false}},
                                       {3, {0, true, false, false}},
                                       {5, {0, false, true, true}},
                                       {1, {access::kRefer, true, true, true}},
                                       {2, {access::kTruncate, false, false, false}},
                                       {4, {access::kIoctl, false, false, false}}}) {
        const auto ruleset = Landlock::make(abi, handled);
        ASSERT_FALSE(ruleset.has_value()) << abi;
        EXPECT_EQ(ruleset.error().code, Errc::unavailable);
    }
}

TEST_F(LandlockTest, RightsOfDirectoriesAreLeftOutForAFile) {
    SKIP_WITHOUT_LANDLOCK();
    const std::string file = directory_.write("file", "text");
    // The kernel itself would say EINVAL.
    for (int abi = 1; abi <= std::min(kNewest, landlock_abi()); ++abi) {
        auto ruleset = Landlock::make(abi, {access::kFiles, false, false, false});
        ASSERT_TRUE(ruleset.has_value());
        const auto allowed = ruleset->allow(file.c_str(), access::kFiles | access::kIoctl);
        EXPECT_TRUE(allowed.has_value()) << abi << ": " << allowed.error().text;
        EXPECT_TRUE(ruleset->allow(file.c_str(), access::kReadDir).has_value()) << "nothing is left of it, which is no rule";
    }
}

TEST_F(LandlockTest, APathThatIsNotThereIsNotFound) {
    SKIP_WITHOUT_LANDLOCK();
    auto ruleset = Landlock::make(1, {access::kFiles, false, false, false});
    ASSERT_TRUE(ruleset.has_value());
    const auto allowed = ruleset->allow((directory_.path() + "/none").c_str(), access::kRead);
    ASSERT_FALSE(allowed.has_value());
    EXPECT_EQ(allowed.error().code, Errc::not_found);
}

TEST_F(LandlockTest, WhoEnforcesItReadsOnlyWhatIsAllowed) {
    SKIP_WITHOUT_LANDLOCK();
    const std::string inside = directory_.write("inside/file", "text");
    const std::string outside = directory_.write("outside/file", "text");
    const std::string one = directory_.write("outside/one", "text");
    for (int abi = 1; abi <= std::min(kNewest, landlock_abi()); ++abi) {
        auto ruleset = Landlock::make(abi, {access::kFiles, false, false, false});
        ASSERT_TRUE(ruleset.has_value());
        ASSERT_TRUE(ruleset->allow((directory_.path() + "/inside").c_str(), access::kRead).has_value());
        ASSERT_TRUE(ruleset->allow(one.c_str(), access::kReadFile | access::kWriteFile).has_value());
        EXPECT_EQ(confined(*ruleset, [&] { return open_errno(inside, O_RDONLY); }), 0) << abi;
        EXPECT_EQ(confined(*ruleset, [&] { return open_errno(directory_.path() + "/inside", O_RDONLY | O_DIRECTORY); }), 0) << abi;
        EXPECT_EQ(confined(*ruleset, [&] { return open_errno(inside, O_WRONLY); }), EACCES) << abi;
        EXPECT_EQ(confined(*ruleset, [&] { return open_errno(outside, O_RDONLY); }), EACCES) << abi;
        EXPECT_EQ(confined(*ruleset, [&] { return open_errno(one, O_RDWR); }), 0) << abi;
        EXPECT_EQ(confined(*ruleset, [&] { return open_errno(directory_.path() + "/inside/new", O_WRONLY | O_CREAT); }), EACCES) << abi;
    }
    EXPECT_EQ(open_errno(outside, O_RDONLY), 0) << "we ourselves are not confined";
}

TEST_F(LandlockTest, TruncatingByPathIsCoveredFromAbi3) {
    if (landlock_abi() < 3) GTEST_SKIP() << "this kernel has Landlock ABI " << landlock_abi();
    const std::string file = directory_.write("file", "text");
    for (const int abi : {2, 3}) {
        auto ruleset = Landlock::make(abi, {access::kFiles, false, false, false});
        ASSERT_TRUE(ruleset.has_value());
        ASSERT_TRUE(ruleset->allow("/", access::kRead).has_value());
        EXPECT_EQ(confined(*ruleset, [&] { return ::truncate(file.c_str(), 4) == 0 ? 0 : errno; }), abi == 3 ? EACCES : 0) << abi;
    }
}

TEST_F(LandlockTest, AnotherRulesetOnTopNeverAllowsMore) {
    SKIP_WITHOUT_LANDLOCK();
    const std::string file = directory_.write("file", "text");
    auto strict = Landlock::make(1, {access::kFiles, false, false, false});
    auto generous = Landlock::make(1, {access::kFiles, false, false, false});
    ASSERT_TRUE(strict.has_value() && generous.has_value());
    ASSERT_TRUE(generous->allow("/", access::kFiles).has_value());
    EXPECT_EQ(confined(*strict,
                       [&] {
                           if (!generous->enforce()) return 203;
                           return open_errno(file, O_RDONLY);
                       }),
              EACCES);
}

}  // namespace
}  // namespace endpointd::exec
