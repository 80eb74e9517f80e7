#include "explanation.hpp"

#include <gmock/gmock.h>

#include "catalog/catalog.hpp"
#include "json/document.hpp"
#include "policy/verdict.hpp"
#include "proposal.hpp"

namespace endpointd::ctl {
namespace {

using policy::Reason;
using testing::HasSubstr;

json::Value parsed(const std::string& text) {
    const Result<json::Value> value = json::parse(text);
    EXPECT_TRUE(value) << text;
    return value ? *value : json::Value();
}

json::Object record(Reason reason, const std::string& method, const std::string& type, const std::string& name) {
    return {{"id", 7},
            {"parent", "master1"},
            {"method", method},
            {"object_type", type},
            {"object_name", name},
            {"decision", method.starts_with("event::") ? "denied" : "rejected"},
            {"reason", policy::name_of(reason)}};
}

json::Object execute(Reason reason, const std::string& command) {
    json::Object made = record(reason, "event::ExecuteCommand", "CheckCommand", command);
    made.set("content", R"({"method":"event::ExecuteCommand","params":{"host":"web1","service":"http","macros":{"url":"/x?a=1"}}})");
    return made;
}

json::Value caps(const std::string& capability, const std::string& scope, const std::string& rate = "null",
                 const std::string& kind = "endpoint") {
    return parsed(R"({"parents":[{"name":"master1","kind":")" + kind + R"(","grants":[{"capability":")" + capability + R"(","scope":)" +
                  scope + R"(,"rate":)" + rate + R"(,"source":"caps.d/10-web.json:4"}],"denied":[]}]})");
}

std::string change_of(const Explanation& explanation) { return json::to_text(explanation.change); }

TEST(Why, EveryReasonHasASentenceThatNamesWhatItIsAbout) {
    for (int i = 0; i <= static_cast<int>(Reason::ok); ++i) {
        const auto reason = static_cast<Reason>(i);
        const Explanation made = explain({record(reason, "config::Update", "Service", "web1!http"), nullptr, nullptr});
        EXPECT_THAT(made.sentence, testing::StartsWith("Service 'web1!http' from master1 was rejected: ")) << policy::name_of(reason);
        EXPECT_FALSE(made.rule.empty()) << policy::name_of(reason);
        EXPECT_EQ(made.change.is_null(), !made.opens) << policy::name_of(reason);
    }
}

TEST(Why, WhatCanNeverBeAllowedHasNoChange) {
    for (const Reason reason : {Reason::command_pushed, Reason::command_shadowed, Reason::function_not_allowed,
                                Reason::statement_not_allowed, Reason::bad_path, Reason::syntax_error, Reason::malformed_message}) {
        const Explanation made = explain({record(reason, "config::Update", "CheckCommand", "evil"), caps("config", "{}"), nullptr});
        EXPECT_THAT(made.sentence, HasSubstr("nothing in caps.d or catalog.d allows it")) << policy::name_of(reason);
        EXPECT_TRUE(made.change.is_null()) << policy::name_of(reason);
    }
    for (const char* type : {"Zone", "Endpoint", "ApiUser", "FileLogger", "CheckCommand"}) {
        const Explanation made =
            explain({record(Reason::type_not_granted, "config::Update", type, "x"), caps("config", R"({"types":["Host"]})"), nullptr});
        EXPECT_TRUE(made.change.is_null()) << type;
        EXPECT_THAT(made.sentence, HasSubstr("nothing in caps.d or catalog.d allows it")) << type;
    }
}

TEST(Why, ACapabilityThatIsNotGrantedIsProposedForThisOneThing) {
    const Explanation made =
        explain({execute(Reason::capability_denied, "disk"), parsed(R"({"parents":[]})"), parsed(R"({"name":"disk","kind":"check"})")});
    EXPECT_EQ(change_of(made), R"({"parents":{"master1":{"grant":{"execute":{"commands":["disk"],"services":["web1!http"]}}}}})");
    EXPECT_THAT(*made.opens, HasSubstr("'master1' may then have 'disk' run for 'web1!http'"));
    EXPECT_FALSE(made.source);
}

TEST(Why, AnEventHandlerOfOurOwnResultsNeedsTheGrantOfWhoNamedIt) {
    json::Object handler = record(Reason::capability_denied, "", "EventCommand", "heal");
    handler.set("method", nullptr);
    handler.set("decision", "denied");
    handler.set("content", R"({"host":"web1","service":"http","macros":{}})");
    const Explanation made = explain({handler, parsed(R"({"parents":[]})"), parsed(R"({"name":"heal","kind":"event"})")});
    EXPECT_EQ(change_of(made), R"({"parents":{"master1":{"grant":{"event":{"commands":["heal"],"services":["web1!http"]}}}}})");
    EXPECT_THAT(*made.opens, HasSubstr("'master1' may then have 'heal' run for 'web1!http'"));
    handler.set("reason", "out-of-scope");
    const Explanation wider = explain({handler, caps("event", R"({"services":["a!b"]})"), parsed(R"({"name":"heal","kind":"event"})")});
    EXPECT_EQ(change_of(wider), R"({"parents":{"master1":{"grant":{"event":{"services":["a!b","web1!http"]}}}}})");
}

TEST(Why, ACommandOutsideTheGrantIsAddedToIt) {
    const Explanation made =
        explain({execute(Reason::capability_denied, "disk"), caps("execute", R"({"commands":["load"]})", R"("600/min")"),
                 parsed(R"({"name":"disk","kind":"check"})")});
    EXPECT_EQ(change_of(made), R"({"parents":{"master1":{"grant":{"execute":{"commands":["load","disk"],"rate":"600/min"}}}}})");
    EXPECT_EQ(made.source, "caps.d/10-web.json:4");
    EXPECT_EQ(made.rule, R"(execute: {"commands":["load"]})");
}

TEST(Why, ALeaseIsNoRuleThatAChangeCouldWiden) {
    const json::Value lease = parsed(
        R"({"parents":[{"name":"master1","kind":"endpoint","grants":[{"capability":"execute","scope":{"commands":["load"]},"rate":"6/h",)"
        R"("expires":"2026-11-20T14:00:00.000Z","source":"lease:7"}],"denied":[]}]})");
    for (const Reason reason : {Reason::capability_denied, Reason::out_of_scope, Reason::rate_limited}) {
        const Explanation made = explain({execute(reason, "disk"), lease, parsed(R"({"name":"disk","kind":"check"})")});
        EXPECT_FALSE(made.source);
        EXPECT_THAT(change_of(made), testing::Not(HasSubstr("load"))) << change_of(made);
    }
}

TEST(Why, AGrantOfAZoneIsWidenedForTheZone) {
    const Explanation made = explain({execute(Reason::out_of_scope, "disk"), caps("execute", R"({"services":["a!b"]})", "null", "zone"),
                                      parsed(R"({"name":"disk","kind":"check"})")});
    EXPECT_EQ(change_of(made), R"({"parents":{"zone:master1":{"grant":{"execute":{"services":["a!b","web1!http"]}}}}})");
    EXPECT_THAT(*made.opens, HasSubstr("every endpoint of zone 'master1'"));
}

// A parent chooses names: "*" in a change would open everything.
TEST(Why, AForeignNameNeverBecomesAPattern) {
    for (const char* name : {"*", "dis?", "a*b"}) {
        const Explanation made = explain({execute(Reason::capability_denied, name), caps("execute", R"({"commands":["load"]})"), nullptr});
        EXPECT_TRUE(made.change.is_null()) << name;
        EXPECT_THAT(made.sentence, HasSubstr("would be read as a pattern")) << name;
    }
    json::Object host = record(Reason::out_of_scope, "config::Update", "Host", "*");
    EXPECT_TRUE(explain({host, caps("config", R"({"hosts":["web1"]})"), nullptr}).change.is_null());
}

TEST(Why, ATypeThatMayBeGrantedIsAddedToTheList) {
    const Explanation made = explain({record(Reason::type_not_granted, "config::Update", "TimePeriod", "9to5"),
                                      caps("config", R"({"types":["Host"],"zones":["web1"]})"), nullptr});
    EXPECT_EQ(change_of(made), R"({"parents":{"master1":{"grant":{"config":{"types":["Host","TimePeriod"],"zones":["web1"]}}}}})");
}

TEST(Why, AnObjectOutsideTheGrantIsAddedWithItsZone) {
    json::Object host = record(Reason::out_of_scope, "config::Update", "Host", "web2");
    host.set("file", "dmz/_etc/hosts.conf");
    const Explanation made = explain({host, caps("config", R"({"hosts":["web1"],"zones":["web1"]})"), nullptr});
    EXPECT_EQ(change_of(made), R"({"parents":{"master1":{"grant":{"config":{"hosts":["web1","web2"],"zones":["web1","dmz"]}}}}})");
}

TEST(Why, AStrangerIsGrantedNothing) {
    json::Object stranger = execute(Reason::capability_denied, "disk");
    stranger.set("parent", nullptr);
    const Explanation made = explain({stranger, nullptr, nullptr});
    EXPECT_TRUE(made.change.is_null());
    EXPECT_THAT(made.sentence, HasSubstr("has not proved to be an endpoint"));
}

TEST(Why, ARateIsDoubledAndNothingElse) {
    const Explanation made = explain({execute(Reason::rate_limited, "disk"), caps("execute", R"({"commands":["disk"]})", R"("6/h")"),
                                      parsed(R"({"name":"disk","kind":"check"})")});
    EXPECT_EQ(change_of(made), R"({"parents":{"master1":{"grant":{"execute":{"commands":["disk"],"rate":"12/h"}}}}})");
}

json::Object limited(const std::string& detail, const std::string& method = "config::Update") {
    json::Object made = record(Reason::limit_exceeded, method, "Service", "web1!http");
    made.set("detail", detail);
    return made;
}

TEST(Why, ALimitOfTheGrantIsWidenedToWhatWasAsked) {
    const std::string grant = " of config for master1 (caps.d/10-web.json:4)";
    const json::Value config = caps("config", R"({"min_check_interval":"1m","max_objects":100})");
    const Explanation interval = explain({limited("retry_interval 20 s is below min_check_interval (60 s)" + grant), config, nullptr});
    EXPECT_EQ(change_of(interval), R"({"parents":{"master1":{"grant":{"config":{"max_objects":100,"min_check_interval":20}}}}})");
    EXPECT_EQ(interval.source, "caps.d/10-web.json:4");
    EXPECT_THAT(*interval.opens, HasSubstr("checked every 20 s"));
    const Explanation objects = explain({limited("there are 100 objects already, the max_objects" + grant), config, nullptr});
    EXPECT_EQ(change_of(objects), R"({"parents":{"master1":{"grant":{"config":{"max_objects":200,"min_check_interval":"1m"}}}}})");
    json::Object downtime = record(Reason::limit_exceeded, "config::UpdateObject", "Downtime", "web1!d");
    downtime.set("detail", "it lasts 90000 s, more than max_duration (86400 s) of the downtime grant of master1 (caps.d/10-web.json:4)");
    EXPECT_EQ(change_of(explain({downtime, caps("downtime", R"({"max_duration":"1d"})"), nullptr})),
              R"({"parents":{"master1":{"grant":{"downtime":{"max_duration":90000}}}}})");
}

TEST(Why, ALimitThatNoGrantHasNowIsNotPutIntoOne) {
    const std::string interval = "check_interval 20 s is below min_check_interval (60 s) of config for master1";
    EXPECT_TRUE(explain({limited(interval), caps("config", "{}"), nullptr}).change.is_null());
    EXPECT_TRUE(explain({limited(interval), nullptr, nullptr}).change.is_null());
    const std::string often = "check_interval 0.001 s is below min_check_interval (60 s) of config for master1";
    EXPECT_TRUE(explain({limited(often), caps("config", R"({"min_check_interval":60})"), nullptr}).change.is_null());
    // What a parent wrote is no sentence of ours, wherever it stands.
    EXPECT_TRUE(
        explain({limited("vars.x: there are 5 objects already, the max_objects of x"), caps("config", R"({"max_objects":1})"), nullptr})
            .change.is_null());
}

TEST(Why, ALimitOfTheSettingsIsNamedWithItsNextValue) {
    const std::pair<const char*, const char*> cases[] = {
        {"more than 20000000 steps of evaluation (limits.eval_steps)", R"({"limits":{"eval_steps":40000000}})"},
        {"more than 100000 objects (limits.objects)", R"({"limits":{"objects":200000}})"},
        {"the update brings 12000 files, more than limits.config_files (10000) in endpointd.json", R"({"limits":{"config_files":12000}})"},
        {"the update is larger than limits.config_size (67108864 bytes) in endpointd.json", R"({"limits":{"config_size":134217728}})"}};
    for (const auto& [detail, change] : cases) {
        const Explanation made = explain({limited(detail), caps("config", "{}"), nullptr});
        EXPECT_EQ(change_of(made), change) << detail;
        EXPECT_THAT(made.rule, HasSubstr("of endpointd.json")) << detail;
        EXPECT_FALSE(made.source) << detail;
    }
    EXPECT_TRUE(explain({limited("the evaluation took too long"), caps("config", "{}"), nullptr}).change.is_null());
}

TEST(Why, ACombinationIsAddedToTheTuplesAsItWasSent) {
    json::Object refused = execute(Reason::argument_refused, "http");
    const json::Value command = parsed(R"({"name":"http","kind":"check","source":"catalog.d/1.json:3","entry":{
        "parameters":{"url":{"pattern":".*"},"port":{"type":"integer","default":80},"user":{"pattern":".*"}},"tuples":[{"url":"/","port":80}]}})");
    const Explanation made = explain({refused, nullptr, command});
    EXPECT_EQ(change_of(made), R"({"commands":{"http":{"tuples":[{"port":80,"url":"/"},{"port":80,"url":"/x?a=1"}]}}})");
    EXPECT_EQ(made.rule, "tuples of 'http'");
    EXPECT_EQ(made.source, "catalog.d/1.json:3");
    refused.set("content", R"({"params":{"macros":{"url":"--option"}}})");
    EXPECT_TRUE(explain({refused, nullptr, command}).change.is_null()) << "a value that is an option";
}

