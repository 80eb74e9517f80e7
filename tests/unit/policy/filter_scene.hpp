#pragma once
// A node with rules, for the tests of the filter: what caps.d, catalog.d and zones.d
// say, and objects as an evaluation hands them over.

#include <gtest/gtest.h>

#include "caps_text.hpp"
#include "catalog/catalog.hpp"
#include "policy/filter.hpp"

namespace endpointd::policy {

inline constexpr std::string_view kZones = R"(
object Endpoint "master1" { }
object Endpoint "master2" { }
object Endpoint "agent" { }
object Endpoint "below1" { }
object Endpoint "other1" { }
object Zone "master" { endpoints = [ "master1", "master2" ] }
object Zone "own" { parent = "master"; endpoints = [ "agent" ] }
object Zone "below" { parent = "own"; endpoints = [ "below1" ] }
object Zone "other" { parent = "master"; endpoints = [ "other1" ] }
object Zone "everywhere" { global = true }
)";

inline constexpr const char* kCommands = R"({"commands": {
  "disk": {"kind": "check", "command": ["/bin/check_disk"], "arguments": {"-w": "$disk_wfree$", "-H": "$address$"},
           "parameters": {"disk_wfree": {"pattern": "[0-9]{1,3}%", "default": "20%"}, "address": {"pattern": "[0-9.]+"},
                          "parts": {"type": "array", "items": {"pattern": "/[a-z]*"}}}},
  "pair": {"kind": "check", "command": ["/bin/pair"], "parameters": {"one": {"type": "string"}, "two": {"type": "string"}},
           "tuples": [{"one": "a", "two": "b"}]},
  "restart": {"kind": "event", "command": ["/bin/restart"]},
  "act": {"kind": "action", "command": ["/bin/act"]}
}})";

inline World world_with(const std::vector<std::string>& caps) {
    World world;
    Findings findings;
    auto topology = dsl::load_zones({{"/z/zones.conf", "zones.conf", std::string(kZones)}}, "agent", "", findings);
    EXPECT_TRUE(topology.has_value());
    world.topology = std::make_shared<const dsl::Topology>(std::move(*topology));
    world.grants = std::make_shared<const Grants>(good_caps(caps));
    world.catalog = std::make_shared<const catalog::Catalog>(catalog::Catalog::load({{"/c/t.json", "t.json", kCommands}}, findings));
    for (const Finding& finding : findings.errors) ADD_FAILURE() << finding.message;
    world.local = std::make_shared<const std::vector<dsl::Object>>();
    world.node = "agent";
    return world;
}

// master1 with this scope of `config`.
inline World world_with_config(const std::string& scope, const std::string& more = "") {
    return world_with({R"({"parents":{"master1":{"grant":{"config":)" + scope + more + "}}}}"});
}

inline dsl::Object object_of(std::string_view type, const std::string& name, json::Object attributes) {
    dsl::Object object;
    object.type = dsl::config_type(type);
    EXPECT_NE(object.type, nullptr) << type;
    object.name = name;
    object.zone = "own";
    object.package = "_cluster";
    object.attributes = std::move(attributes);
    object.place = {"own/_etc/x.conf", 7, 1};
    object.text = std::make_shared<const std::string>("object " + std::string(type) + " \"" + std::string(object.short_name()) + "\" { }");
    return object;
}

inline dsl::Object host_of(const std::string& name, json::Object attributes = {}) {
    if (!attributes.find("check_command")) attributes.set("check_command", "disk");
    return object_of("Host", name, std::move(attributes));
}

inline dsl::Object service_of(const std::string& host, const std::string& name, json::Object attributes = {}) {
    if (!attributes.find("check_command")) attributes.set("check_command", "disk");
    attributes.set("host_name", host);
    return object_of("Service", host + "!" + name, std::move(attributes));
}

// "Host web1" of each object that is not local.
inline std::vector<std::string> names_of(const Plan& plan) {
    std::vector<std::string> names;
    for (const PlannedObject& planned : plan.objects)
        if (planned.origin != Origin::local) names.push_back(std::string(planned.object->type->name) + " " + planned.object->name);
    return names;
}

// "Host web1 out-of-scope" of each rejection, with the attribute where it is one of one.
inline std::vector<std::string> refusals_of(const Plan& plan) {
    std::vector<std::string> texts;
    for (const Rejection& rejection : plan.rejections)
        texts.push_back(rejection.object_type + " " + rejection.object_name + (rejection.attribute ? " " + *rejection.attribute : "") +
                        " " + std::string(name_of(rejection.reason)));
    return texts;
}

}  // namespace endpointd::policy
