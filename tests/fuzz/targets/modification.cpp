// Invariant: whatever attributes a parent changes at run time, each is applied or
// refused with a reason. The object stays of its name and on its host, is one that its
// type takes and that can be shown as JSON that peers read, and the object that was
// evaluated, which others share, is what it was.
//
// Input: a digit that says which object, then a JSON object of paths and values.

#include <cstdint>
#include <string_view>

#include "base/assert.hpp"
#include "json/document.hpp"
#include "policy/caps.hpp"
#include "policy/judge.hpp"

using namespace endpointd;

namespace {

constexpr const char* kZones = R"(
object Endpoint "master1" { }
object Endpoint "agent" { }
object Zone "master" { endpoints = [ "master1" ] }
object Zone "own" { parent = "master"; endpoints = [ "agent" ] }
)";

constexpr const char* kCatalog = R"({"commands": {
  "disk": {"kind": "check", "command": ["/bin/check_disk"], "arguments": {"-w": "$disk_wfree$", "-p": "$disk_parts$"},
           "parameters": {"disk_wfree": {"pattern": "[0-9]{1,3}%", "default": "20%"},
                          "disk_parts": {"type": "array", "items": {"pattern": "/[a-z]*"}}}},
  "restart": {"kind": "event", "command": ["/bin/restart"]}
}})";

constexpr const char* kCaps = R"({"parents": {"master1": {"grant": {"config": {"min_check_interval": "10s"}, "pause": {}}}}})";

constexpr const char* kObjects = R"(
object Host "h" { check_command = "disk"; vars.disk_wfree = "10%"; vars.deep.er = [ 1 ] }
object Service "s" { host_name = "h"; check_command = "disk"; display_name = "S"; groups = [ "g" ] }
object ServiceGroup "g" { }
object TimePeriod "t" { ranges = { "monday" = "00:00-24:00" } }
object Dependency "d" { parent_host_name = "h"; child_host_name = "h"; child_service_name = "s" }
object ScheduledDowntime "p" { host_name = "h"; author = "a"; comment = "c"; ranges = { "monday" = "00:00-24:00" } }
object Notification "n" { host_name = "h"; command = "mail"; users = [ "u" ] }
object User "u" { }
)";

struct Scene {
    policy::World world;
    std::shared_ptr<const dsl::Evaluation> evaluated;
};

const Scene& scene() {
    static const Scene kMade = [] {
        Scene made;
        Findings findings;
        auto topology = dsl::load_zones({{"z.conf", "z.conf", kZones}}, "agent", "", findings);
        auto grants = policy::load_caps({{"p.json", "p.json", kCaps}}, {}, findings);
        made.world.catalog = std::make_shared<const catalog::Catalog>(catalog::Catalog::load({{"c.json", "c.json", kCatalog}}, findings));
        EP_ASSERT(topology && grants && findings.ok());
        made.world.topology = std::make_shared<const dsl::Topology>(std::move(*topology));
        made.world.grants = std::make_shared<const policy::Grants>(std::move(*grants));
        made.world.local = std::make_shared<const std::vector<dsl::Object>>();
        made.world.node = "agent";
        auto evaluated = dsl::evaluate({{"own", {"own/x.conf", "x.conf", kObjects}}}, dsl::Authority::pushed, {}, {});
        EP_ASSERT(evaluated.complete && evaluated.refused.empty());
        made.evaluated = std::make_shared<const dsl::Evaluation>(std::move(evaluated));
        return made;
    }();
    return kMade;
}

policy::Plan planned(const std::vector<policy::Modification>& changes) {
    policy::Judge judge(scene().world);
    judge.expect(changes);
    judge.add_local(scene().world.local);
    judge.add(scene().evaluated, {{"own/x.conf", {"master1", "own", nullptr}}});
    return judge.finish();
}

std::string shown(const dsl::Object& object) {
    policy::PlannedObject planned;
    planned.object = {std::shared_ptr<const void>(), &object};
    return json::to_text(policy::object_json(planned));
}

// All evaluated objects as they show themselves.
std::string evaluated_text() {
    std::string text;
    for (const dsl::Object& object : scene().evaluated->objects) text += shown(object);
    return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const std::string kBefore = evaluated_text();
    static const std::size_t kStanding = planned({}).objects.size();
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    if (input.empty()) return 0;
    const auto& objects = scene().evaluated->objects;
    const dsl::Object& object = objects[static_cast<unsigned char>(input[0]) % objects.size()];
    const Result<json::Value> attributes = json::parse(input.substr(1));
    if (!attributes || !attributes->object()) return 0;
    const std::vector<policy::Modification> changes{{"master1", std::string(object.type->name), object.name, 5, *attributes->object()}};

    const policy::Plan plan = planned(changes);
    EP_ASSERT(!plan.failed && plan.objects.size() <= kStanding);  // what hangs on it may fall
    EP_ASSERT(evaluated_text() == kBefore);
    const policy::PlannedObject* const changed = plan.find(object.type->name, object.name);
    EP_ASSERT(changed);
    EP_ASSERT(changed->object->name == object.name && changed->object->zone == object.zone);
    EP_ASSERT(policy::subject_of(*changed->object).host == policy::subject_of(object).host);
    EP_ASSERT(dsl::validate(*object.type, changed->object->attributes).empty());
    EP_ASSERT(json::parse(json::to_text(policy::object_json(*changed))));

    std::size_t refused = 0;
    for (const policy::Rejection& rejection : plan.rejections) {
        EP_ASSERT(rejection.reason != policy::Reason::ok && !rejection.detail.empty());
        if (rejection.method != "config::UpdateObject") continue;
        EP_ASSERT(rejection.object_name == object.name);
        ++refused;
    }
    const std::size_t asked = changes.front().attributes.size();
    const std::size_t taken = changed->changes ? changed->changes->paths.size() : 0;
    if (asked > policy::kModifiedAttributes) EP_ASSERT(taken == 0 && refused == 1);
    else EP_ASSERT(taken + refused == asked);
    return 0;
}
