// The shipped catalog with the plugins that are installed here: what their entries say is
// enough to run them.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <grp.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "base/findings.hpp"
#include "catalog/catalog.hpp"
#include "runner_fixture.hpp"

namespace endpointd::exec {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kCatalog = TEST_SOURCE_DIR "/daemon/etc/catalog.d/monitoring-plugins.json";
constexpr const char* kPing = "/usr/lib/nagios/plugins/check_ping";
constexpr const char* kIcmp = "/usr/lib/nagios/plugins/check_icmp";

class ShippedRuns : public RunnerFixture {
protected:
    static std::string read(const std::string& path) {
        std::ifstream in(path, std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }
    void start_shipped() {
        write_catalog("monitoring-plugins.json", read(kCatalog));
        start();
        ASSERT_FALSE(not_ready_) << *not_ready_;
    }
    static bool installed(const std::string& program) { return ::access(program.c_str(), X_OK) == 0; }

    // The exit status of a program as the daemon's user, without anything of ours around it; -1: it could not be had.
    int bare(const std::vector<const char*>& words) const {
        std::vector<const char*> argv = words;
        argv.push_back(nullptr);
        const uid_t user = daemon_uid();
        const bool root = is_root();
        const pid_t child = ::fork();
        if (child == 0) {
            const int null = ::open("/dev/null", O_RDWR);
            ::dup2(null, STDOUT_FILENO);
            ::dup2(null, STDERR_FILENO);
            if (root && (::setgroups(0, nullptr) != 0 || ::setgid(user) != 0 || ::setuid(user) != 0)) ::_exit(120);
            ::execv(argv[0], const_cast<char* const*>(argv.data()));
            ::_exit(121);
        }
        int status = 0;
        if (child < 0 || ::waitpid(child, &status, 0) != child || !WIFEXITED(status)) return -1;
        return WEXITSTATUS(status);
    }
};

TEST_F(ShippedRuns, EveryScriptFindsWhatItLooksForBesideItself) {
    Findings findings;
    const auto catalog = catalog::Catalog::load({{kCatalog, "monitoring-plugins.json", read(kCatalog)}}, findings);
    ASSERT_TRUE(findings.ok());
    const json::Object needed{{"mailq_warning", 1}, {"mailq_critical", 2}, {"file_age_file", "/etc/passwd"}};
    start_shipped();
    int tried = 0;
    for (const auto& [name, command] : catalog.commands()) {
        if (command.builtin || !read(command.command.front()).starts_with("#!")) continue;
        const Outcome outcome = run(name, needed);
        EXPECT_EQ(outcome.verdict, Verdict::exited) << name << ": " << outcome.text;
        for (const char* lost : {"Can't locate", "BEGIN failed", "utils.sh", "No such file"})
            EXPECT_THAT(outcome.output, Not(HasSubstr(lost))) << name;
        ++tried;
    }
    if (tried == 0) GTEST_SKIP() << "no plugin that is a script is installed";
}

TEST_F(ShippedRuns, TheAgeOfAFileIsKnown) {
    if (!installed("/usr/lib/nagios/plugins/check_file_age")) GTEST_SKIP() << "check_file_age is not installed";
    start_shipped();
    const Outcome outcome = run(
        "file_age", {{"file_age_file", "/etc/passwd"}, {"file_age_warning_time", "1000000000"}, {"file_age_critical_time", "2000000000"}});
    EXPECT_EQ(outcome.exit_status, 0) << outcome.output;
    EXPECT_THAT(outcome.output, HasSubstr("FILE_AGE OK: /etc/passwd is "));
}

TEST_F(ShippedRuns, AHostIsPingedWithoutRoot) {
    if (!installed(kPing)) GTEST_SKIP() << "check_ping is not installed";
    if (bare({kPing, "-4", "-H", "127.0.0.1", "-w", "3000,80%", "-c", "5000,100%", "-p", "1"}) != 0)
        GTEST_SKIP() << "ping has no capability here, or 127.0.0.1 does not answer";
    start_shipped();
    for (const char* name : {"ping4", "hostalive4"}) {
        const Outcome outcome = run(name, {{"ping_address", "127.0.0.1"}, {"ping_packets", 1}});
        EXPECT_EQ(outcome.verdict, Verdict::exited) << name << ": " << outcome.text;
        EXPECT_EQ(outcome.exit_status, 0) << name << ": " << outcome.output;
        EXPECT_THAT(outcome.output, HasSubstr("PING OK")) << name;
    }
}

TEST_F(ShippedRuns, AHostIsAskedByIcmpWithoutRoot) {
    if (!installed(kIcmp)) GTEST_SKIP() << "check_icmp is not installed";
    if (bare({kIcmp, "-H", "127.0.0.1", "-n", "1"}) != 0) GTEST_SKIP() << "check_icmp has no capability here";
    start_shipped();
    const Outcome outcome = run("icmp", {{"icmp_address", "127.0.0.1"}, {"icmp_packets", 1}});
    EXPECT_EQ(outcome.verdict, Verdict::exited) << outcome.text;
    EXPECT_EQ(outcome.exit_status, 0) << outcome.output;
}

TEST_F(ShippedRuns, TheSamePluginWithoutAllowSetuidLosesItsCapability) {
    if (!installed(kIcmp)) GTEST_SKIP() << "check_icmp is not installed";
    if (bare({kIcmp, "-H", "127.0.0.1", "-n", "1"}) != 0) GTEST_SKIP() << "check_icmp has no capability here";
    std::string text = read(kCatalog);
    const std::string member = "\"allow_setuid\": true,";
    for (std::size_t at = 0; (at = text.find(member, at)) != std::string::npos;) text.erase(at, member.size());
    write_catalog("monitoring-plugins.json", text);
    start();
    ASSERT_FALSE(not_ready_) << *not_ready_;
    const Outcome outcome = run("icmp", {{"icmp_address", "127.0.0.1"}, {"icmp_packets", 1}});
    EXPECT_EQ(outcome.verdict, Verdict::exited) << outcome.text;
    EXPECT_EQ(outcome.exit_status, 3) << outcome.output;
}

}  // namespace
}  // namespace endpointd::exec
