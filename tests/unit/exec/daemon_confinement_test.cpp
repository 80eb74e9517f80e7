// What the main process can still do once it has confined itself. A helper program
// does what endpointd does at its start and then tries one thing; here stands how it ends.

#include "exec/daemon_confinement.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <memory>
#include <utility>

#include "base/unique_fd.hpp"
#include "exec/daemon_filter.hpp"
#include "exec/landlock.hpp"
#include "temporary_directory.hpp"

namespace endpointd::exec {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kUser = "nobody";

struct Answer {
    std::string text;  // all that the helper printed
    std::string end;   // "done", an errno, "SIGSYS", or "status N"
};

Answer run_helper(const std::vector<std::string>& arguments) {
    std::array<int, 2> pipe{};
    EXPECT_EQ(::pipe2(pipe.data(), O_CLOEXEC), 0);
    const pid_t pid = ::fork();
    if (pid == 0) {
        std::vector<char*> argv{const_cast<char*>(HELPER_PATH)};
        for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
        argv.push_back(nullptr);
        ::dup2(pipe[1], STDOUT_FILENO);
        ::execv(argv[0], argv.data());
        ::_exit(127);
    }
    ::close(pipe[1]);
    const UniqueFd output(pipe[0]);
    Answer answer;
    std::array<char, 4096> buffer;
    for (ssize_t got = 0; (got = ::read(output.get(), buffer.data(), buffer.size())) > 0;)
        answer.text.append(buffer.data(), static_cast<std::size_t>(got));
    int status = 0;
    ::waitpid(pid, &status, 0);
    if (WIFSIGNALED(status)) {
        answer.end = WTERMSIG(status) == SIGSYS ? "SIGSYS" : "signal " + std::to_string(WTERMSIG(status));
    } else if (WEXITSTATUS(status) != 0) {
        answer.end = "status " + std::to_string(WEXITSTATUS(status));
    } else {
        const std::size_t before = answer.text.rfind('\n', answer.text.size() - 2);
        answer.end = answer.text.substr(before + 1, answer.text.size() - before - 2);
    }
    return answer;
}

// A TCP port of ours that listens on the loopback.
class Listening {
public:
    Listening() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
        EXPECT_EQ(::listen(fd_.get(), 8), 0);
        socklen_t size = sizeof address;
        ::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &size);
        port_ = std::to_string(ntohs(address.sin_port));
    }
    const std::string& port() const { return port_; }

private:
    UniqueFd fd_;
    std::string port_;
};

enum class StartedAs { root, user };

// An endpointd's directories, all of them owned by the user it becomes: what is refused
// here is refused by the confinement and by no mode.
class Confined : public testing::TestWithParam<StartedAs> {
protected:
    void SetUp() override {
        if (::geteuid() != 0 && GetParam() == StartedAs::root) GTEST_SKIP() << "only root can start it as root";
        for (const char* file : {"etc/endpointd.json", "etc/conf.d/a.json", "etc/pki/node.key", "etc/secrets/db", "plugins/check_x",
                                 "state/store/store.db", "state/runner/log", "other/file"})
            directory_.write(file, "{}\n", 0600);
        directory_.write("run/x", "", 0600);
        if (::geteuid() == 0) {
            const auto user = find_user(kUser);
            ASSERT_TRUE(user.has_value());
            own(directory_.path(), *user);
        }
    }

    static void own(const std::filesystem::path& path, const User& user) {
        ASSERT_EQ(::chown(path.c_str(), user.uid, user.gid), 0);
        for (const auto& entry : std::filesystem::recursive_directory_iterator(path))
            ASSERT_EQ(::chown(entry.path().c_str(), user.uid, user.gid), 0);
    }

    std::string at(const std::string& name) const { return directory_.path() + "/" + name; }

    std::vector<std::string> options() const {
        std::vector<std::string> options;
        if (::geteuid() == 0) options = {GetParam() == StartedAs::root ? "--as" : "--become", kUser};
        if (abi_) options.insert(options.end(), {"--abi", std::to_string(*abi_)});
        for (const char* name : {"etc/conf.d", "etc/pki"}) options.insert(options.end(), {"--read-dir", at(name)});
        for (const char* name : {"/etc/hosts", "/etc/resolv.conf", "/etc/nsswitch.conf", "/etc/passwd", "/etc/host.conf", "/etc/gai.conf"})
            options.insert(options.end(), {"--read-file", name});
        for (const char* name : {"state/store", "run"}) options.insert(options.end(), {"--write-dir", at(name)});
        options.insert(options.end(), {"--connect", peer_.port(), "--bind", "0"});
        return options;
    }

    Answer helper(std::vector<std::string> more) const {
        std::vector<std::string> arguments = options();
        arguments.insert(arguments.end(), more.begin(), more.end());
        return run_helper(arguments);
    }
    std::string tries(const std::string& attempt, const std::string& argument = {}) const { return helper({attempt, argument}).end; }

