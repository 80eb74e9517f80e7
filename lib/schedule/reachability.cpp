#include "schedule/reachability.hpp"

#include <algorithm>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "base/assert.hpp"

namespace endpointd::schedule {

Reachability::Reachability(std::vector<Node> nodes, std::vector<Dependency> dependencies)
    : nodes_(std::move(nodes)), dependencies_(std::move(dependencies)) {
    for (const Node& node : nodes_) EP_ASSERT(node.host == kNoHost || node.host < nodes_.size());
    for (const Dependency& dependency : dependencies_) EP_ASSERT(dependency.parent < nodes_.size() && dependency.child < nodes_.size());
    std::erase_if(dependencies_, [](const Dependency& dependency) { return dependency.parent == dependency.child; });
    std::stable_sort(dependencies_.begin(), dependencies_.end(), [](const Dependency& a, const Dependency& b) {
        return std::tie(a.child, a.redundancy_group) < std::tie(b.child, b.redundancy_group);
    });
}

std::size_t Reachability::edges_begin(std::size_t child) const noexcept {
    const auto first = std::lower_bound(dependencies_.begin(), dependencies_.end(), child,
                                        [](const Dependency& dependency, std::size_t number) { return dependency.child < number; });
    return static_cast<std::size_t>(first - dependencies_.begin());
}

bool Reachability::host_is_up(std::size_t checkable, Purpose purpose, const Present& present) const {
    const std::size_t host = nodes_[checkable].host;
    if (host == kNoHost || purpose == Purpose::check_execution) return true;
    const CheckableState& state = present.state_of(host);
    return is_ok(true, state.state) || state.type == StateType::soft;
}

bool Reachability::holds(const Dependency& dependency, Purpose purpose, const Present& present) const {
    if (purpose == Purpose::check_execution && !dependency.disable_checks) return true;
    if (purpose == Purpose::notification && !dependency.disable_notifications) return true;
    const CheckableState& parent = present.state_of(dependency.parent);
    if (!parent.checked || (dependency.ignore_soft_states && parent.type == StateType::soft)) return true;
    const bool is_host = nodes_[dependency.parent].host == kNoHost;
    const int state = is_host ? (is_ok(true, parent.state) ? kWhenUp : kWhenDown) : 1 << parent.state;
    if ((state & dependency.states) != 0) return true;
    return !dependency.period.empty() && !present.inside(dependency.period);
}

bool Reachability::is_reachable(std::size_t checkable, Purpose purpose, const Present& present) const {
    EP_ASSERT(checkable < nodes_.size());
    if (!host_is_up(checkable, purpose, present)) return false;

    // Depth first, with a stack of our own: how deep it goes is written in the configuration. What is being worked out
    // counts as not reachable, so that a circle ends.
    std::unordered_map<std::size_t, bool> known{{checkable, false}};
    struct Step {
        std::size_t child = 0;
        std::size_t next = 0;      // place in `dependencies_`
        bool group_met = false;    // one of the group that `next` is in holds
        bool parent_seen = false;  // whether the parent of `next` is in `known` is settled
    };
    std::vector<Step> stack{{checkable, edges_begin(checkable)}};
    bool result = true;  // of the step that was ended last
    while (!stack.empty()) {
        Step& step = stack.back();
        const auto end_with = [&](bool reachable) {
            known[step.child] = result = reachable;
            stack.pop_back();
        };
        if (step.next == dependencies_.size() || dependencies_[step.next].child != step.child) {
            end_with(true);
            continue;
        }
        const Dependency& dependency = dependencies_[step.next];
        if (!step.parent_seen && !step.group_met) {
            step.parent_seen = true;
            const bool bounded = stack.size() <= kDependencyLevels && known.size() <= kParentsInAnswer;
            if (bounded && known.try_emplace(dependency.parent, false).second && host_is_up(dependency.parent, purpose, present)) {
                stack.push_back({dependency.parent, edges_begin(dependency.parent)});
                continue;
            }
        }
        const auto parent = known.find(dependency.parent);
        const bool met = step.group_met || (parent != known.end() && parent->second && holds(dependency, purpose, present));
        const bool grouped = !dependency.redundancy_group.empty();
        const std::size_t after = step.next + 1;
        const bool group_goes_on = grouped && after < dependencies_.size() && dependencies_[after].child == step.child &&
                                   dependencies_[after].redundancy_group == dependency.redundancy_group;
        if (!met && !group_goes_on) {
            end_with(false);
            continue;
        }
        step.next = after;
        step.group_met = met && group_goes_on;
        step.parent_seen = false;
    }
    return result;
}

}  // namespace endpointd::schedule
