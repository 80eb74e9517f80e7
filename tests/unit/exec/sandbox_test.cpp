// The sandbox around one command, seen from inside: plugins that try what they must not,
// and say how it went. Not in builds with sanitizers, whose own system calls no filter allows.

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/stat.h>

#include <map>
#include <sstream>

#include "plugin_programs.hpp"

namespace endpointd::exec {
namespace {

using testing::AnyOf;
using testing::ContainsRegex;
using testing::HasSubstr;

constexpr std::size_t kMiB = 1U << 20;

// "socket inet: EACCES" by name; a name that comes twice has the last of them.
std::map<std::string, std::string> attempts_in(const std::string& output) {
    std::map<std::string, std::string> attempts;
    std::istringstream lines(output);
    for (std::string line; std::getline(lines, line);) {
        const std::size_t colon = line.find(": ");
        if (colon != std::string::npos) attempts[line.substr(0, colon)] = line.substr(colon + 2);
    }
    return attempts;
}

#define SKIP_BELOW_LANDLOCK(ABI) \
    if (kernel_landlock_abi() < (ABI)) GTEST_SKIP() << "this kernel has Landlock ABI " << kernel_landlock_abi() << ", it takes " << (ABI)

class SandboxTest : public PluginPrograms {
protected:
    void SetUp() override { add_plugin("ok"); }
    void next_check_runs() {
        EXPECT_TRUE(all_gone());
        const Outcome next = run("ok");
        EXPECT_EQ(next.verdict, Verdict::exited) << next.text;
        EXPECT_EQ(next.output, "OK - \n");
        run_until([this] { return !zombie_left(); });
    }
    // What a command said, attempt by attempt.
    std::map<std::string, std::string> attempts(const std::string& command) {
        const Outcome outcome = run(command);
        EXPECT_EQ(outcome.verdict, Verdict::exited) << outcome.text << outcome.output;
        return attempts_in(outcome.output);
    }
    // A command that runs until it is cancelled; returns once it does.
    void start_neighbour(const std::string& command) {
        neighbour_ =
            client_->run({command, RunKind::check, Duration(0), {}}, [this](Outcome outcome) { neighbours_end_ = std::move(outcome); });
        run_until([this] { return !plugins_left().empty() || neighbours_end_; });
        ASSERT_FALSE(neighbours_end_) << neighbours_end_->text;
    }
    void end_neighbour() {
        client_->cancel(neighbour_);
        run_until([this] { return neighbours_end_.has_value(); });
    }
    // A command that shows what the kernel says of its privileges.
    void say_status(const std::string& name, const std::string& members = "") {
        const std::string text =
            "#!/bin/sh\nwhile read -r line; do\n  case $line in NoNewPrivs*|Seccomp:*|Cap*) echo \"$line\";; esac\ndone "
            "</proc/self/status\n";
        add_command(name, directory_.write("plugins/" + name, text, 0755), members);
    }

