#include "policy/views.hpp"

#include "caps_text.hpp"

namespace endpointd::policy {
namespace {

TEST(CapsShow, HasTheShapeOfTheInterface) {
    const Grants grants =
        good_caps({"{\"parents\":{\"m\":{\"grant\":{\n\"execute\":{\"commands\":[\"disk\"],\"rate\":\"30/min\"},\n\"results\":{}}}}}"});
    Usage usage;
    usage.configure(grants);
    usage.admit(grants.decide("m", "", {Capability::execute, "h", {}, "disk"}), SteadyTime());
    usage.admit(grants.decide("m", "", {Capability::execute, "h", {}, "load"}), SteadyTime());
    EXPECT_EQ(
        json::to_text(caps_show(grants, usage)),
        R"({"parents":[{"denied":["recheck","pause","acknowledge","downtime","comment","action","event","passive","config","renew"],"grants":[)"
        R"({"by":null,"capability":"results","denied":0,"expires":null,"granted":null,"rate":null,"reason":null,"scope":{},"source":"caps.d/10.json:3","used":0},)"
        R"({"by":null,"capability":"execute","denied":1,"expires":null,"granted":null,"rate":"30/min","reason":null,"scope":{"commands":["disk"]},"source":"caps.d/10.json:2","used":1}],)"
        R"("kind":"endpoint","name":"m"}]})");
}

TEST(CapsShow, OfOneParentHasItsOwnEntryAndItsZones) {
    const Grants grants = good_caps({R"({"parents":{"m":{},"n":{},"zone:top":{},"zone:low":{}}})"});
    const Usage usage;
    const auto names = [](const json::Value& shown) {
        std::string list;
        for (const json::Value& parent : *shown.object()->find("parents")->array())
            list += *parent.object()->find("kind")->string() + " " + *parent.object()->find("name")->string() + ";";
        return list;
    };
    EXPECT_EQ(names(caps_show(grants, usage)), "endpoint m;endpoint n;zone low;zone top;");
    EXPECT_EQ(names(caps_show(grants, usage, "m", "top")), "endpoint m;zone top;");
    EXPECT_EQ(names(caps_show(grants, usage, "zone:low")), "zone low;");
    EXPECT_EQ(names(caps_show(grants, usage, "nobody", "")), "");
}

TEST(CapsCheck, HasTheShapeOfTheInterface) {
    const Grants grants = good_caps({R"({"parents":{"m":{"grant":{"execute":{"hosts":["a"]}}}}})"});
    EXPECT_EQ(json::to_text(caps_check(grants.decide("m", "", {Capability::execute, "a", {}, "disk"}), Capability::execute)),
              R"({"allowed":true,"capability":"execute","detail":null,"reason":"ok","source":"caps.d/10.json:1"})");
    EXPECT_EQ(
        json::to_text(caps_check(grants.decide("m", "", {Capability::execute, "b", {}, "disk"}), Capability::execute)),
        R"({"allowed":false,"capability":"execute","detail":"Host 'b' is outside the scope of execute for m","reason":"out-of-scope","source":"caps.d/10.json:1"})");
    EXPECT_EQ(json::to_text(caps_check(grants.decide("n", "", {Capability::renew, {}, {}, {}}), Capability::renew)),
              R"({"allowed":false,"capability":"renew","detail":"renew is not granted to n","reason":"capability-denied","source":null})");
}

}  // namespace
}  // namespace endpointd::policy
