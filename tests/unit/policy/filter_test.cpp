#include "policy/filter.hpp"

#include <gmock/gmock.h>

#include "filter_scene.hpp"

namespace endpointd::policy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

template <class T>
Wanted::List<T> list(std::vector<T> items) {
    return std::make_shared<const std::vector<T>>(std::move(items));
}

PushedFile file_of(std::string content, std::string zone = "own", std::string path = "/_etc/x.conf", std::string parent = "master1") {
    return {std::move(parent), std::move(zone), std::move(path), std::move(content)};
}

Wanted wanted_of(std::string content) {
    Wanted wanted;
    wanted.files = list<PushedFile>({file_of(std::move(content))});
    return wanted;
}

Plan plan_of(const Wanted& wanted, const World& world) { return Planner().plan(wanted, world, {}); }
Plan plan_of(std::string content) { return plan_of(wanted_of(std::move(content)), world_with_config("{}")); }

RuntimeObject runtime(std::string type, std::string name, std::string config) {
    return {"master1", std::move(type), std::move(name), "own", 7, std::move(config)};
}

Plan with_runtime(RuntimeObject object, const std::string& files = "") {
    Wanted wanted = wanted_of(files);
    wanted.objects = list<RuntimeObject>({std::move(object)});
    return plan_of(wanted, world_with_config("{}"));
}

constexpr const char* kHost = "object Host \"web1\" { check_command = \"disk\" }\n";

TEST(Planner, TakesObjectsAndRefusesCommandsOfOneFile) {
    const Plan plan = plan_of(std::string(kHost) +
                              "object CheckCommand \"evil\" { command = [ \"/bin/sh\" ] }\n"
                              "object CheckCommand \"disk\" { command = [ \"/bin/sh\" ] }\n"
                              "object Service \"s\" { host_name = \"web1\"; check_command = \"evil\" }\n"
                              "apply Service \"t\" { check_command = \"disk\"; assign where true }\n");
    EXPECT_THAT(names_of(plan), ElementsAre("Host web1", "Service web1!t"));
    EXPECT_THAT(refusals_of(plan), UnorderedElementsAre("CheckCommand evil command-pushed", "CheckCommand disk command-shadowed",
                                                        "Service web1!s unknown-command"));
    for (const Rejection& rejection : plan.rejections) {
        EXPECT_EQ(rejection.file, "own/_etc/x.conf");
        EXPECT_GT(rejection.line, 1u);
        EXPECT_FALSE(rejection.content.empty());
    }
}

TEST(Planner, AFileThatDoesNotParseIsRefusedAloneAndWhole) {
    Wanted wanted;
    wanted.files =
        list<PushedFile>({file_of(kHost), file_of("object Host \"a\" { check_command = \"disk\" }\nobject {", "own", "/_etc/y.conf")});
    const Plan plan = plan_of(wanted, world_with_config("{}"));
    EXPECT_THAT(names_of(plan), ElementsAre("Host web1"));
    EXPECT_THAT(refusals_of(plan), ElementsAre("  syntax-error"));
    EXPECT_FALSE(plan.failed);
}

TEST(Planner, TextOfWhomNothingIsGrantedToIsNotEvaluated) {
    Wanted wanted;
    wanted.files = list<PushedFile>({file_of(kHost), file_of("while (true) { }", "own", "/_etc/z.conf", "master2")});
    const Plan plan = plan_of(wanted, world_with_config("{}"));
    EXPECT_FALSE(plan.failed);
    EXPECT_THAT(names_of(plan), ElementsAre("Host web1"));
    EXPECT_THAT(refusals_of(plan), ElementsAre("  capability-denied"));
}

