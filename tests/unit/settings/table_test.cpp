#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <set>

#include "json/document.hpp"
#include "settings/table.hpp"

namespace endpointd::settings {
namespace {

std::string read(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

using Leaves = std::map<std::string, const json::Object*>;

// The properties of the schema that have none of their own, by JSON pointer.
void collect(const json::Object& schema, const std::string& pointer, Leaves& leaves) {
    const json::Value* properties = schema.find("properties");
    if (!properties) {
        leaves.emplace(pointer, &schema);
        return;
    }
    for (const auto& [name, value] : *properties->object()) collect(*value.object(), pointer + "/" + name, leaves);
}

json::Value schema() {
    const Result<json::Value> parsed = json::parse(read(TEST_SOURCE_DIR "/schema/settings.schema.json"));
    EXPECT_TRUE(parsed.has_value());
    return parsed ? *parsed : json::Value(json::Object());
}

TEST(SettingsTable, NamesExactlyTheSettingsOfTheSchema) {
    const json::Value text = schema();
    Leaves leaves;
    collect(*text.object(), "", leaves);
    std::set<std::string> in_schema, in_table;
    for (const auto& [pointer, leaf] : leaves) in_schema.insert(pointer);
    for (const Setting& setting : table()) EXPECT_TRUE(in_table.insert(std::string(setting.pointer)).second) << setting.pointer;
    EXPECT_EQ(in_schema, in_table);
}

TEST(SettingsTable, HasTheBoundsOfTheSchema) {
    const json::Value text = schema();
    Leaves leaves;
    collect(*text.object(), "", leaves);
    for (const Setting& setting : table()) {
        if (setting.form != Form::count) continue;
        const json::Object& leaf = *leaves.at(std::string(setting.pointer));
        ASSERT_TRUE(leaf.find("minimum") && leaf.find("maximum")) << setting.pointer;
        EXPECT_EQ(*leaf.find("minimum")->number(), setting.least) << setting.pointer;
        EXPECT_EQ(*leaf.find("maximum")->number(), setting.most) << setting.pointer;
    }
}

TEST(SettingsTable, EveryDefaultIsWithinItsBoundsAndReadsBack) {
    for (const Setting& setting : table()) {
        if (setting.form == Form::unavailable) continue;
        // {"a": {"b": VALUE}} from the pointer /a/b.
        std::string text = value_text(setting, Settings()), pointer(setting.pointer);
        if (setting.pointer == "/node/name" || setting.pointer == "/node/zone") continue;  // empty by default, which nobody can write
        while (!pointer.empty()) {
            const std::size_t slash = pointer.rfind('/');
            text = "{\"" + pointer.substr(slash + 1) + "\":" + text + "}";
            pointer.resize(slash);
        }
        Findings findings;
        const std::optional<Settings> loaded = load({{"endpointd.json", "endpointd.json", text}}, findings);
        ASSERT_TRUE(loaded.has_value()) << text << (findings.errors.empty() ? "" : findings.errors.front().message);
        EXPECT_EQ(value_text(setting, *loaded), value_text(setting, Settings())) << text;
    }
}

TEST(SettingsTable, EverySettingHasItsSentence) {
    for (const Setting& setting : table()) EXPECT_GT(setting.text.size(), 10u) << setting.pointer;
}

TEST(SettingsTable, EverySettingIsInTheDocumentation) {
    const std::string manual = read(TEST_SOURCE_DIR "/docs/configuration.md");
    if (manual.empty()) GTEST_SKIP() << "docs/configuration.md is not there";
    for (const Setting& setting : table()) {
        std::string name(setting.pointer.substr(1));
        std::replace(name.begin(), name.end(), '/', '.');
        EXPECT_NE(manual.find("`" + name + "`"), std::string::npos) << name;
    }
}

TEST(SettingsTable, ShowsValuesAsAnOperatorWritesThem) {
    std::map<std::string_view, std::string> shown;
    for (const Setting& setting : table()) shown[setting.pointer] = value_text(setting, Settings());
    EXPECT_EQ(shown["/connect/timeout"], "\"15s\"");
    EXPECT_EQ(shown["/connect/reconnect_max"], "\"1m\"");
    EXPECT_EQ(shown["/limits/min_answer"], "\"5ms\"");
    EXPECT_EQ(shown["/replay/max_size"], "\"512MiB\"");
    EXPECT_EQ(shown["/runner/queue"], "10000");
    EXPECT_EQ(shown["/listen/addresses"], "[\"0.0.0.0\", \"::\"]");
    EXPECT_EQ(shown["/user"], "null");
    EXPECT_EQ(shown["/tls/min_version"], "\"1.2\"");
    EXPECT_EQ(shown["/log/level"], "\"info\"");
}

TEST(SettingsTable, NamesWhatNeedsARestart) {
    Settings running, loaded;
    EXPECT_TRUE(needing_restart(running, loaded).empty());
    loaded.log.level = LogLevel::debug;
    loaded.limits.min_answer = Duration(0);
    EXPECT_TRUE(needing_restart(running, loaded).empty());
    loaded.listen.port = 1;
    loaded.node.name = "other";
    EXPECT_EQ(needing_restart(running, loaded), (std::vector<std::string>{"/node/name", "/listen/port"}));
    loaded.listen.enabled = false;
    EXPECT_EQ(needing_restart(running, loaded).front(), "/listen");
}

}  // namespace
}  // namespace endpointd::settings
