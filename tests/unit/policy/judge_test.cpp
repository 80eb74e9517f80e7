#include "policy/judge.hpp"

#include <gmock/gmock.h>

#include "filter_scene.hpp"

namespace endpointd::policy {
namespace {

std::vector<std::string> changed_paths(const PlannedObject& object) {
    return object.changes ? object.changes->paths : std::vector<std::string>();
}

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

Plan judged(const World& world, std::vector<dsl::Object> objects, const std::vector<Modification>& modifications = {},
            std::vector<dsl::Refused> refused = {}) {
    dsl::Evaluation evaluation;
    evaluation.objects = std::move(objects);
    evaluation.refused = std::move(refused);
    Judge judge(world);
    judge.expect(modifications);
    judge.add_local(world.local);
    judge.add(std::make_shared<const dsl::Evaluation>(std::move(evaluation)),
              {{"own/_etc/x.conf", {"master1", "own", nullptr}}, {"own/_etc/two.conf", {"master2", "own", nullptr}}});
    return judge.finish();
}

Modification change_of(const std::string& type, const std::string& name, json::Object attributes) {
    return {"master1", type, name, 5, std::move(attributes)};
}

TEST(Filter, TakesNothingFromWhomNothingIsGrantedTo) {
    const World world = world_with({R"({"parents":{"master1":{"grant":["results","execute"]}}})"});
    const Plan plan = judged(world, {host_of("web1")});
    EXPECT_THAT(names_of(plan), IsEmpty());
    EXPECT_THAT(refusals_of(plan), ElementsAre("Host web1 capability-denied"));
}

TEST(Filter, AnUnlimitedGrantTakesWhatTheCatalogCanRun) {
    const Plan plan = judged(world_with_config("{}"), {host_of("web1"), service_of("web1", "disk")});
    EXPECT_THAT(names_of(plan), ElementsAre("Host web1", "Service web1!disk"));
    EXPECT_THAT(plan.rejections, IsEmpty());
    EXPECT_EQ(plan.objects[0].origin_text(), "pushed:master1");
    EXPECT_NE(plan.find("Service", "web1!disk"), nullptr);
    EXPECT_EQ(plan.find("Service", "web1"), nullptr);
}

TEST(Filter, TheGrantOfTheZoneCountsBesideTheEndpointsOwn) {
    const World world = world_with({R"({"parents":{"master1":{"grant":{"config":{"hosts":["web*"]}}},)"
                                    R"("zone:master":{"grant":{"config":{"hosts":["db*"]}}}}})"});
    const Plan plan = judged(world, {host_of("web1"), host_of("db1"), host_of("mail1")});
    EXPECT_THAT(names_of(plan), ElementsAre("Host db1", "Host web1"));
    EXPECT_THAT(refusals_of(plan), ElementsAre("Host mail1 out-of-scope"));
}

TEST(Filter, ARejectionNamesTheRuleThatSaysSo) {
    const Plan plan = judged(world_with_config(R"({"types":["Host"]})"), {host_of("web1"), service_of("web1", "disk")});
    ASSERT_THAT(refusals_of(plan), ElementsAre("Service web1!disk type-not-granted"));
    const Rejection& rejection = plan.rejections[0];
    EXPECT_EQ(rejection.detail, "type Service is not among the types of the config grant of master1 (caps.d/10.json:1)");
    EXPECT_EQ(rejection.parent, "master1");
    EXPECT_EQ(rejection.method, "config::Update");
    EXPECT_EQ(rejection.file, "own/_etc/x.conf");
    EXPECT_EQ(rejection.line, 7u);
    EXPECT_EQ(rejection.zone, "own");
    EXPECT_EQ(rejection.content, "object Service \"disk\" { }");
}

TEST(Filter, AServiceIsInScopeByHostAndService) {
    const World world = world_with_config(R"({"hosts":["*"],"services":["web1!disk"]})");
    const Plan plan = judged(
        world, {host_of("web1"), host_of("web2"), service_of("web1", "disk"), service_of("web2", "disk"), service_of("web1", "load")});
    EXPECT_THAT(names_of(plan), ElementsAre("Host web1", "Host web2", "Service web1!disk"));
    EXPECT_THAT(refusals_of(plan), ElementsAre("Service web2!disk out-of-scope", "Service web1!load out-of-scope"));
}

TEST(Filter, WhatHangsOnAHostIsInScopeByThatHost) {
    const World world = world_with_config(R"({"hosts":["web*"]})");
    World with_local = world;
    with_local.local = std::make_shared<const std::vector<dsl::Object>>(std::vector{host_of("db1"), host_of("web1")});
    const Plan plan = judged(with_local, {object_of("Dependency", "db1!d", {{"child_host_name", "db1"}, {"parent_host_name", "web1"}}),
                                          object_of("Dependency", "web1!d", {{"child_host_name", "web1"}, {"parent_host_name", "db1"}}),
                                          object_of("ScheduledDowntime", "db1!s", {{"host_name", "db1"}})});
    EXPECT_THAT(names_of(plan), ElementsAre("Dependency web1!d"));
    EXPECT_THAT(refusals_of(plan), ElementsAre("Dependency db1!d out-of-scope", "ScheduledDowntime db1!s out-of-scope"));
}

TEST(Filter, ZonesAreOurOwnBelowOrGlobalAndInTheGrant) {
    dsl::Object below = host_of("b1"), other = host_of("o1"), none = host_of("n1"), group = object_of("HostGroup", "g", {});
    below.zone = "below";
    other.zone = "other";
    none.zone = "nowhere";
    group.zone = "everywhere";
    EXPECT_THAT(refusals_of(judged(world_with_config("{}"), {group, below, other, none})),
                ElementsAre("Host o1 zone-not-authorized", "Host n1 zone-not-authorized"));
    EXPECT_THAT(refusals_of(judged(world_with_config(R"({"zones":["below"]})"), {group, below, host_of("web1")})),
                ElementsAre("HostGroup g out-of-scope", "Host web1 out-of-scope"));
}

TEST(Filter, EachSetAttributeIsInTheGrant) {
    const World world = world_with_config(R"({"attributes":["check_*","vars.disk_*"]})");
    const Plan plan = judged(world, {host_of("a", {{"vars", json::Object{{"disk_wfree", "5%"}}}}), host_of("b", {{"notes", "x"}}),
                                     host_of("c", {{"vars", json::Object{{"disk_wfree", "5%"}, {"other", 1}}}}), service_of("a", "s")});
    EXPECT_THAT(names_of(plan), ElementsAre("Host a", "Service a!s"));
    EXPECT_THAT(refusals_of(plan), ElementsAre("Host b attribute-not-allowed", "Host c attribute-not-allowed"));
    EXPECT_THAT(plan.rejections[1].detail, HasSubstr("'vars.other'"));
    const World all_vars = world_with_config(R"({"attributes":["check_command","vars"]})");
    EXPECT_THAT(refusals_of(judged(all_vars, {host_of("c", {{"vars", json::Object{{"other", 1}}}})})), IsEmpty());
}

TEST(Filter, GroupsOfARuleAreNotSetByTheObject) {
    const World world = world_with_config(R"({"attributes":["check_command"]})");
    dsl::Object by_rule = host_of("a", {{"groups", json::Array{"g"}}}), by_hand = host_of("b", {{"groups", json::Array{"g"}}});
    by_rule.assigned_groups = {"g"};
    const Plan plan = judged(world, {object_of("HostGroup", "g", {}), by_rule, by_hand});
    EXPECT_THAT(refusals_of(plan), ElementsAre("Host b attribute-not-allowed"));
}

TEST(Filter, NoMoreObjectsThanGranted) {
    const Plan plan = judged(world_with_config(R"({"max_objects":2})"), {host_of("a"), host_of("b"), host_of("c"), service_of("a", "s")});
    EXPECT_THAT(names_of(plan), ElementsAre("Host a", "Host b"));
    EXPECT_THAT(refusals_of(plan), ElementsAre("Host c limit-exceeded", "Service a!s limit-exceeded"));
}

TEST(Filter, WhatIsRefusedAnywayTakesNoPlace) {
    const Plan plan = judged(world_with_config(R"({"max_objects":1})"), {host_of("a", {{"check_command", "nope"}}), host_of("b")});
    EXPECT_THAT(names_of(plan), ElementsAre("Host b"));
    EXPECT_THAT(refusals_of(plan), ElementsAre("Host a unknown-command"));
}

TEST(Filter, ChecksAreNoMoreFrequentThanGranted) {
    const World world = world_with_config(R"({"min_check_interval":"90s"})");
    const Plan plan = judged(world, {host_of("a", {{"check_interval", 90}, {"retry_interval", 90}}),
                                     host_of("b", {{"check_interval", 89.9}, {"retry_interval", 90}}),
                                     host_of("c", {{"check_interval", 300}, {"retry_interval", 0.001}}), host_of("d")});
    EXPECT_THAT(names_of(plan), ElementsAre("Host a"));
    EXPECT_THAT(refusals_of(plan), ElementsAre("Host b limit-exceeded", "Host c limit-exceeded", "Host d limit-exceeded"));
    EXPECT_THAT(plan.rejections[2].detail, HasSubstr("retry_interval 60 s is below min_check_interval (90 s)"));
}

TEST(Filter, ARefusedAttributeIsToldAtItsLine) {
    dsl::Object host = host_of("a", {{"check_interval", 1}});
    host.text = std::make_shared<const std::string>("object Host \"a\" {\n\n  check_interval = 1\n  retry_interval = 90\n}");
    const Plan plan = judged(world_with_config(R"({"min_check_interval":"90s"})"), {host, host_of("b", {{"retry_interval", 1}})});
    ASSERT_EQ(plan.rejections.size(), 2u);
    EXPECT_EQ(plan.rejections[0].line, 9u);  // the statement begins at 7
    EXPECT_EQ(plan.rejections[1].line, 7u) << "a statement that does not set it";
}

TEST(Filter, CommandsAreThoseOfTheCatalogAndOfTheirKind) {
    const Plan plan =
        judged(world_with_config("{}"), {host_of("a", {{"check_command", "evil"}}), host_of("b", {{"check_command", "act"}}),
                                         host_of("c", {{"event_command", "disk"}}), host_of("d", {{"event_command", "restart"}}),
                                         host_of("e", {{"event_command", "act"}})});
    EXPECT_THAT(names_of(plan), ElementsAre("Host d", "Host e"));
    EXPECT_THAT(refusals_of(plan), ElementsAre("Host a unknown-command", "Host b unknown-command", "Host c unknown-command"));
    EXPECT_EQ(plan.rejections[0].detail, "command 'evil' is not in the local catalog");
}

TEST(Filter, ACommandObjectIsNeverTakenWhoeverMadeIt) {
    const Plan plan = judged(world_with_config("{}"), {object_of("CheckCommand", "evil", {}), object_of("EventCommand", "restart", {}),
                                                       object_of("Zone", "z", {}), object_of("ApiUser", "root", {})});
    EXPECT_THAT(names_of(plan), IsEmpty());
    EXPECT_THAT(refusals_of(plan), ElementsAre("CheckCommand evil command-pushed", "EventCommand restart command-shadowed",
                                               "Zone z type-not-granted", "ApiUser root type-not-granted"));
}

TEST(Filter, NothingIsRunElsewhere) {
    const Plan plan =
        judged(world_with_config("{}"), {host_of("a", {{"command_endpoint", "agent"}}), host_of("b", {{"command_endpoint", "below1"}})});
    EXPECT_THAT(refusals_of(plan), ElementsAre("Host b attribute-not-allowed"));
}

TEST(Filter, VarsThatAreParametersKeepTheirRules) {
    const auto with = [](const char* name, json::Value value) { return json::Object{{"vars", json::Object{{name, std::move(value)}}}}; };
    const Plan plan = judged(world_with_config("{}"),
                             {host_of("a", with("disk_wfree", "10%")), host_of("b", with("disk_wfree", "10%; rm -rf /")),
                              host_of("c", with("parts", json::Array{"/", "/home"})),
                              host_of("d", with("parts", json::Array{"/", "$(id)"})), host_of("e", with("anything", "10%; rm -rf /"))});
    EXPECT_THAT(names_of(plan), ElementsAre("Host a", "Host c", "Host e"));
    EXPECT_THAT(refusals_of(plan), ElementsAre("Host b argument-refused", "Host d argument-refused"));
    EXPECT_THAT(plan.rejections[0].detail, HasSubstr("parameter 'disk_wfree' refused: must match the pattern"));
    EXPECT_THAT(plan.rejections[0].detail, testing::Not(HasSubstr("rm -rf")));
}

TEST(Filter, AttributesThatAreParametersKeepTheirRules) {
    const Plan plan = judged(
        world_with_config("{}"),
        {host_of("a", {{"address", "10.0.0.1"}}), host_of("b", {{"address", "-oProxyCommand=id"}}), host_of("c"), service_of("a", "s")});
    EXPECT_THAT(names_of(plan), ElementsAre("Host a", "Host c", "Service a!s"));
    EXPECT_THAT(refusals_of(plan), ElementsAre("Host b argument-refused"));
}

TEST(Filter, AServicesVarsHideThoseOfItsHost) {
    const json::Object bad{{"vars", json::Object{{"disk_wfree", "x"}}}}, good{{"vars", json::Object{{"disk_wfree", "1%"}}}};
    World world = world_with_config("{}");
    dsl::Object local = host_of("l", bad);
    world.local = std::make_shared<const std::vector<dsl::Object>>(std::vector{local});
    const Plan plan = judged(world, {service_of("l", "own", good), service_of("l", "inherited")});
    EXPECT_THAT(names_of(plan), ElementsAre("Service l!own"));
    EXPECT_THAT(refusals_of(plan), ElementsAre("Service l!inherited argument-refused"));
}

TEST(Filter, MacrosInValuesAreResolvedAsFarAsTheyAreKnown) {
    const auto with = [](json::Value value, const char* other = "x") {
        return json::Object{{"vars", json::Object{{"disk_wfree", std::move(value)}, {"other", other}}}};
    };
    const Plan plan = judged(world_with_config("{}"), {host_of("a", with("$other$%", "15")), host_of("b", with("$other$", "-x")),
                                                       host_of("c", with("$host.state$")), host_of("d", with("$host.vars.other$%", "7")),
                                                       host_of("e", with("$name$")), host_of("f", with("$disk_wfree$"))});
    EXPECT_THAT(names_of(plan), ElementsAre("Host a", "Host c", "Host d"));
    EXPECT_THAT(refusals_of(plan), ElementsAre("Host b argument-refused", "Host e argument-refused", "Host f argument-refused"));
}

TEST(Filter, MacrosThatDoubleEndEarly) {
    json::Object vars{{"disk_wfree", "$v0$"}};
    for (int i = 0; i < 14; ++i) {
        const std::string next = "$v" + std::to_string(i + 1) + "$";
        std::string text;
        for (int n = 0; n < 50; ++n) text += next;
        vars.set("v" + std::to_string(i), text);
    }
    vars.set("v14", "x");
    EXPECT_THAT(refusals_of(judged(world_with_config("{}"), {host_of("a", {{"vars", vars}})})), ElementsAre("Host a argument-refused"));
}

TEST(Filter, OnlyListedCombinationsPass) {
    const auto with = [](const char* one, const char* two) {
        return json::Object{{"check_command", "pair"}, {"vars", json::Object{{"one", one}, {"two", two}}}};
    };
    const Plan plan = judged(world_with_config("{}"), {host_of("a", with("a", "b")), host_of("b", with("a", "c"))});
    EXPECT_THAT(refusals_of(plan), ElementsAre("Host b argument-refused"));
}

TEST(Filter, WhatDependsOnSomethingRejectedIsRejectedWithThatReason) {
    World world = world_with_config(R"({"hosts":["web*"],"services":["*"]})");
    const Plan plan = judged(
        world, {host_of("web1"), host_of("db1"), service_of("db1", "s"), service_of("web1", "s"),
                object_of("Dependency", "web1!d", {{"child_host_name", "web1"}, {"parent_host_name", "db1"}, {"parent_service_name", "s"}}),
                object_of("Notification", "db1!s!n", {{"host_name", "db1"}, {"service_name", "s"}, {"command", "mail"}})});
    EXPECT_THAT(names_of(plan), ElementsAre("Host web1", "Service web1!s"));
    EXPECT_THAT(refusals_of(plan), UnorderedElementsAre("Host db1 out-of-scope", "Service db1!s out-of-scope",
                                                        "Dependency web1!d out-of-scope", "Notification db1!s!n out-of-scope"));
    EXPECT_EQ(plan.rejections[1].detail, "host_name names Host 'db1', which is rejected (out-of-scope)");
}

TEST(Filter, ExplicitMembersOfARejectedGroupAreRejectedAssignedOnesLeaveIt) {
    const World world = world_with_config(R"({"types":["Host"]})");
    dsl::Object by_rule = host_of("a", {{"groups", json::Array{"g"}}}), by_hand = host_of("b", {{"groups", json::Array{"g"}}});
    by_rule.assigned_groups = {"g"};
    const Plan plan = judged(world, {object_of("HostGroup", "g", {}), by_rule, by_hand});
    EXPECT_THAT(refusals_of(plan), ElementsAre("HostGroup g type-not-granted", "Host b type-not-granted"));
    ASSERT_THAT(names_of(plan), ElementsAre("Host a"));
    EXPECT_EQ(*plan.objects[0].object->attributes.find("groups"), json::Value(json::Array{}));
}

TEST(Filter, ARejectionReachesWhatReferredAheadAndAllThatHangsOnIt) {
    // p0 includes p1 includes ... p9, which is rejected; a host checks in p0 and a service is on that host.
    std::vector<dsl::Object> objects;
    for (int i = 0; i < 9; ++i)
        objects.push_back(object_of("TimePeriod", "p" + std::to_string(i), {{"includes", json::Array{"p" + std::to_string(i + 1)}}}));
    dsl::Object last = object_of("TimePeriod", "p9", {});
    last.zone = "other";
    objects.push_back(last);
    objects.push_back(host_of("a", {{"check_period", "p0"}}));
    objects.push_back(service_of("a", "s"));
    objects.push_back(host_of("b"));
    const Plan plan = judged(world_with_config("{}"), std::move(objects));
    EXPECT_THAT(names_of(plan), ElementsAre("Host b"));
    EXPECT_EQ(plan.rejections.size(), 12u);
    for (const Rejection& rejection : plan.rejections) EXPECT_EQ(rejection.reason, Reason::zone_not_authorized);
}

TEST(Filter, TimePeriodsThatIncludeEachOtherStand) {
    const Plan plan = judged(world_with_config("{}"), {object_of("TimePeriod", "a", {{"includes", json::Array{"b"}}}),
                                                       object_of("TimePeriod", "b", {{"includes", json::Array{"a"}}})});
    EXPECT_THAT(names_of(plan), ElementsAre("TimePeriod a", "TimePeriod b"));
}

TEST(Filter, WhatTheEvaluationRefusedKeepsItsPlaceAndGetsACode) {
    const auto refused = [](dsl::Why why, const char* type, const char* name) {
        dsl::Refused one;
        one.why = why;
        one.type = type;
        one.name = name;
        one.place = {"own/_etc/x.conf", 3, 1};
        one.message = "because";
        one.text = std::make_shared<const std::string>("text");
        return one;
    };
    dsl::Refused dependent = refused(dsl::Why::depends, "Host", "h");
    dependent.cause = dsl::Why::function;
    const Plan plan = judged(world_with_config("{}"), {}, {},
                             {refused(dsl::Why::syntax, "", ""), refused(dsl::Why::command, "CheckCommand", "disk"),
                              refused(dsl::Why::command, "CheckCommand", "evil"), refused(dsl::Why::statement, "", ""), dependent,
                              refused(dsl::Why::redefined, "Host", "h"), refused(dsl::Why::limit, "", "")});
    EXPECT_THAT(refusals_of(plan),
                ElementsAre("  syntax-error", "CheckCommand disk command-shadowed", "CheckCommand evil command-pushed",
                            "  statement-not-allowed", "Host h function-not-allowed", "Host h redefinition", "  limit-exceeded"));
    for (const Rejection& rejection : plan.rejections) {
        EXPECT_EQ(rejection.parent, "master1");
        EXPECT_EQ(rejection.line, 3u);
        EXPECT_EQ(rejection.content, "text");
    }
}

TEST(Filter, ALimitFailsTheWholePlan) {
    dsl::Evaluation evaluation;
    evaluation.complete = false;
    evaluation.objects = {host_of("a")};
    const World world = world_with_config("{}");
    Judge judge(world);
    judge.add(std::make_shared<const dsl::Evaluation>(std::move(evaluation)), {});
    const Plan plan = judge.finish();
    EXPECT_TRUE(plan.failed);
    EXPECT_THAT(plan.objects, IsEmpty());
}

TEST(Filter, ALocalObjectKeepsItsName) {
    World world = world_with_config("{}");
    world.local = std::make_shared<const std::vector<dsl::Object>>(std::vector{host_of("a", {{"notes", "mine"}})});
    const Plan plan = judged(world, {host_of("a", {{"notes", "theirs"}}), service_of("a", "s")});
    EXPECT_THAT(refusals_of(plan), ElementsAre("Host a redefinition"));
    EXPECT_THAT(names_of(plan), ElementsAre("Service a!s"));
    EXPECT_EQ(*plan.find("Host", "a")->object->attributes.find("notes"), json::Value("mine"));
    EXPECT_EQ(plan.find("Host", "a")->origin_text(), "local");
}

TEST(Filter, ObjectsOfTextsThatNobodyBroughtAreNotTaken) {
    dsl::Object stray = host_of("a");
    stray.place.file = "somewhere";
    EXPECT_THAT(refusals_of(judged(world_with_config("{}"), {stray})), ElementsAre("Host a capability-denied"));
}

TEST(Filter, RejectionsDoNotMultiplyOneText) {
    const World world = world_with({});
    const auto text = std::make_shared<const std::string>(dsl::kKeptText, 'x');
    std::vector<dsl::Object> objects(3000, host_of("a"));
    for (std::size_t i = 0; i < objects.size(); ++i) {
        objects[i].name = "h" + std::to_string(i);
        objects[i].text = text;
    }
    std::size_t bytes = 0;
    for (const Rejection& rejection : judged(world, std::move(objects)).rejections) bytes += rejection.content.size();
    EXPECT_LE(bytes, kContentKept);
    EXPECT_GT(bytes, 0u);
}

// --- Attributes changed at run time ---

TEST(Modifications, PauseIsEnoughForItsOwnAttributesAndNoOthers) {
    World world = world_with({R"({"parents":{"master1":{"grant":["pause"]}}})"});
    world.local = std::make_shared<const std::vector<dsl::Object>>(std::vector{host_of("a")});
    const Plan plan =
        judged(world, {}, {change_of("Host", "a", {{"enable_active_checks", false}, {"check_interval", 1}, {"vars.x", "y"}})});
    EXPECT_THAT(refusals_of(plan), ElementsAre("Host a check_interval capability-denied", "Host a vars.x capability-denied"));
    const PlannedObject* const host = plan.find("Host", "a");
    ASSERT_NE(host, nullptr);
    EXPECT_EQ(*host->object->attributes.find("enable_active_checks"), json::Value(false));
    EXPECT_EQ(host->object->attributes.find("check_interval"), nullptr);
    EXPECT_THAT(changed_paths(*host), ElementsAre("enable_active_checks"));
    EXPECT_EQ(host->version, 5);
}

TEST(Modifications, NothingIsChangedWithoutAGrant) {
    World world = world_with({});
    world.local = std::make_shared<const std::vector<dsl::Object>>(std::vector{host_of("a")});
    const Plan plan = judged(world, {}, {change_of("Host", "a", {{"enable_active_checks", false}})});
    EXPECT_THAT(refusals_of(plan), ElementsAre("Host a enable_active_checks capability-denied"));
    EXPECT_EQ(plan.find("Host", "a")->version, 0);
}

TEST(Modifications, AnotherCommandHasToBeInTheCatalogAndItsParametersHold) {
    const std::vector<dsl::Object> host{host_of("a", {{"vars", json::Object{{"one", "a"}, {"two", "z"}}}})};
    const auto refusals = [&](json::Object attributes) {
        return refusals_of(judged(world_with_config("{}"), host, {change_of("Host", "a", std::move(attributes))}));
    };
    EXPECT_THAT(refusals({{"check_command", "evil"}}), ElementsAre("Host a check_command unknown-command"));
    EXPECT_THAT(refusals({{"check_command", "act"}}), ElementsAre("Host a check_command unknown-command"));
    EXPECT_THAT(refusals({{"check_command", "pair"}}), ElementsAre("Host a check_command argument-refused"));
    EXPECT_THAT(refusals({{"check_command", ""}}), ElementsAre("Host a check_command attribute-not-allowed"));
    EXPECT_THAT(refusals({{"vars.disk_wfree", "`id`"}}), ElementsAre("Host a vars.disk_wfree argument-refused"));
    EXPECT_THAT(refusals({{"vars", json::Object{{"disk_wfree", "`id`"}}}}), ElementsAre("Host a vars argument-refused"));
    EXPECT_THAT(refusals({{"command_endpoint", "below1"}}), ElementsAre("Host a command_endpoint attribute-not-allowed"));
    EXPECT_THAT(refusals({{"check_period", "nowhere"}}), ElementsAre("Host a check_period attribute-not-allowed"));
    EXPECT_THAT(refusals({{"vars.disk_wfree", "3%"}, {"vars.a.b", 1}}), IsEmpty());
}

TEST(Modifications, WhatFitsOnlyBesideTheOthersIsTaken) {
    const std::vector<dsl::Object> host{host_of("a", {{"vars", json::Object{{"one", "a"}, {"two", "z"}}}})};
    const Plan plan =
        judged(world_with_config("{}"), host, {change_of("Host", "a", {{"check_command", "pair"}, {"notes", "n"}, {"vars.two", "b"}})});
    EXPECT_THAT(changed_paths(*plan.find("Host", "a")), UnorderedElementsAre("vars.two", "notes", "check_command"));
    EXPECT_THAT(plan.rejections, IsEmpty());
}

TEST(Modifications, WhoAnObjectIsCannotBeChanged) {
    const Plan plan = judged(world_with_config("{}"), {host_of("a"), host_of("b"), service_of("a", "s")},
                             {change_of("Service", "a!s",
                                        {{"host_name", "b"},
                                         {"name", "t"},
                                         {"package", "x"},
                                         {"version", 1},
                                         {"zone", "below"},
                                         {"nonsense", 1},
                                         {"check_interval.x", 1},
                                         {"vars..x", 1}})});
    EXPECT_EQ(plan.rejections.size(), 8u);
    for (const Rejection& rejection : plan.rejections) EXPECT_EQ(rejection.reason, Reason::attribute_not_allowed) << *rejection.attribute;
    EXPECT_THAT(changed_paths(*plan.find("Service", "a!s")), IsEmpty());
}

TEST(Modifications, KeepToTheGrantsAttributesAndIntervals) {
    const World world = world_with_config(R"({"attributes":["check_*","retry_interval","vars.ok.*"],"min_check_interval":"10s"})");
    const Plan plan = judged(
        world, {host_of("a")},
        {change_of("Host", "a", {{"check_interval", 9}, {"retry_interval", 10}, {"notes", "x"}, {"vars.ok.x", 1}, {"vars.other", 1}})});
    EXPECT_THAT(refusals_of(plan), ElementsAre("Host a check_interval limit-exceeded", "Host a notes attribute-not-allowed",
                                               "Host a vars.other attribute-not-allowed"));
    EXPECT_THAT(changed_paths(*plan.find("Host", "a")), ElementsAre("retry_interval", "vars.ok.x"));
}

TEST(Modifications, OfAHostCountForItsServices) {
    const Plan plan = judged(world_with_config("{}"), {host_of("a", {{"check_command", "dummy"}}), service_of("a", "s")},
                             {change_of("Host", "a", {{"vars.disk_wfree", "broken"}})});
    EXPECT_THAT(refusals_of(plan), ElementsAre("Service a!s argument-refused"));
}

TEST(Modifications, AreNoDeeperThanWhatIsEvaluated) {
    json::Value deep = 1;
    for (unsigned i = 0; i < dsl::kAttributeDepth; ++i) deep = json::Array{deep};
    const Plan plan =
        judged(world_with_config("{}"), {host_of("a")},
               {change_of("Host", "a", {{"vars.a", json::Array{deep}}, {"vars.b", *deep.array()->data()}, {"vars.c.d", deep}})});
    EXPECT_THAT(refusals_of(plan), ElementsAre("Host a vars.a limit-exceeded", "Host a vars.c.d limit-exceeded"));
    EXPECT_THAT(changed_paths(*plan.find("Host", "a")), ElementsAre("vars.b"));
}

TEST(Modifications, AreBounded) {
    json::Object many;
    for (std::size_t i = 0; i <= kModifiedAttributes; ++i) many.set("vars.v" + std::to_string(i), 1);
    const Plan plan = judged(world_with_config("{}"), {host_of("a")}, {change_of("Host", "a", many)});
    EXPECT_THAT(refusals_of(plan), ElementsAre("Host a limit-exceeded"));
}

}  // namespace
}  // namespace endpointd::policy
