#include "parent_stubs.hpp"

#include <fstream>
#include <random>

#include <gmock/gmock.h>

#include "dsl/config_type.hpp"
#include "dsl/local.hpp"
#include "fake_daemon.hpp"
#include "json/document.hpp"
#include "policy/plan.hpp"
#include "run_ctl.hpp"

namespace endpointd::ctl {
namespace {

using test::Ran;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// What the evaluator makes of a text in a parent's configuration.
std::vector<dsl::Object> evaluated(const std::string& text) {
    const std::string zones =
        "object Endpoint NodeName { }\nobject Zone ZoneName { endpoints = [ NodeName ] }\nobject Endpoint \"web1\" { }\n"
        "object Zone \"web1\" { endpoints = [ \"web1\" ]; parent = ZoneName }\n"
        "template Host \"site\" default { max_check_attempts = 9; volatile = true; enable_active_checks = true }\n";
    Findings findings;
    auto local = dsl::load_local({{"zones.d/zones.conf", "zones.conf", zones}, {"zones.d/stubs.conf", "stubs.conf", text}}, {"master", ""},
                                 {}, {}, findings);
    for (const Finding& error : findings.errors) ADD_FAILURE() << error.message << " in:\n" << text;
    return local ? std::move(local->objects) : std::vector<dsl::Object>();
}

// One of /v1/objects.
json::Value object(const std::string& type, const std::string& name, json::Object set = {}, const std::string& origin = "local",
                   json::Value zone = "web1") {
    json::Object attributes = dsl::with_defaults(*dsl::config_type(type), name, {});
    for (const auto& [attribute, value] : set) attributes.set(attribute, value);
    return json::Object{{"type", type}, {"name", name}, {"origin", origin}, {"zone", std::move(zone)}, {"attrs", std::move(attributes)}};
}

json::Value seen(json::Value object, bool results) {
    object.object()->set("results", results);
    return object;
}

std::string text_of_all(const std::vector<json::Value>& objects) {
    ParentStubs stubs("web1", false);
    for (const json::Value& each : objects) EXPECT_TRUE(stubs.add(each));
    return icinga_text(stubs.stubs());
}

TEST(ParentStubs, AStubIsPassiveAndDecidesAsItsObjectDoes) {
    EXPECT_EQ(text_of_all({object("Service", "h!s",
                                  {{"check_command", "disk"},
                                   {"max_check_attempts", 5},
                                   {"check_interval", 0.5},
                                   {"volatile", true},
                                   {"enable_flapping", true},
                                   {"flapping_ignore_states", json::Array{"Warning", 8}},
                                   {"notes", "n"},
                                   {"groups", json::Array{"g"}},
                                   {"event_command", "restart"},
                                   {"check_period", "office"},
                                   {"command_endpoint", "web1"},
                                   {"vars", json::Object{{"password", "secret"}}}}),
                           object("Host", "h", {{"address", "192.0.2.1"}, {"display_name", "H"}})}),
              "// Made by `endpointctl export parent-config`: what the node of this zone checks by itself.\n"
              "\n"
              "object Host \"h\" {\n"
              "  check_command = \"dummy\"\n"
              "  enable_active_checks = false\n"
              "  zone = \"web1\"\n"
              "  max_check_attempts = 3\n"
              "  check_interval = 300\n"
              "  retry_interval = 60\n"
              "  volatile = false\n"
              "  enable_flapping = false\n"
              "  flapping_threshold_low = 25\n"
              "  flapping_threshold_high = 30\n"
              "  address = \"192.0.2.1\"\n"
              "  display_name = \"H\"\n"
              "}\n"
              "\n"
              "object Service \"s\" {\n"
              "  host_name = \"h\"\n"
              "  check_command = \"dummy\"\n"
              "  enable_active_checks = false\n"
              "  zone = \"web1\"\n"
              "  max_check_attempts = 5\n"
              "  check_interval = 0.5\n"
              "  retry_interval = 60\n"
              "  volatile = true\n"
              "  enable_flapping = true\n"
              "  flapping_threshold_low = 25\n"
              "  flapping_threshold_high = 30\n"
              "  flapping_ignore_states = [ \"Warning\", 8 ]\n"
              "  notes = \"n\"\n"
              "}\n");
}

TEST(ParentStubs, ATemplateOfTheParentsChangesNothingThatDecides) {
    const std::vector<dsl::Object> objects = evaluated(text_of_all({object("Host", "h")}));
    ASSERT_EQ(objects.size(), 1u);
    const json::Object all = dsl::with_defaults(*objects[0].type, "h", objects[0].attributes);
    EXPECT_EQ(*all.find("max_check_attempts"), json::Value(3));
    EXPECT_EQ(*all.find("volatile"), json::Value(false));
    EXPECT_EQ(*all.find("enable_active_checks"), json::Value(false));
    EXPECT_EQ(objects[0].zone, "web1");
}

TEST(ParentStubs, TheOrderIsThatOfTheNames) {
    const std::vector<json::Value> objects = {object("Host", "b"),      object("Host", "a-b"),    object("Service", "b!y"),
                                              object("Service", "b!x"), object("Service", "a!x"), object("Host", "a")};
    std::vector<json::Value> turned(objects.rbegin(), objects.rend());
    EXPECT_EQ(text_of_all(objects), text_of_all(turned));
    ParentStubs stubs("web1", false);
    for (const json::Value& each : objects) stubs.add(each);
    std::string order;
    for (const Stub& stub : stubs.stubs()) order += stub.host + (stub.service.empty() ? "" : "!" + stub.service) + " ";
    EXPECT_EQ(order, "a a!x a-b b b!x b!y ");
}

TEST(ParentStubs, WhatParentsMadeOrIsElsewhereHasNone) {
    ParentStubs stubs("web1", false);
    EXPECT_TRUE(stubs.add(object("Host", "pushed", {}, "pushed:master1")));
    EXPECT_TRUE(stubs.add(object("Service", "pushed!own")));  // the parent has the host
    EXPECT_TRUE(stubs.add(object("Host", "made", {}, "runtime:master1")));
    EXPECT_TRUE(stubs.add(object("Host", "below", {}, "local", "child")));
    EXPECT_TRUE(stubs.add(object("Host", "zoneless", {}, "local", nullptr)));
    EXPECT_TRUE(stubs.add(object("TimePeriod", "office")));
    const std::string text = icinga_text(stubs.stubs());
    EXPECT_THAT(text,
                HasSubstr("object Host \"zoneless\" {\n  check_command = \"dummy\"\n  enable_active_checks = false\n  zone = \"web1\"\n"));
    EXPECT_EQ(stubs.stubs().size(), 2u);
    EXPECT_EQ(stubs.of_parents(), 2u);
    EXPECT_EQ(stubs.elsewhere(), 1u);
    EXPECT_EQ(stubs.unseen(), 0u);
}

TEST(ParentStubs, OfOneParentIsWhatItMaySeeAndAHostForItIsBare) {
    ParentStubs stubs("web1", true);
    EXPECT_TRUE(stubs.add(seen(object("Host", "h", {{"address", "192.0.2.1"}, {"notes", "private"}}), false)));
    EXPECT_TRUE(stubs.add(seen(object("Service", "h!told", {{"notes", "public"}}), true)));
    EXPECT_TRUE(stubs.add(seen(object("Service", "h!kept"), false)));
    EXPECT_TRUE(stubs.add(seen(object("Host", "unseen"), false)));
    EXPECT_TRUE(stubs.add(seen(object("Service", "unseen!too"), false)));
    EXPECT_THAT(icinga_text(stubs.stubs()),
                testing::MatchesRegex(
                    ".*\n\nobject Host \"h\" \\{\n  check_command = \"dummy\"\n  enable_active_checks = false\n  zone = \"web1\"\n\\}\n"
                    "\nobject Service \"told\" \\{\n[^}]*  notes = \"public\"\n\\}\n"));
    EXPECT_EQ(stubs.unseen(), 4u);
}

TEST(ParentStubs, WhatIsNoObjectIsSaidSo) {
    EXPECT_FALSE(ParentStubs("web1", false).add(json::Value(1)));
    EXPECT_FALSE(ParentStubs("web1", false).add(json::Object{{"type", "Host"}, {"name", "h"}}));
    EXPECT_FALSE(ParentStubs("web1", false).add(object("Service", "nohost")));
    EXPECT_FALSE(ParentStubs("web1", false).add(object("Host", "two!parts")));
    // A daemon that does not know the question has not answered it.
    EXPECT_FALSE(ParentStubs("web1", true).add(object("Host", "h")));
}

TEST(ParentStubs, NoNameAndNoTextBreaksOut) {
    const std::vector<std::string> pieces = {"\"", "\\", "$",    "{{{", "}}}", "}", "{", "/*", "*/",
                                             "//", "#",  "\\\"", "\\n", "é",   " ", ";", ",",  "\" }\r\nobject Host \"evil\" {",
                                             "a",  "0"};
    const std::vector<std::string> controls = {"\n", "\r", "\t", "\b", "\f", "\x01", "\x1b", "\x7f"};
    std::mt19937 random(11);
    const auto text = [&](bool of_a_name) {
        std::string made = "x";  // no name is empty
        for (std::size_t left = random() % 8; left > 0; --left) {
            std::string piece = random() % 3 == 0 && !of_a_name ? controls[random() % controls.size()] : pieces[random() % pieces.size()];
            if (of_a_name) std::erase_if(piece, [](char c) { return c == '\r' || c == '\n'; });
            made += piece;
        }
        return made;
    };
    std::map<std::string, json::Object> wanted;
    std::vector<json::Value> objects;
    for (int i = 0; i < 500; ++i) {
        const std::string host = text(true) + std::to_string(i), name = host + "!" + text(true);
        const json::Object set{{"display_name", text(false)}, {"notes", text(false)},      {"notes_url", text(false)},
                               {"action_url", text(false)},   {"icon_image", text(false)}, {"icon_image_alt", text(false)}};
        wanted[host] = wanted[name] = set;
        objects.push_back(object("Host", host, set));
        objects.push_back(object("Service", name, set));
    }
    const std::vector<dsl::Object> made = evaluated(text_of_all(objects));
    EXPECT_EQ(made.size(), wanted.size());
    for (const dsl::Object& each : made) {
        ASSERT_TRUE(wanted.contains(each.name)) << each.name;
        const json::Object all = dsl::with_defaults(*each.type, each.name, each.attributes);
        for (const auto& [attribute, value] : wanted[each.name]) {
            const json::Value* const found = all.find(attribute);
            EXPECT_TRUE(found && *found == value) << each.name << ": " << attribute;
        }
        EXPECT_FALSE(each.attributes.find("vars"));
    }
}

TEST(ParentStubs, TheDirectorGetsBodiesOfItsOwnProperties) {
    ParentStubs stubs("web1", false);
    stubs.add(object("Host", "h\"\n", {{"notes", "a\"$b$\n"}}));
    stubs.add(object("Service", "h\"\n!s",
                     {{"check_interval", 0.5}, {"flapping_threshold_high", 30.5}, {"flapping_ignore_states", json::Array{"Unknown"}}}));
    std::vector<std::string> notes;
    const json::Value made = director_json(stubs.stubs(), notes);
    EXPECT_EQ(made, *json::parse(json::to_pretty_text(made)));
    EXPECT_EQ(json::to_text(made),
              R"({"Host":[{"check_command":"dummy","check_interval":300,"enable_active_checks":false,"enable_flapping":false,)"
              R"("flapping_threshold_high":30,"flapping_threshold_low":25,"max_check_attempts":3,"notes":"a\"$b$\n","object_name":"h\"\n",)"
              R"("object_type":"object","retry_interval":60,"volatile":false,"zone":"web1"}],)"
              R"("Service":[{"check_command":"dummy","check_interval":1,"enable_active_checks":false,"enable_flapping":false,)"
              R"("flapping_threshold_high":31,"flapping_threshold_low":25,"host":"h\"\n","max_check_attempts":3,"object_name":"s",)"
              R"("object_type":"object","retry_interval":60,"volatile":false,"zone":"web1"}]})");
    EXPECT_THAT(notes, testing::ElementsAre(HasSubstr("check_interval 0.5 is 1"), HasSubstr("flapping_threshold_high 30.5 is 31"),
                                            HasSubstr("no flapping_ignore_states")));
    for (const std::string& note : notes) EXPECT_THAT(note, Not(HasSubstr("\n")));
}

