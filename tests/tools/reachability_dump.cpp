// What is reachable after each of a sequence of results, as JSON: one side of the comparison
// with the real Icinga 2 (tests/interop/test_reachability_differential.py). Reads one JSON
// object a line: first hosts and services, dependencies and periods, then results and
// questions. Not installed.

#include <iostream>
#include <string>
#include <vector>

#include "json/document.hpp"
#include "json/value.hpp"
#include "members.hpp"
#include "schedule/reachability.hpp"
#include "schedule/state_machine.hpp"

namespace {

using namespace endpointd;

std::size_t place(const json::Object& object, std::string_view key) { return static_cast<std::size_t>(number(object, key)); }

struct World {
    schedule::Reachability reachability;
    std::vector<schedule::CheckSettings> settings;
    std::vector<schedule::CheckableState> states;
    json::Object inside;  // by name of a period

    bool reachable(std::size_t checkable, schedule::Purpose purpose) const {
        return reachability.is_reachable(checkable, purpose,
                                         {.state_of = [this](std::size_t at) -> const schedule::CheckableState& { return states[at]; },
                                          .inside = [this](std::string_view period) { return flag(inside, period); }});
    }
};

World world_of(const json::Object& from) {
    World world;
    std::vector<schedule::Reachability::Node> nodes;
    for (const json::Value& value : *from.find("nodes")->array()) {
        const json::Object& node = *value.object();
        schedule::CheckSettings settings;
        settings.is_host = node.find("host") == nullptr;
        settings.max_check_attempts = number(node, "max_check_attempts");
        world.settings.push_back(settings);
        nodes.push_back({settings.is_host ? schedule::Reachability::kNoHost : place(node, "host")});
    }
    world.states.resize(nodes.size());
    std::vector<schedule::Dependency> dependencies;
    for (const json::Value& value : *from.find("dependencies")->array()) {
        const json::Object& dependency = *value.object();
        dependencies.push_back({.parent = place(dependency, "parent"),
                                .child = place(dependency, "child"),
                                .states = static_cast<std::uint8_t>(number(dependency, "states")),
                                .ignore_soft_states = flag(dependency, "ignore_soft_states"),
                                .disable_checks = flag(dependency, "disable_checks"),
                                .disable_notifications = flag(dependency, "disable_notifications"),
                                .period = text(dependency, "period"),
                                .redundancy_group = text(dependency, "redundancy_group")});
    }
    world.reachability = schedule::Reachability(std::move(nodes), std::move(dependencies));
    world.inside = *from.find("periods")->object();
    return world;
}

bool answer(World& world, const json::Object& event) {
    const std::size_t checkable = place(event, "number");
    if (event.find("state") == nullptr) return world.reachable(checkable, schedule::Purpose::check_execution);
    schedule::Observation result;
    result.state = static_cast<int>(number(event, "state"));
    result.execution_start = number(event, "execution_start");
    result.execution_end = number(event, "execution_end");
    result.reachable = world.reachable(checkable, schedule::Purpose::state);
    schedule::observe(world.settings[checkable], world.states[checkable], result, number(event, "now"));
    return result.reachable;
}

}  // namespace

int main() {
    std::string line;
    World world;
    for (bool first = true; std::getline(std::cin, line); first = false) {
        const auto parsed = json::parse(line);
        if (!parsed || !parsed->object()) {
            std::cerr << "not a JSON object: " << line << "\n";
            return 2;
        }
        if (first) world = world_of(*parsed->object());
        else std::cout << (answer(world, *parsed->object()) ? "true" : "false") << std::endl;
    }
    return 0;
}
