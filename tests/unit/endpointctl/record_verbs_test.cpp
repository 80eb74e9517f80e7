// objects list and show, audit show --diff, why and propose, against a daemon's socket.

#include <gmock/gmock.h>

#include "dsl/config_type.hpp"
#include "fake_daemon.hpp"
#include "json/document.hpp"
#include "object_lines.hpp"
#include "policy/plan.hpp"
#include "run_ctl.hpp"

namespace endpointd::ctl {
namespace {

using test::Ran;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr char kEvil[] = "object CheckCommand \"disk\" {\n  command = [ \"/tmp/evil\" ]\n  timeout = 30\n}\n";

class RecordVerbs : public testing::Test {
protected:
    RecordVerbs() {
        auto plan = std::make_shared<policy::Plan>();
        plan->objects.push_back(object("Host", "web1", policy::Origin::local));
        plan->objects.push_back(object("Service", "web1!http", policy::Origin::pushed));
        daemon.backend.plan_in_force = plan;
        daemon.backend.caps_answer = parsed(R"({"parents":[]})");
    }
    static policy::PlannedObject object(const std::string& type, const std::string& name, policy::Origin origin) {
        dsl::Object object;
        object.type = dsl::config_type(type);
        object.name = name;
        object.zone = "web1";
        object.attributes = {{"notes", "\x1b[31m\xe2\x80\xae"}};
        object.place = {"web1/_etc/x.conf", 4, 1};
        object.text = std::make_shared<const std::string>("object " + type + " \"" + name + "\" {\n  check_command = \"old\"\n}\n");
        policy::PlannedObject planned;
        planned.object = std::make_shared<const dsl::Object>(std::move(object));
        planned.origin = origin;
        planned.parent = origin == policy::Origin::local ? "" : "master1";
        return planned;
    }
    static store::AuditEntry rejected(const std::string& type, const std::string& name, policy::Reason reason, const std::string& content) {
        store::AuditEntry entry;
        entry.parent = "master1";
        entry.zone = "web1";
        entry.method = "config::Update";
        entry.object_type = type;
        entry.object_name = name;
        entry.file = "web1/_etc/x.conf";
        entry.line = 12;
        entry.decision = store::Decision::rejected;
        entry.reason = reason;
        entry.detail = "refused";
        entry.content = content;
        return entry;
    }
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

TEST_F(RecordVerbs, ObjectsListIsATable) {
    daemon.start();
    EXPECT_EQ(ctl({"objects", "list"}).out,
              "TYPE     NAME       ZONE  ORIGIN\nHost     web1       web1  local\nService  web1!http  web1  pushed:master1\n");
    EXPECT_EQ(ctl({"objects", "list", "--type", "Host"}).out, "TYPE  NAME  ZONE  ORIGIN\nHost  web1  web1  local\n");
    EXPECT_EQ(ctl({"objects", "list", "--type", "User"}).out, "No objects.\n");
    const Ran wrong = ctl({"objects", "list", "--type", "host"});
    EXPECT_EQ(wrong.status, kUsage);
    EXPECT_THAT(wrong.err, StartsWith("endpointctl: objects list: 'host' is no type"));
    EXPECT_EQ(wrong.out, "");
}

TEST_F(RecordVerbs, ObjectsListIsJsonOnRequestHoweverManyThereAre) {
    auto plan = std::make_shared<policy::Plan>();
    for (int i = 0; i < 1000; ++i) plan->objects.push_back(object("Host", "h" + std::to_string(i), policy::Origin::local));
    daemon.backend.plan_in_force = plan;
    daemon.start();
    const Ran ran = ctl({"objects", "list", "--json"});
    EXPECT_EQ(ran.status, kDone);
    EXPECT_THAT(ran.out, Not(HasSubstr("\x1b")));
    std::size_t objects = 0;
    ObjectLines lines;
    for (const std::string& line : lines.take(ran.out)) {
        EXPECT_TRUE(json::parse(line)) << line;
        ++objects;
    }
    EXPECT_TRUE(lines.whole());
    EXPECT_EQ(objects, 1000u);
    EXPECT_THAT(ctl({"objects", "list"}).out, HasSubstr("\nHost  h999  web1  local\n"));
}

TEST_F(RecordVerbs, ObjectsShowIsOneObjectAndNothingThatControlsATerminal) {
    daemon.start();
    const Ran ran = ctl({"objects", "show", "Service", "web1!http"});
    EXPECT_EQ(ran.status, kDone) << ran.err;
    EXPECT_THAT(
        ran.out,
        StartsWith("type: Service\nname: web1!http\nzone: web1\norigin: pushed:master1\nfile: web1/_etc/x.conf\nline: 4\nattrs:\n  {\n"));
    EXPECT_THAT(ran.out, Not(HasSubstr("\x1b")));
    EXPECT_THAT(ran.out, Not(HasSubstr("\xe2\x80\xae")));
    const json::Value shown = parsed(ctl({"objects", "show", "Host", "web1", "--json"}).out);
    for (const char* name : {"type", "name", "zone", "origin", "attrs"}) EXPECT_NE(shown.object()->find(name), nullptr) << name;
    const Ran none = ctl({"objects", "show", "Host", "web9"});
    EXPECT_EQ(none.status, kNo);
    EXPECT_THAT(none.err, StartsWith("endpointctl: objects show: there is no Host 'web9'; see objects list"));
}

TEST_F(RecordVerbs, ObjectsShowTellsWhoPausedWhatUntilWhen) {
    daemon.backend.check_state = parsed(
        R"({"output":"x","paused":{"by":"root","kind":"operator","since":"2026-11-20T12:00:00.000Z","until":null,"also":)"
        R"({"by":"m\u001b[2J","kind":"parent","since":"2026-11-20T11:00:00.000Z","until":"2026-11-20T14:00:00.000Z","also":null}}})");
    daemon.start();
    const Ran ran = ctl({"objects", "show", "Service", "web1!http"});
    EXPECT_EQ(ran.status, kDone) << ran.err;
    EXPECT_THAT(ran.out,
                HasSubstr("\npaused: by operator root since 2026-11-20T12:00:00.000Z, without an end; and by parent m\\x1b[2J since "
                          "2026-11-20T11:00:00.000Z, until 2026-11-20T14:00:00.000Z\nstate:\n  {\n"));
    EXPECT_THAT(ran.out, Not(HasSubstr("\x1b")));
}

TEST_F(RecordVerbs, ObjectsNeedADaemon) { EXPECT_EQ(ctl({"objects", "list"}).status, kUnreachable); }

TEST_F(RecordVerbs, DiffOfAShadowedCommandComparesWhatRuns) {
    daemon.start();
    daemon.record(rejected("CheckCommand", "disk", policy::Reason::command_shadowed, kEvil));
    const json::Value shown = parsed(ctl({"audit", "show", "1", "--diff", "--json"}).out);
    ASSERT_TRUE(shown.object()->find("diff")->string());
    const std::string& diff = *shown.object()->find("diff")->string();
    EXPECT_THAT(diff, StartsWith("--- in force: catalog.d/10-test.json:2\n+++ pushed: web1/_etc/x.conf:12\n@@ "));
    EXPECT_THAT(diff, HasSubstr("-    \"/usr/lib/nagios/plugins/check_disk\"\n"));
    EXPECT_THAT(diff, HasSubstr("+    \"/tmp/evil\"\n"));
    EXPECT_THAT(diff, HasSubstr("+  \"timeout\": 30\n"));
    EXPECT_THAT(ctl({"audit", "show", "1", "--diff"}).out, HasSubstr("diff:\n  --- in force: "));
    EXPECT_EQ(parsed(ctl({"audit", "show", "1", "--json"}).out).object()->find("diff"), nullptr);
}

TEST_F(RecordVerbs, DiffOfANewCommandIsAllOfIt) {
    daemon.start();
    daemon.record(rejected("CheckCommand", "evil", policy::Reason::command_pushed, "object CheckCommand \"evil\" {\n\x1b[2J}\n"));
    const Ran ran = ctl({"audit", "show", "1", "--diff"});
    EXPECT_THAT(
        ran.out,
        HasSubstr("  --- in force: nothing\n  +++ pushed: web1/_etc/x.conf:12\n  @@ -0,0 +1,2 @@\n  +object CheckCommand \"evil\" {\n"));
    EXPECT_THAT(ran.out, Not(HasSubstr("\x1b")));
}

TEST_F(RecordVerbs, DiffOfAnObjectIsAgainstTheOneInForce) {
    daemon.start();
    daemon.record(rejected("Service", "web1!http", policy::Reason::unknown_command,
                           "object Service \"web1!http\" {\n  check_command = \"new\"\n}\n"));
    EXPECT_THAT(
        ctl({"audit", "show", "1", "--diff"}).out,
        HasSubstr(
            "  --- in force: web1/_etc/x.conf:4\n  +++ pushed: web1/_etc/x.conf:12\n  @@ -1,3 +1,3 @@\n   object Service \"web1!http\" {\n"
            "  -  check_command = \"old\"\n  +  check_command = \"new\"\n   }\n"));
}

TEST_F(RecordVerbs, WhyIsForPeopleAndForScripts) {
    daemon.start();
    daemon.record(rejected("CheckCommand", "evil", policy::Reason::command_pushed, kEvil));
    const Ran ran = ctl({"audit", "why", "1"});
    EXPECT_EQ(ran.status, kDone) << ran.err;
    EXPECT_THAT(ran.out, StartsWith("CheckCommand 'evil' from master1 was rejected: "));
    EXPECT_THAT(ran.out, HasSubstr("\nrule: commands come from the local catalog alone"));
    EXPECT_THAT(ran.out, Not(HasSubstr("the smallest change")));
    const json::Value shown = parsed(ctl({"audit", "why", "1", "--json"}).out);
    EXPECT_EQ(*shown.object()->find("id"), json::Value(1));
    EXPECT_TRUE(shown.object()->find("change")->is_null());
    EXPECT_EQ(ctl({"audit", "why", "9"}).status, kNo);
    EXPECT_EQ(ctl({"audit", "why", "x"}).status, kUsage);
}

TEST_F(RecordVerbs, WhyNamesTheGrantThatIsMissing) {
    daemon.start();
    store::AuditEntry entry = test::denied_command("disk");
    entry.reason = store::Reason::capability_denied;
    entry.content.reset();
    daemon.record(std::move(entry));
    const Ran ran = ctl({"audit", "why", "1"});
    EXPECT_THAT(ran.out, HasSubstr("the smallest change that would allow it:\n  {\n    \"parents\": {\n      \"master1\": {\n"));
    EXPECT_THAT(ran.out, HasSubstr("it opens: 'master1' may then have 'disk' run for every object"));
}

TEST_F(RecordVerbs, ProposePrintsADraftThatSaysSo) {
    daemon.start();
    daemon.record(rejected(
        "CheckCommand", "evil", policy::Reason::command_pushed,
        "object CheckCommand \"evil\" {\n  command = [ \"/opt/check_x\" ]\n  arguments = { \"-w\" = \"$x_\u202ewarning$\" }\n}\n"));
    const Ran ran = ctl({"audit", "propose", "1"});
    EXPECT_THAT(ran.out, StartsWith("// A draft out of audit record 1, made of what a parent sent."));
    for (const char c : ran.out) EXPECT_TRUE(c == '\n' || (c >= 0x20 && c < 0x7f)) << static_cast<int>(c);
    Findings findings;
    EXPECT_TRUE(json::parse_config({"x.json", "x.json", ran.out}, findings)) << ran.out;
}

TEST_F(RecordVerbs, ProposeOfWhatIsUnknownIsNoEntryYet) {
    daemon.start();
    daemon.record(test::denied_command("evil"));
    daemon.record(rejected("Zone", "z", policy::Reason::type_not_granted, "object Zone \"z\" { }"));
    const Ran ran = ctl({"audit", "propose", "1", "--json"});
    EXPECT_EQ(ran.status, kNo);
    EXPECT_THAT(ran.err, HasSubstr("endpointctl: audit propose: this is no entry yet: nothing says what 'evil' runs"));
    EXPECT_TRUE(parsed(ran.out).object()->find("commands")->object()->find("evil"));
    const Ran none = ctl({"audit", "propose", "2"});
    EXPECT_EQ(none.status, kNo);
    EXPECT_EQ(none.out, "");
}

TEST_F(RecordVerbs, TheAuditIsFilteredByTypeNameAndReason) {
    daemon.start();
    daemon.record(rejected("CheckCommand", "evil", policy::Reason::command_pushed, kEvil));
    daemon.record(rejected("Service", "web1!http", policy::Reason::unknown_command, "x"));
    daemon.record(rejected("Host", "web2", policy::Reason::out_of_scope, "y"));
    const auto names = [&](std::vector<std::string> filter) {
        filter.insert(filter.begin(), {"audit", "list", "--json"});
        std::string all;
        const json::Value answer = parsed(ctl(std::move(filter)).out);
        for (const json::Value& record : *answer.object()->find("records")->array())
            all += *record.object()->find("object_name")->string() + " ";
        return all;
    };
    EXPECT_EQ(names({"--type", "*Command"}), "evil ");
    EXPECT_EQ(names({"--name", "web*"}), "web2 web1!http ");
    EXPECT_EQ(names({"--name", "web?"}), "web2 ");
    EXPECT_EQ(names({"--reason", "unknown-command"}), "web1!http ");
    EXPECT_EQ(names({"--type", "Host", "--reason", "command-pushed"}), "");
    EXPECT_EQ(names({"--decision", "rejected", "--unreviewed"}), "web2 web1!http evil ");
    EXPECT_EQ(ctl({"audit", "review", "2", "--note", "known"}).status, kDone);
    EXPECT_EQ(names({"--decision", "rejected", "--unreviewed"}), "web2 evil ");
}

}  // namespace
}  // namespace endpointd::ctl