    RunId neighbour_ = 0;
    std::optional<Outcome> neighbours_end_;
};

TEST_F(SandboxTest, TheKernelsAttackSurfaceIsDenied) {
    add_program("attacks", "attacks_the_kernel");
    start();
    auto got = attempts("attacks");
    for (const char* call : {"ptrace", "process_vm_readv", "unshare user", "unshare mount", "unshare net", "setns", "mount", "umount2",
                             "pivot_root", "chroot", "bpf", "keyctl", "add_key", "request_key", "userfaultfd", "perf_event_open"})
        EXPECT_EQ(got[call], "EPERM") << call;
    for (const char* call : {"shmget", "msgget", "semget", "mq_open", "limit of another", "priority of another", "priority of all",
                             "processors of another", "chmod", "truncate"})
        EXPECT_EQ(got[call], "EPERM") << call;
    EXPECT_EQ(got["own limit"], "ok");
    // Both have a fallback that is taken only where the kernel is believed not to know the call.
    EXPECT_EQ(got["io_uring_setup"], "ENOSYS");
    EXPECT_EQ(got["clone3"], "ENOSYS");
    for (const char* call : {"clone new user", "fsopen", "io_uring_enter", "init_module", "finit_module", "kexec_load", "open_by_handle_at",
                             "swapon", "reboot", "acct"})
        EXPECT_THAT(got[call], AnyOf("EPERM", "ENOSYS")) << call;
    next_check_runs();
}

// The kernel shows in /proc who may look into a process: its user's others only where root does not own it there.
TEST_F(SandboxTest, NoProcessOfOursCanBeLookedIntoByItsUser) {
    if (!is_root()) GTEST_SKIP() << "whose /proc/PID is can be told apart from the user only where root looks";
    add_plugin("ok");
    start();
    ASSERT_EQ(run("ok").verdict, Verdict::exited);
    std::vector<pid_t> ours = children_of(runner_pid());
    ours.push_back(runner_pid());
    EXPECT_GE(ours.size(), 3U);
    for (const pid_t pid : ours) {
        struct stat status {};
        ASSERT_EQ(::stat(("/proc/" + std::to_string(pid) + "/mem").c_str(), &status), 0);
        EXPECT_EQ(status.st_uid, 0U) << pid;
    }
}

TEST_F(SandboxTest, WithTheNetworkOffThereIsNoSocketByAnyWay) {
    add_program("sockets", "opens_sockets");
    start();
    auto got = attempts("sockets");
    for (const char* kind : {"inet", "inet datagram", "inet raw", "inet6", "unix", "netlink", "packet", "alg", "vsock", "bluetooth"})
        EXPECT_EQ(got[std::string("socket ") + kind], "EACCES") << kind;
    for (const char* kind : {"datagram", "raw", "tipc"})
        EXPECT_EQ(got[std::string("pair ") + kind], "EACCES") << kind << ": it would be a Unix socket after all, or something stranger";
    for (const char* kind : {"stream", "packet"}) EXPECT_EQ(got[std::string("pair ") + kind], "ok") << kind;
    EXPECT_EQ(got["io_uring_setup"], "ENOSYS");
#ifdef __x86_64__
    EXPECT_THAT(got["socket by int80"], AnyOf("EPERM", "EACCES", "ENOSYS", "SIGSYS", "SIGSEGV"));
    EXPECT_THAT(got["socket by x32"], AnyOf("EPERM", "EACCES", "ENOSYS", "SIGSYS"));
#endif
    next_check_runs();
}

TEST_F(SandboxTest, UnixSocketsCanBeHadAlone) {
    add_program("sockets", "opens_sockets", {}, R"("sandbox": { "unix_sockets": true })");
    start();
    auto got = attempts("sockets");
    for (const char* kind : {"socket unix", "pair stream", "pair datagram"}) EXPECT_EQ(got[kind], "ok") << kind;
    EXPECT_EQ(got["pair tipc"], "EACCES");
    for (const char* kind : {"inet", "inet6", "netlink", "packet", "vsock"})
        EXPECT_EQ(got[std::string("socket ") + kind], "EACCES") << kind;
}

TEST_F(SandboxTest, TheNetworkIsTheInternetAndNothingStranger) {
    add_program("sockets", "opens_sockets", {}, R"("sandbox": { "network": true })");
    start();
    auto got = attempts("sockets");
    EXPECT_EQ(got["socket inet"], "ok");
    EXPECT_EQ(got["socket inet datagram"], "ok");
    EXPECT_THAT(got["socket inet6"], AnyOf("ok", "EAFNOSUPPORT"));
    EXPECT_EQ(got["socket unix"], "EACCES");
    for (const char* kind : {"inet raw", "packet", "alg", "vsock", "bluetooth"})
        EXPECT_THAT(got[std::string("socket ") + kind], AnyOf("EACCES", "EPERM", "EAFNOSUPPORT")) << kind;
}

TEST_F(SandboxTest, KeySecretsStateAndRunDirectoryAreHidden) {
    SKIP_BELOW_LANDLOCK(1);
    const std::string key = private_file("config/pki/agent.key");
    const std::string secret = private_file("config/secrets/db");
    const std::string store = private_file("state/endpointd.db");
    const std::string socket = private_file("run/admin.sock");
    const std::string config = directory_.path() + "/config";
    add_program("paths", "tries_paths",
                {"r:key:" + key, "r:key by proc:/proc/self/root" + key, "r:key by dots:" + config + "/catalog.d/../pki/agent.key",
                 "w:key for writing:" + key, "l:pki:" + config + "/pki", "r:secret:" + secret, "l:secrets:" + config + "/secrets",
                 "r:store:" + store, "w:store for writing:" + store, "d:store away:" + store,
                 "m:new in state:" + directory_.path() + "/state/x", "l:state:" + directory_.path() + "/state", "r:run:" + socket,
                 "d:socket away:" + socket, "l:run directory:" + directory_.path() + "/run"});
    start();
    auto got = attempts("paths");
    EXPECT_EQ(got.size(), 15U);
    for (const auto& [name, how] : got) EXPECT_EQ(how, "EACCES") << name;
    next_check_runs();
}

TEST_F(SandboxTest, WhatIsListedCanBeReadAndTheRestCannot) {
    SKIP_BELOW_LANDLOCK(1);
    const std::string listed = directory_.write("listed/file", "text\n");
    const std::string other = directory_.write("other/file", "text\n");
    add_program("paths", "tries_paths",
                {"r:listed:" + listed, "l:listed directory:" + directory_.path() + "/listed", "r:other:" + other, "r:passwd:/etc/passwd",
                 "x:true:/bin/true", "w:null:/dev/null", "r:zero:/dev/zero", "r:urandom:/dev/urandom", "w:full:/dev/full"},
                R"("sandbox": { "read": [")" + directory_.path() + R"(/listed"] })");
    start();
    auto got = attempts("paths");
    for (const char* name : {"listed", "listed directory", "null", "zero", "urandom", "full"}) EXPECT_EQ(got[name], "ok") << name;
    for (const char* name : {"other", "passwd", "true"}) EXPECT_EQ(got[name], "EACCES") << name;
}

TEST_F(SandboxTest, NothingIsWrittenButWhereTheEntrySays) {
    SKIP_BELOW_LANDLOCK(1);
    const std::string listed = writable_directory("listed");
    const std::string other = writable_directory("other");
    const std::string file = private_file("other/file");
    add_program("paths", "tries_paths",
                {"m:listed:" + listed + "/new", "d:listed away:" + listed + "/new", "m:other:" + other + "/new", "w:file:" + file,
                 "d:file away:" + file, "m:tmp:/tmp/endpointd-sandbox-test-" + std::to_string(::getpid()), "r:file read:" + file},
                R"("sandbox": { "write": [")" + listed + R"("] })");
    start();
    auto got = attempts("paths");
    for (const char* name : {"listed", "listed away", "file read"}) EXPECT_EQ(got[name], "ok") << name;
    for (const char* name : {"other", "file", "file away", "tmp"}) EXPECT_EQ(got[name], "EACCES") << name;
}

TEST_F(SandboxTest, AnotherCommandsSecretCannotBeRead) {
    SKIP_BELOW_LANDLOCK(1);
    const std::string secret = private_file("config/secrets/db");
    add_plugin("sleeps", R"("timeout": "1h", "secrets": { "PASSWORD": { "file": "secrets/db", "as": "env" },
                                                          "TOKEN": { "file": "secrets/db", "as": "file" } })");
    add_program("spies", "attacks_its_neighbours");
    add_program("paths", "tries_paths", {"r:secret:" + secret});
    start();
    ASSERT_FALSE(not_ready_) << *not_ready_;
    start_neighbour("sleeps");
    auto got = attempts("spies");
    EXPECT_THAT(got["seen"], HasSubstr("1 neighbours"));
    for (const char* what : {"environ", "mem", "descriptor"})
        EXPECT_THAT(got[std::string(what) + " of neighbour"], AnyOf("EACCES", "EPERM")) << what;
    EXPECT_EQ(attempts("paths")["secret"], "EACCES");
    end_neighbour();
    next_check_runs();
}

TEST_F(SandboxTest, NeighboursSpawnersAndTheParentCannotBeLookedInto) {
    SKIP_BELOW_LANDLOCK(1);
    add_plugin("sleeps", R"("timeout": "1h")");
    add_program("spies", "attacks_its_neighbours");
    start();
    start_neighbour("sleeps");
    auto got = attempts("spies");
    EXPECT_THAT(got["seen"], ContainsRegex("1 neighbours, [1-9] spawners, 1 launchers"));
    for (const char* who : {"neighbour", "spawner", "launcher", "parent"})
        for (const char* what : {"environ", "maps", "mem", "descriptor", "root", "ptrace"})
            EXPECT_THAT(got[std::string(what) + " of " + who], AnyOf("EACCES", "EPERM")) << what << " of " << who;
    end_neighbour();
    next_check_runs();
}

TEST_F(SandboxTest, NeighboursSpawnersAndTheParentCannotBeKilled) {
    SKIP_BELOW_LANDLOCK(6);
    add_plugin("sleeps", R"("timeout": "1h")");
    add_program("kills", "attacks_its_neighbours", {"kill"});
    start();
    start_neighbour("sleeps");
    const pid_t runner = runner_pid();
    auto got = attempts("kills");
    EXPECT_THAT(got["seen"], ContainsRegex("1 neighbours, [1-9] spawners, 1 launchers"));
    for (const char* who : {"neighbour", "spawner", "launcher", "parent"}) EXPECT_EQ(got[std::string("kill of ") + who], "EPERM") << who;
    EXPECT_FALSE(neighbours_end_.has_value());
    EXPECT_EQ(runner_pid(), runner);
    end_neighbour();
    EXPECT_EQ(neighbours_end_->verdict, Verdict::cancelled);
    next_check_runs();
}

TEST_F(SandboxTest, MemoryEndsAtItsLimit) {
    add_program("eats", "eats_memory", {}, R"("sandbox": { "memory": "64MiB" })");
    start();
    const Outcome outcome = run("eats");
    EXPECT_EQ(outcome.verdict, Verdict::exited);
    EXPECT_EQ(outcome.exit_status, 1);
    EXPECT_THAT(outcome.output, ContainsRegex("memory: ENOMEM after (6[0-4]|5[0-9]) MiB"));
    next_check_runs();
}

TEST_F(SandboxTest, AForkBombRunsIntoItsLimitAndIsGoneInTime) {
    settings(R"({ "runner": { "max_concurrent": 2 } })");
    add_program("bomb", "fork_bomb", {}, R"("timeout": "2s", "sandbox": { "processes": 20 })");
    start();
    const Outcome outcome = run("bomb");
    EXPECT_EQ(outcome.verdict, Verdict::timed_out);
    EXPECT_EQ(outcome.signal, SIGKILL);
    EXPECT_EQ(attempts_in(outcome.output)["fork"], "EAGAIN");
    next_check_runs();
}

TEST_F(SandboxTest, WhatHidesItselfIsFoundAndKilled) {
    add_program("hides", "hides");
    start();
    const Outcome outcome = run("hides");
    EXPECT_EQ(outcome.verdict, Verdict::exited) << outcome.text;
    const pid_t hidden = std::atoi(outcome.output.c_str());
    ASSERT_GT(hidden, 1) << outcome.output;
    run_until([hidden] { return !exists(hidden); });
    next_check_runs();
}

TEST_F(SandboxTest, AGigabyteOfOutputIsDroppedAndItsWriterNotBlocked) {
    add_program("writes", "writes_a_gigabyte");
    start();
    const Outcome outcome = run("writes");
    EXPECT_EQ(outcome.verdict, Verdict::exited);
    EXPECT_EQ(outcome.exit_status, 0);
    EXPECT_TRUE(outcome.truncated);
    EXPECT_EQ(outcome.output, std::string(64 * 1024, 'x'));
    next_check_runs();
}

TEST_F(SandboxTest, AFileDoesNotGrowToAGigabyte) {
    const std::string listed = writable_directory("listed");
    add_program("writes", "writes_a_gigabyte", {listed + "/file"}, R"("sandbox": { "write": [")" + listed + R"("] })");
    start();
    const Outcome outcome = run("writes");
    EXPECT_EQ(outcome.verdict, Verdict::exited);
    EXPECT_EQ(attempts_in(outcome.output)["write"], "EFBIG");
    EXPECT_LT(std::filesystem::file_size(listed + "/file"), 1024 * kMiB);
    next_check_runs();
}

TEST_F(SandboxTest, AnEndlessLoopEndsWithItsCpuTime) {
    add_command("spins", directory_.write("plugins/spins", "#!/bin/sh\nwhile :; do :; done\n", 0755),
                R"("timeout": "20s", "sandbox": { "cpu": "1s" })");
    start();
    const Outcome outcome = run("spins");
    EXPECT_EQ(outcome.verdict, Verdict::signalled);
    EXPECT_THAT(outcome.signal, AnyOf(SIGXCPU, SIGKILL));
    next_check_runs();
}

TEST_F(SandboxTest, DescriptorsAreLimitedAndTheLimitStays) {
    const std::string path = directory_.write("plugins/limits", "#!/bin/sh\nulimit -Sn; ulimit -Hn; ulimit -n 1000 || echo stays\n", 0755);
    add_command("limits", path, R"("sandbox": { "open_files": 40 })");
    start();
    const Outcome outcome = run("limits");
    EXPECT_THAT(outcome.output, testing::StartsWith("40\n40\n"));
    EXPECT_THAT(outcome.output, testing::EndsWith("stays\n"));
}

TEST_F(SandboxTest, APluginHasNoPrivilegeAndCanGetNone) {
    say_status("status");
    start();
    const std::string output = run("status").output;
    EXPECT_THAT(output, ContainsRegex("NoNewPrivs:[ \t]1"));
    EXPECT_THAT(output, ContainsRegex("Seccomp:[ \t]2"));
    for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapAmb"})
        EXPECT_THAT(output, ContainsRegex(std::string(set) + ":[ \t]0000000000000000")) << set;
}

TEST_F(SandboxTest, OnlyTheEntryThatAsksForItMayUseSetuidPrograms) {
    say_status("status");
    say_status("setuid", R"("allow_setuid": true)");
    start();
    EXPECT_THAT(run("setuid").output, ContainsRegex("NoNewPrivs:[ \t]0"));
    EXPECT_THAT(run("status").output, ContainsRegex("NoNewPrivs:[ \t]1"));
}

}  // namespace
}  // namespace endpointd::exec