    // As endpointd's neighbour: of the same user.
    pid_t neighbour() {
        if (neighbour_ != 0) return neighbour_;
        neighbour_ = ::fork();
        if (neighbour_ == 0) {
            if (const auto user = find_user(kUser); ::geteuid() == 0 && user) static_cast<void>(become_user(*user));
            for (;;) ::pause();
        }
        return neighbour_;
    }
    void TearDown() override {
        if (neighbour_ == 0) return;
        ::kill(neighbour_, SIGKILL);
        ::waitpid(neighbour_, nullptr, 0);
    }

    files::TemporaryDirectory directory_;
    Listening peer_;
    Listening stranger_;
    std::optional<int> abi_;
    pid_t neighbour_ = 0;
};

INSTANTIATE_TEST_SUITE_P(Started, Confined, testing::Values(StartedAs::root, StartedAs::user),
                         [](const auto& started) { return started.param == StartedAs::root ? "AsRoot" : "AsUser"; });

TEST_P(Confined, DoesWhatADaemonNeeds) {
    for (const char* attempt :
         {"nothing", "thread", "user", "core-limit", "capabilities", "kill-self", "tcp", "udp", "unix-stream", "routes"})
        EXPECT_EQ(tries(attempt), "done") << attempt;
    EXPECT_EQ(tries("resolve", "localhost"), "done");
    EXPECT_EQ(tries("resolve", "127.0.0.1"), "done");
    EXPECT_EQ(tries("read", at("etc/conf.d/a.json")), "done");
    EXPECT_EQ(tries("list", at("etc/conf.d")), "done");
    EXPECT_EQ(tries("write", at("state/store/store.db")), "done");
    EXPECT_EQ(tries("create", at("state/store/store.db-wal")), "done");
    EXPECT_EQ(tries("chmod", at("run/x")), "done");
    EXPECT_EQ(tries("connect", peer_.port()), "done");
    EXPECT_EQ(tries("bind", "0"), "done");
}

TEST_P(Confined, DiesWhenItTriesToExecuteAnything) {
    for (const char* attempt : {"execve", "fork", "raw-fork", "vfork", "posix_spawn", "execute-memory"})
        EXPECT_EQ(tries(attempt), "SIGSYS") << attempt;
    EXPECT_EQ(tries("clone3"), "ENOSYS") << "its flags cannot be seen";
}

TEST_P(Confined, GetsNoExecutableMemory) {
    EXPECT_EQ(tries("mmap-exec"), "ENOSYS");
    EXPECT_EQ(tries("mprotect-exec"), "ENOSYS");
}

TEST_P(Confined, CannotTouchItsNeighbours) {
    const std::string pid = std::to_string(neighbour());
    EXPECT_EQ(tries("ptrace", pid), "SIGSYS");
    EXPECT_EQ(tries("process_vm_readv", pid), "SIGSYS");
    EXPECT_EQ(tries("pidfd_open", pid), "SIGSYS");
    EXPECT_EQ(tries("kill", pid), "ENOSYS");
    EXPECT_EQ(tries("kill-all"), "ENOSYS");
    EXPECT_EQ(tries("read", "/proc/" + pid + "/environ"), "EACCES");
}

TEST_P(Confined, DiesWhenItReachesForTheKernel) {
    for (const char* attempt : {"mount", "chroot", "bpf", "keyctl", "userfaultfd", "io_uring_setup", "perf_event_open", "init_module",
                                "kexec_load", "open_by_handle_at", "swapoff", "unshare", "setns", "setuid"})
        EXPECT_EQ(tries(attempt), "SIGSYS") << attempt;
    EXPECT_EQ(tries("device", at("state/store/device")), "SIGSYS");
    EXPECT_EQ(tries("no-such-call"), "ENOSYS");
    EXPECT_EQ(tries("dumpable"), "ENOSYS");
}

TEST_P(Confined, OpensNoSocketItDoesNotNeed) {
    for (const char* attempt :
         {"raw-socket", "ping-socket", "packet-socket", "netfilter", "vsock", "mptcp", "unix-seqpacket", "attach-filter"})
        EXPECT_EQ(tries(attempt), "ENOSYS") << attempt;
}

TEST_P(Confined, ReadsNothingButItsOwnConfiguration) {
    EXPECT_EQ(tries("read", "/etc/shadow"), "EACCES");
    EXPECT_EQ(tries("read", at("other/file")), "EACCES");
    EXPECT_EQ(tries("read", at("plugins/check_x")), "EACCES");
    EXPECT_EQ(tries("read", at("etc/secrets/db")), "EACCES");
    EXPECT_EQ(tries("list", at("etc/secrets")), "EACCES");
    EXPECT_EQ(tries("list", at("etc")), "EACCES");
    EXPECT_EQ(tries("read", at("state/runner/log")), "EACCES");
    EXPECT_EQ(tries("list", "/"), "EACCES");
    EXPECT_EQ(tries("read", "/bin/true"), "EACCES");
}