TEST(Planner, WhoHasNoRightToANameDoesNotTakeItFromWhoHas) {
    const World world = world_with({R"({"parents":{"master1":{"grant":{"config":{"hosts":["web*"]}}},"master2":{"grant":["config"]}}})"});
    Wanted wanted;
    const std::string mine =
        "object Host \"db1\" { check_command = \"disk\"; vars.of = 2 }\n"
        "object Host \"web1\" { check_command = \"disk\"; vars.of = 2 }\n"
        "object Service \"s\" { host_name = \"db1\"; check_command = \"disk\"; vars.of = 2 }\n"
        "apply Service \"t\" to Host { check_command = \"disk\"; vars.of = host.vars.of; assign where host.vars.of == 2 }\n";
    const std::string theirs =
        "object Host \"db1\" { check_command = \"disk\"; vars.of = 1 }\n"
        "object Host \"web1\" { check_command = \"disk\"; vars.of = 1 }\n"
        "object Service \"s\" { host_name = \"db1\"; check_command = \"disk\"; vars.of = 1 }\n";
    wanted.files = list<PushedFile>({file_of(theirs, "own", "/_etc/a.conf", "master1"), file_of(mine, "own", "/_etc/b.conf", "master2")});
    const Plan plan = plan_of(wanted, world);
    EXPECT_THAT(names_of(plan), ElementsAre("Host db1", "Host web1", "Service db1!s", "Service db1!t"));
    for (const PlannedObject& planned : plan.objects)
        EXPECT_EQ(planned.parent, planned.object->name == "web1" ? "master1" : "master2") << planned.object->name;
    EXPECT_THAT(refusals_of(plan), UnorderedElementsAre("Host db1 redefinition", "Host web1 redefinition", "Service db1!s redefinition"));
}

TEST(Planner, AMacroThatStandsForMuchIsNeitherJoinedNorCopied) {
    const std::string text(5000, 'x');
    const std::vector<std::pair<std::string, std::string>> all = {
        {"\"$much$$much$\"", "\"" + text + "\""},
        {"[ \"$much$\" ]", "range(10000)"},
        {"[ \"$much$\" ]", "[ " + std::string("\"") + text + text + text + text + text + text + text + "\", \"" + text + text + text +
                               text + text + text + text + "\" ]"},
        {"[ \"$host.vars$\" ]", "{ x = range(10000) }"}};
    for (const auto& [value, much] : all) {
        const Plan plan =
            plan_of("object Host \"web1\" { check_command = \"disk\"; vars.disk_wfree = " + value + "; vars.much = " + much + " }");
        ASSERT_THAT(refusals_of(plan), ElementsAre("Host web1 argument-refused")) << value;
        EXPECT_THAT(plan.rejections[0].detail, HasSubstr("stands for more than one value of a parameter can be")) << value;
    }
}

TEST(Planner, AnEvaluationThatDoesNotEndFailsThePlan) {
    const Plan plan = plan_of(std::string(kHost) + "while (true) { }\n");
    EXPECT_TRUE(plan.failed);
    ASSERT_FALSE(plan.rejections.empty());
    EXPECT_EQ(plan.rejections.back().reason, Reason::limit_exceeded);
}

TEST(Planner, TheSameAgainGivesTheSame) {
    Planner planner;
    const World world = world_with_config("{}");
    const Wanted wanted = wanted_of(std::string(kHost) + "object Host \"b\" { check_command = \"nope\" }\n");
    const Plan first = planner.plan(wanted, world, {}), second = planner.plan(wanted, world, {});
    EXPECT_EQ(names_of(first), names_of(second));
    ASSERT_EQ(first.rejections.size(), 1u);
    ASSERT_EQ(second.rejections.size(), 1u);
    EXPECT_TRUE(first.rejections[0].same_as(second.rejections[0]));
}

TEST(Planner, ANameOfALocalObjectIsTaken) {
    World world = world_with_config("{}");
    world.local = std::make_shared<const std::vector<dsl::Object>>(std::vector{host_of("web1", {{"notes", "mine"}})});
    const Plan plan =
        plan_of(wanted_of(std::string(kHost) + "object Service \"s\" { host_name = \"web1\"; check_command = \"disk\" }\n"), world);
    EXPECT_THAT(refusals_of(plan), ElementsAre("Host web1 redefinition"));
    EXPECT_EQ(plan.find("Host", "web1")->origin, Origin::local);
}