TEST(Why, AParametersRuleIsWidenedByTheOneValueLiterally) {
    json::Object refused = execute(Reason::argument_refused, "http");
    refused.set("parameter", "url");
    const json::Value command =
        parsed(R"({"name":"http","kind":"check","source":"catalog.d/1.json:3","entry":{"parameters":{"url":{"pattern":"/[a-z]*"}}}})");
    const Explanation made = explain({refused, nullptr, command});
    EXPECT_EQ(change_of(made), R"({"commands":{"http":{"parameters":{"url":{"pattern":"(?:/[a-z]*)|\\/x\\?a\\=1","review":true}}}}})");
    EXPECT_EQ(made.source, "catalog.d/1.json:3");
    refused.set("content", R"({"params":{"macros":{"url":"--option"}}})");
    EXPECT_TRUE(explain({refused, nullptr, command}).change.is_null()) << "a value that is an option";
}

TEST(Why, JsonHasItsShapeAndTheChangeAsText) {
    const json::Object shown =
        why_json(execute(Reason::unknown_command, "evil"), explain({execute(Reason::unknown_command, "evil"), nullptr, nullptr}));
    for (const char* name : {"id", "sentence", "rule", "source", "change", "opens"}) EXPECT_NE(shown.find(name), nullptr) << name;
    EXPECT_EQ(shown.size(), 6u);
    ASSERT_TRUE(shown.find("change")->string());
    EXPECT_TRUE(parsed(*shown.find("change")->string()).object());
}

