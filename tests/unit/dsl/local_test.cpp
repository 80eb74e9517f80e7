#include "dsl/local.hpp"

#include <gtest/gtest.h>

namespace endpointd::dsl {
namespace {

const std::string kZones = R"(object Endpoint NodeName { }
object Zone ZoneName { endpoints = [ NodeName ]; parent = "master" }
object Endpoint "master" { }
object Zone "master" { endpoints = [ "master" ] }
object Zone "below" { parent = ZoneName }
object Zone "global-templates" { global = true }
)";

struct Loaded {
    std::optional<Local> local;
    Findings findings;
};

Loaded load(const std::vector<std::pair<std::string, std::string>>& more, Limits limits = {}) {
    std::vector<SourceFile> files = {{"zones.d/zones.conf", "zones.conf", kZones}};
    for (const auto& [name, text] : more) files.push_back({"zones.d/" + name, name, text});
    Loaded loaded;
    loaded.local = load_local(files, {"agent", ""}, {{"PluginDir", json::Value("/usr/lib/nagios/plugins")}}, limits, loaded.findings);
    EXPECT_EQ(loaded.local.has_value(), loaded.findings.ok());
    for (const Finding& error : loaded.findings.errors) EXPECT_FALSE(error.message.empty());
    return loaded;
}

std::string first_error(const Loaded& loaded) {
    if (loaded.findings.errors.empty()) return {};
    const Finding& error = loaded.findings.errors.front();
    return error.file + ":" + std::to_string(error.line) + ": " + error.message.substr(0, error.message.find('\n'));
}

const Object* find(const Loaded& loaded, std::string_view name) {
    if (!loaded.local) return nullptr;
    for (const Object& object : loaded.local->objects)
        if (object.name == name) return &object;
    return nullptr;
}

TEST(Local, ObjectsOfTheHostAreMadeAndTheTopologyIsNotAmongThem) {
    const Loaded loaded = load({{"hosts.conf", R"(template Host "generic" { check_command = "hostalive"; check_interval = 5m }
object Host "web1" { import "generic"; address = "192.0.2.1"; vars.os = "Linux" }
apply Service "load" { check_command = "load"; assign where host.vars.os == "Linux" })"}});
    ASSERT_TRUE(loaded.local) << first_error(loaded);
    EXPECT_EQ(loaded.local->topology.zones().size(), 4u);
    ASSERT_EQ(loaded.local->objects.size(), 2u);
    const Object* const host = find(loaded, "web1");
    ASSERT_TRUE(host);
    EXPECT_EQ(*host->attributes.find("check_interval"), json::Value(300));
    EXPECT_TRUE(find(loaded, "web1!load"));
}

TEST(Local, AFolderOfAZoneGivesItsObjectsThatZoneAndOthersTheNodesOwn) {
    const std::string host = "\" { check_command = \"hostalive\" }";
    const Loaded loaded = load({{"below/x.conf", "object Host \"one" + host},
                                {"agent/x.conf", "object Host \"two" + host},
                                {"web/x.conf", "object Host \"three" + host},
                                {"x.conf", "object Host \"four" + host}});
    ASSERT_TRUE(loaded.local) << first_error(loaded);
    EXPECT_EQ(find(loaded, "one")->zone, "below");
    for (const char* name : {"two", "three", "four"}) EXPECT_EQ(find(loaded, name)->zone, "agent") << name;
}

TEST(Local, GlobalZonesHoldTemplatesAndNoHosts) {
    const std::string use = "object Host \"web1\" { import \"generic\" }";
    EXPECT_TRUE(load({{"global-templates/t.conf", "template Host \"generic\" { check_command = \"hostalive\" }"}, {"x.conf", use}}).local);
    EXPECT_FALSE(load({{"global-templates/t.conf", "object Host \"web1\" { check_command = \"hostalive\" }"}}).local);
}

TEST(Local, CommandsAndForeignObjectsAreSkippedWithAWarning) {
    const Loaded loaded = load({{"x.conf", R"(object CheckCommand "mine" { command = [ "/bin/true" ] }
var T = NotificationCommand
object T "notify" { }
object ApiListener "api" { accept_config = true })"}});
    ASSERT_TRUE(loaded.local) << first_error(loaded);
    EXPECT_TRUE(loaded.local->objects.empty());
    std::vector<std::string> shown;
    for (const Finding& warning : loaded.findings.warnings) shown.push_back(std::to_string(warning.line) + " " + warning.message);
    EXPECT_EQ(
        shown,
        (std::vector<std::string>{
            "1 CheckCommand \"mine\" is skipped: commands are defined in catalog.d; 'endpointctl catalog import' makes entries of them",
            "3 NotificationCommand \"notify\" is skipped: commands are defined in catalog.d; 'endpointctl catalog import' makes "
            "entries of them",
            "4 ApiListener \"api\" is skipped: it has no meaning here"}));
}

TEST(Local, AFileThatIsIncludedIsReadOnce) {
    const Loaded loaded =
        load({{"a.conf", "include \"z.conf\"\ninclude \"parts/*.conf\"\nobject Host Name { check_command = \"hostalive\" }"},
              {"parts/p.conf", "const Part = 1"},
              {"z.conf", "const Name = \"web1\""}});
    ASSERT_TRUE(loaded.local) << first_error(loaded);
    EXPECT_TRUE(find(loaded, "web1"));
}

TEST(Local, NothingOutsideIsIncluded) {
    for (const char* what : {"include \"/etc/passwd\"", "include \"../endpointd.json\"", "include \"missing.conf\"",
                             "include_recursive \"/etc\"", "include_zones \"etc\", \"zones.d\""}) {
        const Loaded loaded = load({{"x.conf", what}});
        EXPECT_FALSE(loaded.local) << what;
        EXPECT_TRUE(first_error(loaded).starts_with("zones.d/x.conf:1: ")) << first_error(loaded);
    }
}

TEST(Local, AnErrorAnywhereIsAnErrorOfTheConfigurationWithItsPlace) {
    EXPECT_TRUE(
        first_error(load({{"x.conf", "\nobject Host \"web1\" {\n  nonsense = 1\n}"}})).starts_with("zones.d/x.conf:3: Host \"web1\": "));
    EXPECT_TRUE(first_error(load({{"x.conf", "object Host \"web1\" { }"}})).starts_with("zones.d/x.conf:1: Host \"web1\": "));
    EXPECT_TRUE(first_error(load({{"x.conf", "object Host {"}})).starts_with("zones.d/x.conf:1: "));
    EXPECT_TRUE(first_error(load({{"x.conf", "object Host \"a\" { import \"missing\" }"}})).starts_with("zones.d/x.conf:1: Host \"a\": "));
}

TEST(Local, ConstantsOfferedMayBeReplacedAndTheNodesNameMayNot) {
    const std::string host = "\nobject Host \"web1\" { check_command = \"hostalive\"; vars.dir = PluginDir }";
    const Loaded replaced = load({{"a.conf", "const PluginDir = \"/opt\"\nconst NodeName = \"agent\"\nconst ZoneName = NodeName" + host}});
    ASSERT_TRUE(replaced.local) << first_error(replaced);
    EXPECT_EQ(*find(replaced, "web1")->attributes.find("vars")->object()->find("dir"), json::Value("/opt"));
    EXPECT_EQ(*find(load({{"a.conf", host}}), "web1")->attributes.find("vars")->object()->find("dir"),
              json::Value("/usr/lib/nagios/plugins"));
    EXPECT_FALSE(load({{"a.conf", "const NodeName = \"other\""}}).local);
    EXPECT_FALSE(load({{"a.conf", "const PluginDir = \"/opt\"\nconst PluginDir = \"/srv\""}}).local);
}

TEST(Local, LimitsAreErrorsThatNameThem) {
    Limits limits;
    limits.steps = 10'000;
    const Loaded loaded = load({{"x.conf", "while (true) { }"}}, limits);
    EXPECT_NE(first_error(loaded).find("limits.eval_steps"), std::string::npos) << first_error(loaded);
}

}  // namespace
}  // namespace endpointd::dsl
