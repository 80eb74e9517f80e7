#include <gtest/gtest.h>

#include "decoded.hpp"

namespace endpointd::wire {
namespace {

TEST(DecodeConfigUpdate, TheUsualOneIsEmpty) {
    const auto message = message_of<ConfigUpdate>(with_params("config::Update", R"({"checksums":{},"update":{},"update_v2":{}})"));
    EXPECT_TRUE(message.empty());
    EXPECT_TRUE(message.checksums.has_value());
}

TEST(DecodeConfigUpdate, MergesBothMapsAndTheSecondWins) {
    const auto message = message_of<ConfigUpdate>(with_params("config::Update", R"({
        "update":{"z":{"/_etc/b.conf":"one","/_etc/a.conf":"a"},"empty":{}},
        "update_v2":{"z":{"/_etc/b.conf":"two","/.timestamp":"1.5"},"only-v2":{"/x.txt":""}},
        "checksums":{"z":{"/_etc/a.conf":"ff"}}})"));
    EXPECT_EQ(message.zones, (std::vector<std::string>{"empty", "z"}));
    EXPECT_EQ(message.files, (std::vector<ConfigFile>{{"only-v2", "/x.txt", "", false},
                                                      {"z", "/.timestamp", "1.5", true},
                                                      {"z", "/_etc/a.conf", "a", false},
                                                      {"z", "/_etc/b.conf", "two", false}}));
    EXPECT_EQ(message.checksums->at("z").at("/_etc/a.conf"), "ff");
    EXPECT_FALSE(message.empty());
}

TEST(DecodeConfigUpdate, NeedsUpdateAndTakesNoOtherTypes) {
    EXPECT_EQ(complaint_about("config::Update", "{}"), "params.update: missing");
    EXPECT_EQ(complaint_about("config::Update", R"({"update":[]})"), "params.update: expected object, got array");
    EXPECT_EQ(complaint_about("config::Update", R"({"update":{"z":"x"}})"), "params.update.z: expected object, got string");
    EXPECT_EQ(complaint_about("config::Update", R"({"update":{"z":{"/a":1}}})"), "params.update.z./a: expected string, got number");
    EXPECT_EQ(complaint_about("config::Update", R"({"update":{},"update_v2":{"z":null}})"),
              "params.update_v2.z: expected object, got null");
    EXPECT_EQ(complaint_about("config::Update", R"({"update":{},"checksums":{"z":{"/a":null}}})"),
              "params.checksums.z./a: expected string, got null");
    EXPECT_EQ(complaint_about("config::Update", R"({"update":{"\u001b[2J":1}})"), "params.update.\\x1b[2J: expected object, got number");
}

TEST(DecodeConfigUpdate, PathsAreKeptAsSent) {
    const auto message =
        message_of<ConfigUpdate>(with_params("config::Update", R"({"update":{"../z":{"/../../x\u0000":"c",".hidden":"h","":"e"}}})"));
    ASSERT_EQ(message.files.size(), 3U);
    EXPECT_EQ(message.files[0], (ConfigFile{"../z", "", "e", false}));
    EXPECT_EQ(message.files[1], (ConfigFile{"../z", ".hidden", "h", true}));  // '.' comes before '/'
    EXPECT_EQ(message.files[2].path, std::string("/../../x\0", 9));
}

TEST(DecodeConfigUpdateObject, ReadsAll) {
    const auto message = message_of<ConfigUpdateObject>(with_params(
        "config::UpdateObject",
        R"({"type":"Host","name":"h","version":2.5,"zone":"z","config":"object","modified_attributes":{"vars.x":1},"original_attributes":["vars.x"]})"));
    EXPECT_EQ(message, (ConfigUpdateObject{"Host", "h", 2.5, "z", "object", json::Object{{"vars.x", 1}}, {"vars.x"}}));
}

TEST(DecodeConfigUpdateObject, NeedsTypeNameAndVersion) {
    EXPECT_EQ(complaint_about("config::UpdateObject", R"({"name":"h","version":1})"), "params.type: missing");
    EXPECT_EQ(complaint_about("config::UpdateObject", R"({"type":"Host","name":["h"],"version":1})"),
              "params.name: expected string, got array");
    EXPECT_EQ(complaint_about("config::UpdateObject", R"({"type":"Host","name":"h"})"), "params.version: missing");
    EXPECT_EQ(complaint_about("config::UpdateObject", R"({"type":"Host","name":"h","version":1,"modified_attributes":[]})"),
              "params.modified_attributes: expected object, got array");
    EXPECT_EQ(complaint_about("config::UpdateObject", R"({"type":"Host","name":"h","version":1,"original_attributes":[1]})"),
              "params.original_attributes: expected array of strings, got number");
    EXPECT_EQ(complaint_about("config::UpdateObject", R"({"type":"Host","name":"h","version":1,"config":{}})"),
              "params.config: expected string, got object");
}

TEST(DecodeConfigDeleteObject, AnOldParentSendsNoVersion) {
    EXPECT_EQ(message_of<ConfigDeleteObject>(with_params("config::DeleteObject", R"({"type":"Host","name":"h"})")),
              (ConfigDeleteObject{"Host", "h", 0}));
    EXPECT_EQ(complaint_about("config::DeleteObject", R"({"type":"Host"})"), "params.name: missing");
}

}  // namespace
}  // namespace endpointd::wire