json::Object pushed(const std::string& text, const std::string& name = "evil") {
    json::Object made = record(Reason::command_pushed, "config::Update", "CheckCommand", name);
    made.set("file", "web1/_etc/x.conf");
    made.set("line", 3);
    made.set("content", text);
    return made;
}

// What the catalog itself says of a proposal.
std::size_t errors_of(const Proposal& proposal) {
    Findings findings;
    catalog::Catalog::load({{"x.json", "x.json", json::to_pretty_text(json::Value(proposal.catalog))}}, findings);
    return findings.errors.size();
}

TEST(Propose, APushedDefinitionBecomesAnEntryWhoseEveryRuleAwaitsReview) {
    const Proposal made = propose(
        pushed("object CheckCommand \"evil\" {\n  command = [ \"/opt/check_x\" ]\n  arguments = { \"-w\" = \"$x_warning$\", \"-H\" = "
               "\"$x_address$\" }\n  vars.x_warning = \"5\"\n}\n"),
        nullptr);
    EXPECT_EQ(made.missing, "");
    EXPECT_EQ(errors_of(made), 0u);
    const json::Object& entry = *made.catalog.find("commands")->object()->find("evil")->object();
    EXPECT_THAT(*entry.find("description")->string(), HasSubstr("PROPOSED from audit record 7, from master1"));
    for (const auto& [name, rule] : *entry.find("parameters")->object())
        EXPECT_EQ(*rule.object()->find("review"), json::Value(true)) << name;
    EXPECT_THAT(made.notes, testing::Contains(HasSubstr("the default of parameter 'x_warning' is the parent's own choice: \"5\"")));
}