TEST(Planner, ShowsAnObjectWithItsDefaultsAndItsOrigin) {
    const Plan plan = plan_of(kHost);
    ASSERT_EQ(plan.objects.size(), 1u);
    const json::Object shown = object_json(plan.objects[0]);
    EXPECT_EQ(*shown.find("type"), json::Value("Host"));
    EXPECT_EQ(*shown.find("origin"), json::Value("pushed:master1"));
    EXPECT_EQ(*shown.find("zone"), json::Value("own"));
    const json::Object& attributes = *shown.find("attrs")->object();
    EXPECT_EQ(*attributes.find("check_interval"), json::Value(300));
    EXPECT_EQ(*attributes.find("display_name"), json::Value("web1"));
    EXPECT_EQ(*attributes.find("__name"), json::Value("web1"));
}

TEST(RuntimeObjects, OfTheAnnouncedTypeAndNameStand) {
    const Plan plan =
        with_runtime(runtime("Host", "rt", "object Host \"rt\" {\n\tcheck_command = \"disk\"\n\tversion = 7.0\n\tzone = \"own\"\n}\n"));
    EXPECT_THAT(plan.rejections, IsEmpty());
    ASSERT_THAT(names_of(plan), ElementsAre("Host rt"));
    EXPECT_EQ(plan.objects[0].origin_text(), "runtime:master1");
    EXPECT_EQ(plan.objects[0].version, 7);
}

TEST(RuntimeObjects, HoldNothingBesideTheObjectAnnounced) {
    for (const char* text :
         {"", "object Host \"other\" { check_command = \"disk\" }", "object Service \"rt\" { check_command = \"disk\" }",
          "object Host \"rt\" { check_command = \"disk\" }\nconst x = 1",
          "object Host \"rt\" { check_command = \"disk\" }\nobject Host \"b\" { check_command = \"disk\" }",
          "template Host \"rt\" { check_command = \"disk\" }", "apply Service \"rt\" { assign where true }",
          "for (x in [ 1 ]) { object Host \"rt\" { check_command = \"disk\" } }", "object Host \"r\" + \"t\" { check_command = \"disk\" }",
          "object Host \"rt\" { check_command = \"disk\"\n object Host \"b\" { check_command = \"disk\" } }",
          "object Host \"rt\" { check_command = \"disk\"\n template Host \"b\" { } }"}) {
        const Plan plan = with_runtime(runtime("Host", "rt", text));
        EXPECT_THAT(names_of(plan), IsEmpty()) << text;
        ASSERT_EQ(plan.rejections.size(), 1u) << text;
        EXPECT_EQ(plan.rejections[0].reason, Reason::malformed_message) << text;
        EXPECT_EQ(plan.rejections[0].method, "config::UpdateObject");
        EXPECT_EQ(plan.rejections[0].object_name, "rt");
    }
}

TEST(RuntimeObjects, ThatAreOrHideACommandAreCommands) {
    EXPECT_THAT(refusals_of(with_runtime(runtime("CheckCommand", "evil", "object CheckCommand \"evil\" { command = \"id\" }"))),
                ElementsAre("CheckCommand evil command-pushed"));
    for (const char* text : {"object CheckCommand \"rt\" { command = \"id\" }",
                             "object Host \"rt\" { check_command = \"disk\"\n object CheckCommand \"evil\" { command = \"id\" } }",
                             "object Host \"rt\" { check_command = \"disk\" }\nobject CheckCommand \"evil\" { command = \"id\" }"}) {
        EXPECT_THAT(refusals_of(with_runtime(runtime("Host", "rt", text))), ElementsAre("Host rt command-pushed")) << text;
    }
    EXPECT_THAT(names_of(with_runtime(runtime("Host", "rt", "var Host = CheckCommand\nobject Host \"rt\" { }"))), IsEmpty());
}

TEST(RuntimeObjects, DoNotTakeANameThatIsPushed) {
    const Plan plan = with_runtime(runtime("Host", "web1", "object Host \"web1\" { check_command = \"disk\"; notes = \"x\" }"), kHost);
    EXPECT_THAT(refusals_of(plan), ElementsAre("Host web1 redefinition"));
    EXPECT_EQ(plan.find("Host", "web1")->origin, Origin::pushed);
}