class ExportVerb : public testing::Test {
protected:
    ExportVerb() {
        auto plan = std::make_shared<policy::Plan>();
        plan->objects.push_back(planned("Host", "web1", policy::Origin::local));
        plan->objects.push_back(planned("Service", "web1!http", policy::Origin::local));
        plan->objects.push_back(planned("Service", "web1!pushed", policy::Origin::pushed));
        daemon.backend.plan_in_force = plan;
        daemon.backend.status_answer = json::Object{{"zone", "web1"}};
    }
    static policy::PlannedObject planned(const std::string& type, const std::string& name, policy::Origin origin) {
        dsl::Object object;
        object.type = dsl::config_type(type);
        object.name = name;
        object.zone = "web1";
        object.attributes = {{"vars", json::Object{{"password", "secret"}}}};
        policy::PlannedObject planned;
        planned.object = std::make_shared<const dsl::Object>(std::move(object));
        planned.origin = origin;
        return planned;
    }
    Ran ctl(std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), {"export", "parent-config"});
        arguments.insert(arguments.end(), {"--run", daemon.run_directory(), "--config", daemon.config_directory()});
        return test::run_ctl(std::move(arguments));
    }
    test::FakeDaemon daemon;
};

TEST_F(ExportVerb, PrintsTheStubsAndSaysWhatIsLeftOut) {
    daemon.start();
    const Ran ran = ctl({});
    EXPECT_EQ(ran.status, kDone);
    EXPECT_EQ(ran.err, "exported 1 host, 1 service; left out 1 that parents made, 0 in other zones\n");
    EXPECT_EQ(evaluated(ran.out).size(), 2u);
    EXPECT_THAT(ran.out, Not(HasSubstr("secret")));
    const Ran director = ctl({"--format", "director-json"});
    EXPECT_TRUE(json::parse(director.out));
    EXPECT_THAT(director.out, HasSubstr("\"object_name\": \"http\""));
}

