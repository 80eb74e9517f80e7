#include "exec/confine.hpp"

#include <grp.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

namespace endpointd::exec {
namespace {

// In a child: what it does cannot be undone.
template <class F>
int in_a_child(F what) {
    const pid_t pid = ::fork();
    if (pid == 0) ::_exit(what());
    int status = 0;
    ::waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(Confine, DropsEveryRightOfRootForGood) {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can become somebody else";
    const auto user = find_user("nobody");
    ASSERT_TRUE(user.has_value());
    EXPECT_EQ(in_a_child([&] {
                  if (!become_user(*user)) return 1;
                  gid_t groups[64];
                  const int count = ::getgroups(64, groups);
                  for (int i = 0; i < count; ++i)
                      if (groups[i] == 0) return 2;
                  if (::getuid() != user->uid || ::getegid() != user->gid) return 3;
                  if (::setuid(0) == 0 || ::setgid(0) == 0) return 4;
                  if (::access("/etc/shadow", R_OK) == 0) return 5;
                  return become_user(*user) ? 0 : 6;  // again: nothing to do
              }),
              0);
}

TEST(Confine, DropsEveryCapabilityAlsoOfRoot) {
    EXPECT_EQ(in_a_child([] {
                  if (!drop_capabilities() || !drop_capabilities()) return 1;
                  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
                  __user_cap_data_struct sets[2] = {};
                  if (::syscall(SYS_capget, &header, sets) != 0) return 2;
                  if ((sets[0].effective | sets[0].permitted | sets[1].effective | sets[1].permitted) != 0) return 3;
                  if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_CHOWN, 0, 0) != 0) return 4;
                  return ::chroot("/") == 0 ? 5 : 0;
              }),
              0);
}

TEST(Confine, ForbidsNewPrivilegesForGood) {
    EXPECT_EQ(in_a_child([] {
                  if (!forbid_new_privileges()) return 1;
                  return ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 0 : 2;
              }),
              0);
}

TEST(Confine, NeverBecomesRoot) {
    EXPECT_EQ(become_user({"root", 0, 0}).error().code, Errc::invalid);
    EXPECT_EQ(daemon_user("root", "/").error().code, Errc::invalid);
}

TEST(Confine, SaysWhatIsMissingWhenNoUserIsNamed) {
    const auto user = daemon_user("no-such-user-here", "/");
    EXPECT_EQ(user.error().code, Errc::not_found);
    EXPECT_EQ(user.error().text, "user no-such-user-here does not exist");
    if (find_user("endpointd")) GTEST_SKIP() << "there is a user endpointd";
    EXPECT_EQ(
        daemon_user(std::nullopt, "/").error().text,
        "user endpointd does not exist: create it, set \"user\" in endpointd.json, or give / to the user that endpointd shall run as");
}

TEST(Confine, TakesTheStateDirectorysOwner) {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can give a directory away";
    std::string path = testing::TempDir() + "/confine_XXXXXX";
    ASSERT_NE(::mkdtemp(path.data()), nullptr);
    const auto nobody = find_user("nobody");
    ASSERT_TRUE(nobody.has_value());
    ASSERT_EQ(::chown(path.c_str(), nobody->uid, nobody->gid), 0);
    EXPECT_EQ(daemon_user(std::nullopt, path)->name, "nobody");
    EXPECT_EQ(running_user(std::nullopt, path)->uid, nobody->uid);
    EXPECT_EQ(settings_owner(path), nobody->uid);
    ::rmdir(path.c_str());
}

TEST(Confine, IsWhoeverStartedItWhereThatIsNotRoot) {
    if (::geteuid() == 0) GTEST_SKIP() << "root becomes somebody else";
    EXPECT_EQ(running_user("root", "/")->uid, ::geteuid());
    EXPECT_EQ(become_user({"other", ::geteuid() + 1, 1}).error().code, Errc::not_permitted);
}

TEST(Confine, ForbidsCoreFiles) {
    EXPECT_EQ(in_a_child([] {
                  if (!forbid_core_dumps()) return 1;
                  rlimit limit{9, 9};
                  ::getrlimit(RLIMIT_CORE, &limit);
                  return limit.rlim_max <= 1 ? 0 : 2;  // 1 is what a kernel that pipes dumps heeds
              }),
              0);
}

}  // namespace
}  // namespace endpointd::exec
