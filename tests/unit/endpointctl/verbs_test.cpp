#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <mutex>
#include <streambuf>
#include <thread>

#include <gmock/gmock.h>

#include "fake_daemon.hpp"
#include "json/document.hpp"
#include "run_ctl.hpp"

namespace endpointd::ctl {
namespace {

using test::Ran;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

class Verbs : public testing::Test {
protected:
    void start() { daemon.start(); }
    Ran ctl(std::vector<std::string> arguments) {
        arguments.insert(arguments.end(),
                         {"--run", daemon.run_directory(), "--config", daemon.config_directory(), "--state", daemon.state_directory()});
        return test::run_ctl(std::move(arguments));
    }
    static json::Value parsed(const std::string& text) {
        const Result<json::Value> value = json::parse(text);
        EXPECT_TRUE(value) << text;
        return value ? *value : json::Value();
    }
    test::FakeDaemon daemon;
};

constexpr char kStatus[] =
    R"({"node":"web1","zone":"web1","version":"0.1.0","pid":7,"uptime":7325,)"
    R"("parents":[{"name":"master1","zone":"master","connected":true,"since":"2026-11-20T16:55:00.000Z","direction":"inbound","address":"192.0.2.1:1",)"
    R"("version":"2.13.6","capabilities":["results","execute"],"queued":0,"last_message":null}],"children":[],)"
    R"("objects":{"hosts":0,"services":0,"rejected":0,"paused":2},"runner":{"running":1,"queued":0,"executed":12,"refused":1,"timeouts":0},)"
    R"("store":{"size":1536,"outbox":0,"audit":3,"unwritten":4},"confinement":{"seccomp":true,"landlock":4,"missing":["something is open"],"runner":{"seccomp":false,"landlock":0}}})";

TEST_F(Verbs, StatusIsAPage) {
    daemon.backend.status_answer = parsed(kStatus);
    start();
    const Ran ran = ctl({"status"});
    EXPECT_EQ(ran.status, kDone);
    EXPECT_EQ(
        ran.out,
        "node:      web1, zone web1\n"
        "version:   0.1.0, pid 7, up 2 h 2 min\n"
        "objects:   0 hosts, 0 services, 0 rejected, 2 paused\n"
        "runner:    1 running, 0 queued, 12 executed, 1 refused, 0 timeouts\n"
        "store:     1.5 KiB, 0 in the outbox, 3 audit records, 4 states it cannot write\n"
        "confined:  seccomp yes, landlock ABI 4\n"
        "  missing: something is open\n"
        "  runner:  seccomp no, landlock no\n"
        "\n"
        "PARENT   ZONE    CONNECTED  SINCE                     DIRECTION  ADDRESS      VERSION  QUEUED  LAST MESSAGE  CAPABILITIES\n"
        "master1  master  yes        2026-11-20T16:55:00.000Z  inbound    192.0.2.1:1  2.13.6   0       -             results, execute\n");
}

TEST_F(Verbs, StatusIsJsonOnRequestBeforeOrAfterTheVerb) {
    daemon.backend.status_answer = parsed(kStatus);
    start();
    const Ran after = ctl({"status", "--json"});
    const Ran before = ctl({"--json", "status"});
    EXPECT_EQ(parsed(after.out), parsed(kStatus));
    EXPECT_EQ(before.out, after.out);
}

TEST_F(Verbs, StatusCheckIsAPluginsLine) {
    daemon.backend.status_answer = parsed(kStatus);
    start();
    const Ran ran = ctl({"status", "--check"});
    EXPECT_EQ(ran.status, 0);
    EXPECT_THAT(ran.out, StartsWith("ENDPOINTD OK - 1 of 1 parents connected | parents=1;;;0;1 "));
    daemon.on_loop([&] { daemon.backend.health_answer = {false, "no runner"}; });
    EXPECT_EQ(ctl({"status", "--check"}).status, 2);
}

TEST_F(Verbs, StatusCheckWithoutADaemonIsUnknownOnStdout) {
    const Ran ran = ctl({"status", "--check"});
    EXPECT_EQ(ran.status, 3);
    EXPECT_THAT(ran.out, StartsWith("ENDPOINTD UNKNOWN - cannot reach the daemon at "));
    EXPECT_EQ(ran.err, "");
}

TEST_F(Verbs, TheSocketIsFoundThroughTheConfiguration) {
    ::chmod(daemon.config_directory().c_str(), 0755);
    std::ofstream(daemon.config_directory() + "/endpointd.json") << "{ \"admin\": { \"socket\": \"other.sock\", }, }  // comment\n";
    const Ran ran = ctl({"status"});
    EXPECT_EQ(ran.status, kUnreachable);
    EXPECT_THAT(ran.err, HasSubstr("/other.sock: "));
}

TEST_F(Verbs, ABrokenConfigurationDoesNotKeepUsFromTheDaemon) {
    std::ofstream(daemon.config_directory() + "/endpointd.json") << "{ broken";
    start();
    EXPECT_EQ(ctl({"status", "--json"}).status, kDone);
}

TEST_F(Verbs, CapsShowIsATable) {
    daemon.backend.caps_answer = parsed(
        R"({"parents":[{"name":"master1","kind":"endpoint","grants":[{"capability":"execute","scope":{"commands":["disk"]},"rate":"6/h",)"
        R"("expires":null,"source":"caps.d/10-web.json:4","used":2,"denied":1}],"denied":["config","renew"]}]})");
    start();
    const Ran ran = ctl({"caps", "show", "master1"});
    EXPECT_EQ(ran.status, kDone);
    EXPECT_EQ(ran.out,
              "PARENT   KIND      CAPABILITY  RATE  USED  DENIED  EXPIRES  SOURCE                SCOPE\n"
              "master1  endpoint  execute     6/h   2     1       -        caps.d/10-web.json:4  {\"commands\":[\"disk\"]}\n"
              "\n"
              "master1 is not granted: config, renew\n");
    const Ran nobody = ctl({"caps", "show", "nobody"});
    EXPECT_EQ(nobody.status, kNo);
    EXPECT_THAT(nobody.err, StartsWith("endpointctl: caps show: no parent of that name"));
    EXPECT_EQ(nobody.out, "");
}

TEST_F(Verbs, CapsShowTellsWhoGrantedALeaseAndWhy) {
    daemon.backend.caps_answer = parsed(
        R"({"parents":[{"name":"m","kind":"endpoint","grants":[{"capability":"execute","scope":{},"rate":null,"expires":"2026-11-20T14:00:00.000Z",)"
        R"("granted":"2026-11-20T12:00:00.000Z","by":"root","reason":"x\u001b[2J","source":"lease:7","used":0,"denied":0}],"denied":[]}]})");
    start();
    EXPECT_EQ(ctl({"caps", "show"}).out,
              "PARENT  KIND      CAPABILITY  RATE  USED  DENIED  EXPIRES                   SOURCE   SCOPE\n"
              "m       endpoint  execute     -     0     0       2026-11-20T14:00:00.000Z  lease:7  -\n"
              "lease:7 was granted 2026-11-20T12:00:00.000Z by root: x\\x1b[2J\n");
}

TEST_F(Verbs, CapsGrantAsksForALease) {
    daemon.backend.lease_answer = json::Value(json::Object{
        {"id", 7}, {"expires", "2026-11-20T14:00:00.000Z"}, {"warnings", json::Array{"scope /commands/0: \"dsik\" matches nothing"}}});
    start();
    const Ran ran = ctl(
        {"caps", "grant", "zone:master", "execute", "--for", "2h", "--scope", R"({"commands":["dsik"],"rate":"6/h"})", "--reason", "a b"});
    EXPECT_EQ(ran.status, kDone);
    EXPECT_EQ(ran.out,
              "lease:7: execute granted to zone:master until 2026-11-20T14:00:00.000Z; to end it before: endpointctl caps revoke 7\n");
    EXPECT_EQ(ran.err, "endpointctl: caps grant: warning: scope /commands/0: \"dsik\" matches nothing\n");
    daemon.on_loop([&] {
        const admin::LeaseWish& wish = daemon.backend.wish;
        EXPECT_EQ(wish.parent, "zone:master");
        EXPECT_EQ(wish.capability, "execute");
        EXPECT_EQ(wish.length, Duration(std::chrono::hours(2)));
        EXPECT_EQ(wish.reason, "a b");
        EXPECT_EQ(json::to_text(wish.scope), R"({"commands":["dsik"],"rate":"6/h"})");
        daemon.backend.lease_answer = fail(Errc::not_found, "there is no parent 'x'; known: m");
    });
    const Ran unknown = ctl({"caps", "grant", "x", "execute", "--for", "2h", "--reason", "r", "--json"});
    EXPECT_EQ(unknown.status, kNo);
    EXPECT_EQ(unknown.err, "endpointctl: caps grant: there is no parent 'x'; known: m\n");
    EXPECT_EQ(unknown.out, "");
    daemon.on_loop([&] { daemon.backend.lease_answer = fail(Errc::invalid, "'fly' is no capability"); });
    EXPECT_EQ(ctl({"caps", "grant", "m", "fly", "--for", "2h", "--reason", "r"}).status, kUsage);
}

TEST_F(Verbs, CapsRevokeTakesTheIdAsItIsShown) {
    daemon.backend.lease_answer = json::Value(json::Object{{"id", 7}, {"parent", "m"}, {"capability", "execute"}});
    start();
    EXPECT_EQ(ctl({"caps", "revoke", "lease:7"}).out, "lease:7 is over: execute of m\n");
    daemon.on_loop([&] { EXPECT_EQ(daemon.backend.revoked, 7u); });
    EXPECT_EQ(parsed(ctl({"caps", "revoke", "8", "--json"}).out), parsed(R"({"id":7,"parent":"m","capability":"execute"})"));
    daemon.on_loop([&] {
        EXPECT_EQ(daemon.backend.revoked, 8u);
        daemon.backend.lease_answer = fail(Errc::not_found, "there is no lease:8 in force");
    });
    EXPECT_EQ(ctl({"caps", "revoke", "8"}).status, kNo);
}

TEST_F(Verbs, CapsCheckAnswersWithItsExitStatus) {
    start();
    const Ran yes = ctl({"caps", "check", "master1", "execute", "--host", "h", "--service", "a b", "--command", "disk", "--param", "x=1",
                         "--param", "y=2"});
    EXPECT_EQ(yes.status, kDone);
    EXPECT_EQ(yes.out, "allowed: execute: ok (caps.d/10-web.json:4)\n");
    daemon.on_loop([&] {
        EXPECT_EQ(daemon.backend.asked.service, "a b");
        EXPECT_EQ(json::to_text(daemon.backend.asked.parameters), R"({"x":"1","y":"2"})");
        daemon.backend.allow = false;
    });
    const Ran no = ctl({"caps", "check", "master1", "execute", "--json"});
    EXPECT_EQ(no.status, kNo);
    EXPECT_EQ(parsed(no.out), parsed(R"({"allowed":false,"capability":"execute","reason":"capability-denied","source":null})"));
    EXPECT_EQ(no.err, "");
    EXPECT_EQ(ctl({"caps", "check", "master1", "fly"}).status, kUsage);
}

TEST_F(Verbs, AuditListEscapesWhatAttackersWrote) {
    start();
    EXPECT_EQ(ctl({"audit", "list"}).out, "No records.\n");
    daemon.record(test::denied_command("evil\x1b[2J\xe2\x80\xae"));
    const Ran ran = ctl({"audit", "list", "--decision", "denied", "--since", "1h"});
    EXPECT_EQ(ran.status, kDone);
    EXPECT_THAT(ran.out, StartsWith("ID  LAST SEEN                 COUNT  PARENT   DECISION  REASON           OBJECT"));
    EXPECT_THAT(ran.out, HasSubstr("CheckCommand evil\\x1b[2J<U+202E>"));
    EXPECT_EQ(ran.out.find('\x1b'), std::string::npos);
}

TEST_F(Verbs, AuditListPages) {
    start();
    for (const char* name : {"a", "b", "c"}) daemon.record(test::denied_command(name));
    EXPECT_THAT(ctl({"audit", "list", "--limit", "2"}).out, EndsWith("\nThere are older ones: --before 2\n"));
    const Ran rest = ctl({"audit", "list", "--before", "2", "--json"});
    const json::Value page = parsed(rest.out);
    EXPECT_EQ(page.object()->find("records")->array()->size(), 1u);
    EXPECT_TRUE(page.object()->find("next")->is_null());
}

TEST_F(Verbs, AuditShowHasTheContent) {
    start();
    daemon.record(test::denied_command("x\ny"));
    const Ran ran = ctl({"audit", "show", "1"});
    EXPECT_EQ(ran.status, kDone);
    EXPECT_THAT(ran.out, HasSubstr("object_name: x\\x0ay\n"));
    EXPECT_THAT(ran.out, HasSubstr("reviewed: no\ncontent:\n  | {\"command\":\"x\n  | y\"}\n"));
    EXPECT_EQ(ctl({"audit", "show", "99"}).status, kNo);
}

TEST_F(Verbs, AuditReviewMarks) {
    start();
    daemon.record(test::denied_command("a"));
    daemon.record(test::denied_command("b"));
    const Ran ran = ctl({"audit", "review", "1", "2", "--note", "known, harmless"});
    EXPECT_EQ(ran.status, kDone) << ran.err;
    EXPECT_EQ(ran.out, "reviewed: 2 (record 3)\n");
    EXPECT_THAT(ctl({"audit", "show", "1"}).out, HasSubstr(": known, harmless\n"));
    EXPECT_EQ(ctl({"audit", "review", "77"}).status, kNo);
}

// What one thread prints and another waits for.
class Watched final : public std::streambuf {
public:
    std::string text() const {
        const std::lock_guard lock(mutex_);
        return text_;
    }

private:
    int_type overflow(int_type c) override {
        const std::lock_guard lock(mutex_);
        text_ += traits_type::to_char_type(c);
        return c;
    }
    std::streamsize xsputn(const char* data, std::streamsize size) override {
        const std::lock_guard lock(mutex_);
        text_.append(data, static_cast<std::size_t>(size));
        return size;
    }
    mutable std::mutex mutex_;
    std::string text_;
};

TEST_F(Verbs, AuditFollowPrintsRecordsUntilTheDaemonEnds) {
    start();
    Watched printed;
    std::thread other([&] {
        // Records until one is seen: when the other side has subscribed is not ours to know.
        for (int i = 0; printed.text().find('\n') == std::string::npos; ++i)
            daemon.record(test::denied_command("seen" + std::to_string(i) + "\x1b"));
        daemon.stop();
    });
    std::ostream out(&printed);
    std::ostringstream err;
    const SystemClock clock;
    const int status =
        run({"audit", "follow", "--run", daemon.run_directory(), "--config", daemon.config_directory()}, out, err, clock, false);
    other.join();
    EXPECT_EQ(status, kUnreachable);
    EXPECT_EQ(err.str(), "endpointctl: audit follow: the daemon ended the stream; it stops, or restarts\n");
    EXPECT_THAT(printed.text(), HasSubstr("  1  master1  denied  unknown-command  CheckCommand seen"));
    EXPECT_THAT(printed.text(), HasSubstr("\\x1b"));
}

TEST_F(Verbs, AuditExportIsOneRecordALine) {
    start();
    daemon.record(test::denied_command("a"));
    daemon.record(test::denied_command("b"));
    const Ran ran = ctl({"audit", "export"});
    EXPECT_EQ(ran.status, kDone);
    std::istringstream lines(ran.out);
    std::string line;
    for (int id = 1; id <= 2; ++id) {
        ASSERT_TRUE(std::getline(lines, line));
        EXPECT_EQ(*parsed(line).object()->find("id"), json::Value(id));
    }
    EXPECT_FALSE(std::getline(lines, line));
    EXPECT_THAT(ctl({"audit", "export", "--format", "csv", "--since", "1h"}).out, StartsWith("id,time,last_seen,"));
}

TEST_F(Verbs, AuditVerifyAsksTheDaemon) {
    start();
    daemon.record(test::denied_command("a"));
    const Ran ran = ctl({"audit", "verify"});
    EXPECT_EQ(ran.status, kDone) << ran.err;
    EXPECT_THAT(ran.out, testing::MatchesRegex("ok: [0-9]+ records, head [0-9a-f]{64}\n"));
}

TEST_F(Verbs, AuditVerifyReadsTheStoreWhenNoDaemonRuns) {
    start();
    daemon.record(test::denied_command("a"));
    daemon.stop();
    daemon.backend.audit->stop();
    daemon.backend.audit.reset();
    const Ran ran = ctl({"audit", "verify", "--json"});
    EXPECT_EQ(ran.status, kDone) << ran.err;
    EXPECT_EQ(*parsed(ran.out).object()->find("ok"), json::Value(true));
}

TEST_F(Verbs, AuditVerifyWithoutAStoreSaysSo) {
    const test::TemporaryDirectory empty;
    const Ran ran = test::run_ctl({"audit", "verify", "--run", empty.path(), "--state", empty.path(), "--config", empty.path()});
    EXPECT_EQ(ran.status, kNo);
    EXPECT_THAT(ran.err, StartsWith("endpointctl: audit verify: no daemon answers, and the store in "));
}

TEST_F(Verbs, CatalogListShowAndRender) {
    start();
    EXPECT_THAT(ctl({"catalog", "list"}).out, HasSubstr("disk  "));
    EXPECT_THAT(ctl({"catalog", "show", "disk"}).out,
                StartsWith("name: disk\nkind: check\ndescription: Free space\nsource: catalog.d/10-test.json:2\n"));
    const Ran ran = ctl({"catalog", "render", "disk", "--param", "disk_partitions=/", "--param", "disk_partitions=/var"});
    EXPECT_EQ(ran.status, kDone) << ran.err;
    EXPECT_THAT(ran.out, StartsWith("argv[0]: /usr/lib/nagios/plugins/check_disk\nargv[1]: -p\nargv[2]: /\nargv[3]: -p\nargv[4]: /var\n"
                                    "argv[5]: -w\nargv[6]: 20%\nrun as: the daemon's user\ntimeout: 1 min 0 s\nsandbox:\n"));
    EXPECT_EQ(ctl({"catalog", "render", "disk", "--param", "disk_wfree=x"}).status, kNo);
    EXPECT_EQ(ctl({"catalog", "render", "disk", "--param", "other=x"}).status, kNo);
    EXPECT_EQ(ctl({"catalog", "show", "nonesuch"}).status, kNo);
}

TEST_F(Verbs, CatalogRunPrintsWhatItGave) {
    daemon.backend.run_answer =
        parsed(R"({"name":"disk","exit_status":2,"state":2,"output":"DISK CRITICAL\nmore \u001b[0m","performance_data":["/=5MB"],)"
               R"("execution_start":"2026-11-20T16:55:00.000Z","execution_end":"2026-11-20T16:55:00.250Z"})");
    start();
    const Ran ran = ctl({"catalog", "run", "disk", "--param", "disk_wfree=5%"});
    EXPECT_EQ(ran.status, kDone);  // it ran: the plugin's own status is only printed
    EXPECT_EQ(ran.out, "DISK CRITICAL\nmore \\x1b[0m\nperfdata: /=5MB\nexit status 2 (CRITICAL), 0.250 s\n");
    daemon.on_loop([&] { daemon.backend.run_answer = fail(Errc::unavailable, "the runner is not there"); });
    const Ran refused = ctl({"catalog", "run", "disk"});
    EXPECT_EQ(refused.status, kNo);
    EXPECT_EQ(refused.err, "endpointctl: catalog run: the runner is not there\n");
    EXPECT_EQ(refused.out, "");
}

TEST_F(Verbs, ConfigReloadShowsWhy) {
    daemon.backend.reload_answer.findings.errors.push_back({"catalog.d/x.json", 3, 5, "/commands/a", "wrong"});
    start();
    const Ran no = ctl({"config", "reload"});
    EXPECT_EQ(no.status, kNo);
    EXPECT_EQ(
        no.out,
        "catalog.d/x.json:3:5: error: wrong (/commands/a)\nnot reloaded, the running configuration stays in force (1 error, 0 warnings)\n");
    daemon.on_loop([&] { daemon.backend.reload_answer = {true, {}}; });
    const Ran yes = ctl({"config", "reload", "--json"});
    EXPECT_EQ(yes.status, kDone);
    EXPECT_EQ(parsed(yes.out), parsed(R"({"reloaded":true,"errors":[],"warnings":[]})"));
}

}  // namespace
}  // namespace endpointd::ctl