// --- Downtimes and comments ---

std::string downtime_text(const std::string& end = "3601.000000", const std::string& more = "") {
    return "object Downtime \"d1\" ignore_on_error {\n\tauthor = \"icingaadmin\"\n\tcomment = \"maintenance\"\n\tconfig_owner = \"\"\n"
           "\tduration = 0.000000\n\tend_time = " +
           end +
           "\n\tentry_time = 1.500000\n\tfixed = true\n\thost_name = \"web1\"\n\tparent = \"\"\n"
           "\tscheduled_by = \"\"\n\tstart_time = 1.000000\n\ttriggered_by = \"\"\n\tversion = 1.500000\n\tzone = \"own\"\n" +
           more + "}\n";
}

Plan annotated(std::vector<RuntimeObject> annotations,
               const std::string& grant = R"({"config":{},"downtime":{"max_duration":"1h"},"comment":{}})") {
    Wanted wanted = wanted_of(kHost);
    wanted.annotations = list(std::move(annotations));
    return plan_of(wanted, world_with({R"({"parents":{"master1":{"grant":)" + grant + "}}}"}));
}

TEST(Annotations, AsUpstreamWritesThemStand) {
    const Plan plan = annotated({runtime("Downtime", "web1!d1", downtime_text())});
    EXPECT_THAT(refusals_of(plan), IsEmpty());
    const PlannedObject* const downtime = plan.find("Downtime", "web1!d1");
    ASSERT_NE(downtime, nullptr);
    EXPECT_EQ(*downtime->object->attributes.find("end_time"), json::Value(3601));
    EXPECT_EQ(downtime->origin_text(), "runtime:master1");
    EXPECT_EQ(downtime->version, 7);
}

TEST(Annotations, NeedTheirCapabilityAndTheirHost) {
    EXPECT_THAT(refusals_of(annotated({runtime("Downtime", "web1!d1", downtime_text())}, R"(["config"])")),
                ElementsAre("Downtime web1!d1 capability-denied"));
    EXPECT_THAT(refusals_of(annotated({runtime("Downtime", "web1!d1", downtime_text())}, R"({"config":{},"downtime":{"hosts":["db*"]}})")),
                ElementsAre("Downtime web1!d1 out-of-scope"));
    EXPECT_THAT(refusals_of(annotated(
                    {runtime("Comment", "db1!c", "object Comment \"c\" {\nauthor = \"a\"\ntext = \"t\"\nhost_name = \"db1\"\n}\n")})),
                ElementsAre("Comment db1!c attribute-not-allowed"));
}

TEST(Annotations, LastNoLongerThanGranted) {
    EXPECT_THAT(refusals_of(annotated({runtime("Downtime", "web1!d1", downtime_text("3601.5"))})),
                ElementsAre("Downtime web1!d1 limit-exceeded"));
    EXPECT_THAT(refusals_of(annotated({runtime("Downtime", "web1!d1", downtime_text("3600.0", "duration = 3601\n"))})),
                ElementsAre("Downtime web1!d1 limit-exceeded"));
}

TEST(Annotations, HoldLiteralsOfTheAnnouncedObjectOnly) {
    for (const char* more : {"import \"x\"\n", "comment = \"a\" + \"b\"\n", "while (true) { }\n", "vars.x = 1\n", "comment = {{ 1 }}\n",
                             "object Comment \"c\" { }\n"})
        EXPECT_THAT(refusals_of(annotated({runtime("Downtime", "web1!d1", downtime_text("2.0", more))})),
                    ElementsAre("Downtime web1!d1 malformed-message"))
            << more;
    EXPECT_THAT(refusals_of(annotated({runtime("Downtime", "web1!d2", downtime_text())})),
                ElementsAre("Downtime web1!d2 malformed-message"));
    EXPECT_THAT(refusals_of(annotated({runtime("Downtime", "db1!d1", downtime_text())})), ElementsAre("Downtime db1!d1 malformed-message"));
    EXPECT_THAT(refusals_of(annotated({runtime("Comment", "web1!d1", downtime_text())})), ElementsAre("Comment web1!d1 malformed-message"));
    EXPECT_THAT(refusals_of(annotated({runtime("Downtime", "web1!d1", downtime_text("2.0", "object CheckCommand \"evil\" { }\n"))})),
                ElementsAre("Downtime web1!d1 command-pushed"));
    EXPECT_THAT(refusals_of(annotated({runtime("Downtime", "web1!d1", downtime_text("2.0", "nonsense = 1\n"))})),
                ElementsAre("Downtime web1!d1 attribute-not-allowed"));
}