TEST_P(Confined, ReadsNoReplacedSettingsByItself) {
    // Even where the file itself had been granted: the one that is there now is another.
    const auto once = helper({"--read-file", at("etc/endpointd.json"), "read", at("etc/endpointd.json")});
    EXPECT_EQ(once.end, "done");
    EXPECT_EQ(tries("read", at("etc/endpointd.json")), "EACCES");
}

TEST_P(Confined, WritesNothingButItsStoreAndRunDirectory) {
    EXPECT_EQ(tries("create", at("plugins/check_y")), "EACCES");
    EXPECT_EQ(tries("write", at("plugins/check_x")), "EACCES");
    EXPECT_EQ(tries("create", at("etc/mine")), "EACCES");
    EXPECT_EQ(tries("create", at("etc/conf.d/mine.json")), "EACCES");
    EXPECT_EQ(tries("write", at("etc/conf.d/a.json")), "EACCES");
    EXPECT_EQ(tries("delete", at("etc/conf.d/a.json")), "EACCES");
    EXPECT_EQ(tries("write", at("etc/endpointd.json")), "EACCES");
    EXPECT_EQ(tries("create", at("state/mine")), "EACCES");
    EXPECT_EQ(tries("write", at("state/runner/log")), "EACCES");
    EXPECT_EQ(tries("delete", at("state/runner/log")), "EACCES");
    EXPECT_EQ(tries("make-directory", at("state/mine")), "EACCES");
    EXPECT_EQ(tries("create", "/tmp/endpointd-was-here"), "EACCES");
    EXPECT_EQ(tries("empty", at("other/file")), "ENOSYS");
    EXPECT_EQ(tries("chmod-setuid", at("run/x")), "ENOSYS");
    EXPECT_EQ(tries("create-setuid", at("run/y")), "ENOSYS");
    EXPECT_EQ(tries("chown", at("run/x")), "ENOSYS");
}

TEST_P(Confined, UsesNoTcpPortButThoseItHasPeersOn) {
    if (landlock_abi() < 4) GTEST_SKIP() << "this kernel's Landlock has no rules for ports";
    EXPECT_EQ(tries("connect", stranger_.port()), "EACCES");
    EXPECT_EQ(tries("bind", "2"), "EACCES") << "and not by its number: that would be for root alone";
    EXPECT_EQ(tries("bind", "20002"), "EACCES");
}

TEST_P(Confined, ConnectsInNoWayThatLandlockIsNotAskedAbout) {
    EXPECT_EQ(tries("fast-open", stranger_.port()), "ENOSYS");
    EXPECT_EQ(tries("fast-open", peer_.port()), "ENOSYS");
}

TEST_P(Confined, ListensNowhereElseOnceItServes) {
    EXPECT_EQ(tries("listen"), "done") << "at any free port, until it serves";
    for (const char* attempt : {"listen", "bind", "loosen"}) EXPECT_EQ(helper({"--serving", attempt, "0"}).end, "ENOSYS") << attempt;
    EXPECT_EQ(helper({"--serving", "connect", peer_.port()}).end, "done");
    EXPECT_EQ(helper({"--serving", "thread"}).end, "done");
    EXPECT_EQ(helper({"--serving", "execve"}).end, "SIGSYS");
}

TEST_P(Confined, SaysWhatAnOlderLandlockLeavesOpen) {
    abi_ = 2;
    const Answer answer = helper({"connect", stranger_.port()});
    EXPECT_EQ(answer.end, "done");
    EXPECT_THAT(answer.text, HasSubstr("seccomp=1 landlock=2 tcp=0\n"));
    EXPECT_THAT(answer.text, HasSubstr("missing: TCP ports are not limited: Landlock ABI 2 has no rules for them\n"));
    EXPECT_EQ(tries("read", at("etc/secrets/db")), "EACCES");
    EXPECT_EQ(tries("write", at("state/store/store.db")), "done");
    EXPECT_EQ(tries("empty", at("other/file")), "ENOSYS") << "the system call is not allowed, whatever Landlock knows";
}

TEST_P(Confined, SaysThatFilesAreOpenWithoutLandlock) {
    abi_ = 0;
    const Answer answer = helper({"read", at("etc/secrets/db")});
    EXPECT_EQ(answer.end, "done");
    EXPECT_THAT(answer.text, HasSubstr("seccomp=1 landlock=0 tcp=0\nmissing: files and TCP ports are not limited"));
    EXPECT_EQ(tries("execve"), "SIGSYS");
    EXPECT_EQ(tries("read", "/etc/shadow"), "EACCES") << "the user is not root";
}