TEST_F(ExportVerb, AsksForWhatOneParentMaySee) {
    daemon.start();
    EXPECT_EQ(evaluated(ctl({"--parent", "master1"}).out).size(), 2u);
    daemon.on_loop([&] { daemon.backend.allow = false; });
    const Ran ran = ctl({"--parent", "master1"});
    EXPECT_EQ(ran.status, kDone);
    EXPECT_TRUE(evaluated(ran.out).empty());
    EXPECT_EQ(ran.err, "exported 0 hosts, 0 services; left out 1 that parents made, 0 in other zones, 2 without `results` for master1\n");
    EXPECT_EQ(daemon.backend.asked.parent, "master1");
    EXPECT_EQ(daemon.backend.asked.capability, "results");
    EXPECT_EQ(daemon.backend.asked.host, "web1");
    EXPECT_EQ(daemon.backend.asked.service, "pushed");
}

TEST_F(ExportVerb, AsJsonTheAnswerSaysTheSame) {
    daemon.start();
    const Result<json::Value> answer = json::parse(ctl({"--json"}).out);
    ASSERT_TRUE(answer && answer->object());
    const auto at = [&](const char* name) { return *answer->object()->find(name); };
    EXPECT_EQ(at("zone"), json::Value("web1"));
    EXPECT_EQ(at("format"), json::Value("icinga"));
    EXPECT_EQ(at("hosts"), json::Value(1));
    EXPECT_EQ(at("services"), json::Value(1));
    EXPECT_EQ(at("left_out"), json::Value(json::Object{{"not_granted", 0}, {"of_parents", 1}, {"other_zones", 0}}));
    EXPECT_EQ(at("notes"), json::Value(json::Array{}));
    EXPECT_EQ(at("config"), json::Value(ctl({}).out));
}

TEST_F(ExportVerb, WritesAFileInPlaceOfTheFormerOne) {
    daemon.start();
    const std::string path = daemon.run_directory() + "/stubs.conf";
    std::ofstream(path) << "old";
    const Ran ran = ctl({"-o", path});
    EXPECT_EQ(ran.status, kDone) << ran.err;
    EXPECT_EQ(ran.out, "");
    std::ifstream in(path);
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(in), {}), ctl({}).out);
    const Ran nowhere = ctl({"-o", daemon.run_directory() + "/nowhere/stubs.conf"});
    EXPECT_EQ(nowhere.status, kUsage);
    EXPECT_THAT(nowhere.err, HasSubstr("cannot be written: No such file or directory"));
}

TEST_F(ExportVerb, WithoutADaemonOrWithAnUnknownFormatThereIsNothing) {
    EXPECT_EQ(ctl({}).status, kUnreachable);
    const Ran ran = ctl({"--format", "xml"});
    EXPECT_EQ(ran.status, kUsage);
    EXPECT_EQ(ran.err, "endpointctl: export parent-config: unknown format 'xml'; known: icinga, director-json\n");
    EXPECT_EQ(ran.out, "");
}

}  // namespace
}  // namespace endpointd::ctl