TEST(Annotations, ChangeWithoutAnEvaluationOfTheZone) {
    Planner planner;
    const World world = world_with({R"({"parents":{"master1":{"grant":["config","downtime"]}}})"});
    Wanted wanted = wanted_of(kHost);
    EXPECT_THAT(names_of(planner.plan(wanted, world, {})), ElementsAre("Host web1"));
    wanted.annotations = list<RuntimeObject>({runtime("Downtime", "web1!d1", downtime_text())});
    EXPECT_THAT(names_of(planner.plan(wanted, world, {})), UnorderedElementsAre("Host web1", "Downtime web1!d1"));
    RuntimeObject other = runtime("Downtime", "web1!d1", downtime_text("9.0"));
    wanted.annotations = list<RuntimeObject>({other});
    EXPECT_EQ(*planner.plan(wanted, world, {}).find("Downtime", "web1!d1")->object->attributes.find("end_time"), json::Value(9));
    wanted.annotations = nullptr;
    EXPECT_THAT(names_of(planner.plan(wanted, world, {})), ElementsAre("Host web1"));
}

// --- What plans share ---

TEST(Planner, PlansShareTheObjectsThatDidNotChange) {
    Planner planner;
    World world = world_with_config("{}");
    world.local = std::make_shared<const std::vector<dsl::Object>>(std::vector{host_of("own1")});
    Wanted wanted = wanted_of(std::string(kHost) + "object Host \"web2\" { check_command = \"disk\"; notes = \"before\" }\n");
    const Plan first = planner.plan(wanted, world, {});
    EXPECT_EQ(first.find("Host", "own1")->object.get(), world.local->data());
    wanted.modifications = list<Modification>({{"master1", "Host", "web2", 8, {{"notes", "after"}}}});
    const Plan second = planner.plan(wanted, world, {});
    EXPECT_EQ(second.find("Host", "web1")->object, first.find("Host", "web1")->object);
    EXPECT_EQ(*second.find("Host", "web2")->object->attributes.find("notes"), json::Value("after"));
    EXPECT_EQ(*first.find("Host", "web2")->object->attributes.find("notes"), json::Value("before"));
    wanted.modifications = nullptr;
    EXPECT_EQ(planner.plan(wanted, world, {}).find("Host", "web2")->object, first.find("Host", "web2")->object);
}

TEST(Planner, APlanOutlivesItsPlanner) {
    std::optional<Plan> plan;
    {
        Planner planner;
        plan = planner.plan(wanted_of(kHost), world_with_config("{}"), {});
    }
    EXPECT_EQ(json::to_text(*object_json(*plan->find("Host", "web1")).find("name")), "\"web1\"");
}

// --- The host's own ---

TEST(LocalObjects, AreJudgedByTheCatalogAlone) {
    const World world = world_with({});
    Findings findings;
    const auto objects = local_objects({host_of("a"), service_of("a", "s")}, *world.catalog, *world.topology, findings);
    ASSERT_NE(objects, nullptr);
    EXPECT_EQ(objects->size(), 2u);
    EXPECT_TRUE(findings.ok());

    EXPECT_EQ(local_objects({host_of("a", {{"check_command", "nope"}})}, *world.catalog, *world.topology, findings), nullptr);
    ASSERT_EQ(findings.errors.size(), 1u);
    EXPECT_EQ(findings.errors[0].message, "Host 'a': command 'nope' is not in the local catalog");
    EXPECT_EQ(findings.errors[0].line, 7u);
}

}  // namespace
}  // namespace endpointd::policy