TEST_P(Confined, DoesNotStartWithoutARequiredLandlock) {
    abi_ = 0;
    const Answer answer = helper({"--landlock-required", "nothing"});
    EXPECT_EQ(answer.end, "status 3");
    EXPECT_THAT(answer.text, HasSubstr("confinement.landlock is required, and this kernel has no Landlock"));
    abi_.reset();
    EXPECT_EQ(helper({"--landlock-required", "nothing"}).end, landlock_abi() > 0 ? "done" : "status 3");
}

TEST_P(Confined, DoesNotStartWithoutSeccompUnlessBestEffortIsEnough) {
    const Answer required = helper({"--lack", "seccomp", "nothing"});
    EXPECT_EQ(required.end, "status 3");
    EXPECT_THAT(required.text, HasSubstr("confinement.seccomp is required"));
    const Answer without = helper({"--lack", "seccomp", "--seccomp-best-effort", "read", at("etc/secrets/db")});
    EXPECT_THAT(without.text, HasSubstr("seccomp=0"));
    EXPECT_THAT(without.text,
                HasSubstr("missing: system calls are not limited: this kernel takes no seccomp filter: Function not implemented\n"));
    EXPECT_EQ(without.end, landlock_abi() > 0 ? "EACCES" : "done") << "Landlock holds without it";
}

TEST_P(Confined, TakesAKernelWithoutLandlockForOneThatHasNone) {
    EXPECT_THAT(helper({"--lack", "landlock_create_ruleset", "nothing"}).text, HasSubstr("seccomp=1 landlock=0 tcp=0\n"));
    EXPECT_EQ(helper({"--lack", "landlock_create_ruleset", "--landlock-required", "nothing"}).end, "status 3");
}

TEST_P(Confined, LeavesNothingOpenOnANewKernel) {
    if (landlock_abi() < 6) GTEST_SKIP() << "this kernel's Landlock lacks something";
    EXPECT_THAT(helper({"nothing"}).text, testing::Not(HasSubstr("missing")));
}

TEST_P(Confined, SaysWhichPathsWereNotThere) {
    const Answer answer = helper({"--read-dir", at("etc/caps.d"), "list", at("etc/caps.d")});
    EXPECT_THAT(answer.text, HasSubstr("absent: " + at("etc/caps.d") + "\n"));
    EXPECT_EQ(answer.end, "ENOENT");
}

TEST_P(Confined, IsNotConfinedWithASecondThread) {
    const Answer answer = helper({"--second-thread", "nothing"});
    EXPECT_EQ(answer.end, "status 3");
    EXPECT_THAT(answer.text, HasSubstr("more than one thread"));
}

// A kernel, or a filter around us, that says yes and does nothing.
TEST_P(Confined, NoticesAStepThatDidNotStick) {
    const auto pretended = [&](const char* call) {
        const Answer answer = helper({"--pretend", call, "nothing"});
        EXPECT_EQ(answer.end, "status 3") << call;
        return answer.text;
    };
    EXPECT_EQ(pretended("landlock_restrict_self"), "Landlock did not stick\n");
    EXPECT_EQ(pretended("seccomp"), "the seccomp filter did not stick\n");
    EXPECT_EQ(pretended("prctl"), "no_new_privs did not stick\n");
    if (::geteuid() != 0 || GetParam() != StartedAs::root) return;
    EXPECT_EQ(pretended("setresuid"), "becoming nobody did not stick\n");
    EXPECT_EQ(pretended("setresgid"), "becoming nobody did not stick\n");
}

TEST(DaemonConfinement, NeverServesAsRoot) {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can try";
    const Answer answer = run_helper({"nothing"});
    EXPECT_EQ(answer.end, "status 3");
    EXPECT_EQ(answer.text, "refusing to run as root\n");
}

TEST(NssLibraries, AreTheServicesOfHostsAndUsers) {
    EXPECT_THAT(
        nss_libraries("passwd: files systemd\n"
                      "# hosts: commented\n"
                      "group:\t\tfiles [SUCCESS=merge] systemd  # both\n"
                      "hosts: files mdns4_minimal[NOTFOUND=return] dns myhostname\r\n"
                      "netgroup: nis\n"),
        ElementsAre("libnss_files.so.2", "libnss_systemd.so.2", "libnss_mdns4_minimal.so.2", "libnss_dns.so.2", "libnss_myhostname.so.2"));
    EXPECT_THAT(nss_libraries(""), IsEmpty());
    EXPECT_THAT(nss_libraries("hosts:"), IsEmpty());
    EXPECT_THAT(nss_libraries("hosts: [never closed"), IsEmpty());
    EXPECT_THAT(nss_libraries("hosts: ../../tmp/evil ok"), ElementsAre("libnss_ok.so.2"));
}

}  // namespace
}  // namespace endpointd::exec