TEST(Propose, WhatOnlyIcingaCouldRunIsUnfinishedAndDoesNotLoad) {
    for (const char* text :
         {"object CheckCommand \"evil\" { command = {{ \"/bin/sh\" }} }", "object CheckCommand \"evil\" { command = \"id; rm -rf /\" }",
          "object CheckCommand \"evil\" { command = [ \"/bin/sh\", \"-c\", \"id\" ] }", "object CheckComm", "for (x in [1]) { }"}) {
        const Proposal made = propose(pushed(text), nullptr);
        EXPECT_NE(made.missing, "") << text;
        EXPECT_NE(errors_of(made), 0u) << text;
        EXPECT_THAT(json::to_text(json::Value(made.catalog)), testing::Not(HasSubstr("/bin/sh"))) << text;
        EXPECT_THAT(json::to_text(json::Value(made.catalog)), HasSubstr("INCOMPLETE")) << text;
    }
}

TEST(Propose, ARequestGivesNamesOfParametersAndNoValues) {
    const Proposal made = propose(execute(Reason::unknown_command, "evil"), nullptr);
    EXPECT_NE(made.missing, "");
    EXPECT_NE(errors_of(made), 0u);
    const std::string text = json::to_text(json::Value(made.catalog));
    EXPECT_THAT(text, HasSubstr(R"("parameters":{"url":{"review":true}})"));
    EXPECT_THAT(text, testing::Not(HasSubstr("/x?a=1")));
}

TEST(Propose, AServiceIsAboutTheCommandThatItNames) {
    json::Object service = record(Reason::unknown_command, "config::Update", "Service", "web1!x");
    service.set("content", "apply Service \"x\" {\n  check_command = \"my_check\"\n  assign where true\n}\n");
    const Proposal made = propose(service, nullptr);
    EXPECT_NE(made.catalog.find("commands")->object()->find("my_check"), nullptr);
    EXPECT_NE(errors_of(made), 0u);
}

TEST(Propose, WhatIsAboutNoCommandHasNone) {
    EXPECT_NE(propose(record(Reason::type_not_granted, "config::Update", "Zone", "x"), nullptr).none, "");
    json::Object done = execute(Reason::ok, "disk");
    done.set("decision", "executed");
    EXPECT_NE(propose(done, nullptr).none, "");
}

}  // namespace
}  // namespace endpointd::ctl
