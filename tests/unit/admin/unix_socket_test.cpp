#include "admin/unix_socket.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include <gtest/gtest.h>

#include "admin/server.hpp"
#include "fake_daemon.hpp"
#include "raw_client.hpp"

namespace endpointd::admin {
namespace {

TEST(AdminSocket, IsOpenToOwnerAndGroupOnly) {
    const test::TemporaryDirectory directory;
    const std::string path = directory.path() + "/admin.sock";
    const Result<UniqueFd> fd = listen_at(path, std::nullopt);
    ASSERT_TRUE(fd) << fd.error().text;
    struct stat info {};
    ASSERT_EQ(::lstat(path.c_str(), &info), 0);
    EXPECT_TRUE(S_ISSOCK(info.st_mode));
    EXPECT_EQ(info.st_mode & 07777, 0660u);
}

TEST(AdminSocket, APathTooLongIsSaidSo) {
    const std::string path = "/tmp/" + std::string(kSocketPath - 4, 'x');
    const Result<UniqueFd> fd = listen_at(path, std::nullopt);
    ASSERT_FALSE(fd);
    EXPECT_EQ(fd.error().text, "admin socket '" + path +
                                   "': the path has 108 bytes, a socket's may have 107; choose a shorter --run directory or admin.socket");
}

TEST(AdminSocket, TakesALongestPath) {
    const test::TemporaryDirectory directory;
    ASSERT_LT(directory.path().size() + 1, kSocketPath);
    const std::string path = directory.path() + "/" + std::string(kSocketPath - directory.path().size() - 1, 'x');
    ASSERT_EQ(path.size(), kSocketPath);
    const Result<UniqueFd> fd = listen_at(path, std::nullopt);
    EXPECT_TRUE(fd) << fd.error().text;
    EXPECT_TRUE(test::RawClient(path).connected());
}

TEST(AdminSocket, ReplacesOneThatNobodyAnswersOn) {
    const test::TemporaryDirectory directory;
    const std::string path = directory.path() + "/admin.sock";
    { const Result<UniqueFd> stale = listen_at(path, std::nullopt); }
    ASSERT_EQ(::access(path.c_str(), F_OK), 0);
    const Result<UniqueFd> fd = listen_at(path, std::nullopt);
    EXPECT_TRUE(fd) << fd.error().text;
}

TEST(AdminSocket, LeavesALivingOneAlone) {
    const test::TemporaryDirectory directory;
    const std::string path = directory.path() + "/admin.sock";
    const Result<UniqueFd> living = listen_at(path, std::nullopt);
    const Result<UniqueFd> second = listen_at(path, std::nullopt);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().text,
              "admin socket '" + path + "': another endpointd answers on it; stop it or choose another --run directory");
    EXPECT_TRUE(test::RawClient(path).connected());
}

TEST(AdminSocket, LeavesAFileAlone) {
    const test::TemporaryDirectory directory;
    const std::string path = directory.path() + "/admin.sock";
    std::ofstream(path) << "precious";
    const Result<UniqueFd> fd = listen_at(path, std::nullopt);
    ASSERT_FALSE(fd);
    EXPECT_EQ(fd.error().text, "admin socket '" + path + "': something that is no socket is there; remove it or change admin.socket");
    EXPECT_EQ(::access(path.c_str(), F_OK), 0);
}

TEST(AdminSocket, AnUnknownGroupIsAnErrorBeforeAnythingIsBound) {
    const test::TemporaryDirectory directory;
    const std::string path = directory.path() + "/admin.sock";
    const Result<UniqueFd> fd = listen_at(path, "no-such-group");
    ASSERT_FALSE(fd);
    EXPECT_EQ(fd.error().text, "admin.group: there is no group 'no-such-group'; create it, or set admin.group to null");
    EXPECT_NE(::access(path.c_str(), F_OK), 0);
}

TEST(AdminSocket, KnowsWhoIsThere) {
    int pair[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    const UniqueFd one(pair[0]), other(pair[1]);
    const Result<Caller> caller = caller_of(one.get());
    ASSERT_TRUE(caller);
    EXPECT_EQ(caller->uid, ::geteuid());
    EXPECT_EQ(caller->gid, ::getegid());
    EXPECT_EQ(caller->pid, ::getpid());
    EXPECT_EQ(caller->name, user_name(::geteuid()));
}

TEST(AdminSocket, TellsWhoDescendsFromWhom) {
    EXPECT_TRUE(descends_from(::getpid(), ::getpid()));
    EXPECT_TRUE(descends_from(::getpid(), ::getppid()));
    EXPECT_FALSE(descends_from(::getppid(), ::getpid()));
    // Who cannot be found any more may have been anybody.
    const pid_t gone = ::fork();
    if (gone == 0) ::_exit(0);
    ASSERT_EQ(::waitpid(gone, nullptr, 0), gone);
    EXPECT_TRUE(descends_from(gone, ::getpid()));
}

TEST(AdminSocket, NamesUsersFromThePasswordFile) {
    EXPECT_EQ(user_name(0), "root");
    EXPECT_EQ(user_name(3999999999u), "uid 3999999999");
}

}  // namespace
}  // namespace endpointd::admin
