#include "schedule/reachability.hpp"

#include <gtest/gtest.h>

#include <set>

namespace endpointd::schedule {
namespace {

using Node = Reachability::Node;

constexpr Purpose kAll[] = {Purpose::state, Purpose::check_execution, Purpose::notification};

// Hosts 0 to 9, and service 10 + N on host N; all of them checked and well.
class ReachabilityTest : public ::testing::Test {
protected:
    ReachabilityTest() : states_(20) {
        for (std::size_t i = 0; i < 20; ++i) set(i, 0);
    }

    void set(std::size_t number, int state, StateType type = StateType::hard) {
        states_[number].checked = true;
        states_[number].state = state;
        states_[number].type = type;
    }

    static Dependency host(std::size_t child, std::size_t parent) { return {.parent = parent, .child = child, .states = kStatesOfHost}; }

    static Dependency grouped(std::size_t child, std::size_t parent, std::string group) {
        Dependency made = host(child, parent);
        made.redundancy_group = std::move(group);
        return made;
    }

    bool reachable(const std::vector<Dependency>& dependencies, std::size_t number, Purpose purpose = Purpose::state) const {
        std::vector<Node> nodes(10);
        for (std::size_t i = 0; i < 10; ++i) nodes.push_back({.host = i});
        const Reachability reachability(nodes, dependencies);
        return reachability.is_reachable(number, purpose,
                                         {.state_of = [&](std::size_t at) -> const CheckableState& { return states_[at]; },
                                          .inside = [&](std::string_view period) { return inside_.contains(std::string(period)); }});
    }

    std::vector<CheckableState> states_;
    std::set<std::string> inside_;
};

TEST_F(ReachabilityTest, ServiceDependsOnItsHostExceptForBeingChecked) {
    EXPECT_TRUE(reachable({}, 10));
    set(0, 2);
    EXPECT_FALSE(reachable({}, 10));
    EXPECT_FALSE(reachable({}, 10, Purpose::notification));
    EXPECT_TRUE(reachable({}, 10, Purpose::check_execution));
    EXPECT_TRUE(reachable({}, 0)) << "a host that is DOWN is reachable itself";
    set(0, 2, StateType::soft);
    EXPECT_TRUE(reachable({}, 10));
    set(0, 1);
    EXPECT_TRUE(reachable({}, 10)) << "WARNING is UP for a host";
}

TEST_F(ReachabilityTest, ServiceIsReachableWhileItsHostIsUpThoughUnreachable) {
    set(1, 2);
    EXPECT_FALSE(reachable({host(0, 1)}, 0));
    EXPECT_TRUE(reachable({host(0, 1)}, 10));
}

TEST_F(ReachabilityTest, StatesOfTheParentAreThoseInWhichAllIsWell) {
    Dependency service{.parent = 11, .child = 0, .states = kStatesOfService};
    for (const auto& [state, well] : {std::pair{0, true}, {1, true}, {2, false}, {3, false}}) {
        set(11, state);
        EXPECT_EQ(reachable({service}, 0), well) << state;
    }
    service.states = kWhenUnknown;
    EXPECT_TRUE(reachable({service}, 0));
    Dependency down{.parent = 1, .child = 0, .states = kWhenDown};
    EXPECT_FALSE(reachable({down}, 0));
    set(1, 3);
    EXPECT_TRUE(reachable({down}, 0));
}

TEST_F(ReachabilityTest, ChecksAndNotificationsAreHeldBackWhereTheDependencySaysSo) {
    set(1, 2);
    Dependency dependency = host(0, 1);
    EXPECT_TRUE(reachable({dependency}, 0, Purpose::check_execution));
    EXPECT_FALSE(reachable({dependency}, 0, Purpose::notification));
    dependency.disable_checks = true;
    dependency.disable_notifications = false;
    EXPECT_FALSE(reachable({dependency}, 0, Purpose::check_execution));
    EXPECT_TRUE(reachable({dependency}, 0, Purpose::notification));
    EXPECT_FALSE(reachable({dependency}, 0));
}

TEST_F(ReachabilityTest, SoftStatesCountOnlyWhereTheyAreNotIgnored) {
    set(1, 2, StateType::soft);
    Dependency dependency = host(0, 1);
    EXPECT_TRUE(reachable({dependency}, 0));
    dependency.ignore_soft_states = false;
    EXPECT_FALSE(reachable({dependency}, 0));
}

TEST_F(ReachabilityTest, ParentThatWasNeverCheckedIsWell) {
    states_[1] = {};
    Dependency dependency = host(0, 1);
    dependency.ignore_soft_states = false;
    EXPECT_TRUE(reachable({dependency}, 0));
}

TEST_F(ReachabilityTest, OutsideOfItsPeriodADependencyDoesNotCount) {
    set(1, 2);
    Dependency dependency = host(0, 1);
    dependency.period = "work";
    EXPECT_TRUE(reachable({dependency}, 0));
    inside_.insert("work");
    EXPECT_FALSE(reachable({dependency}, 0));
}

TEST_F(ReachabilityTest, WhatHangsOnSomethingUnreachableIsUnreachable) {
    set(3, 2);
    for (std::size_t i = 0; i < 3; ++i) {
        EXPECT_FALSE(reachable({host(0, 1), host(1, 2), host(2, 3)}, i)) << i;
        EXPECT_TRUE(reachable({host(0, 1), host(1, 2), host(2, 3)}, i, Purpose::check_execution)) << i;
    }
    EXPECT_TRUE(reachable({host(0, 1), host(1, 2), host(2, 3)}, 3));
    set(3, 0);
    EXPECT_TRUE(reachable({host(0, 1), host(1, 2), host(2, 3)}, 0));
}

TEST_F(ReachabilityTest, ParentServiceIsUnreachableWithItsHost) {
    set(1, 2);
    const Dependency on_service{.parent = 11, .child = 0, .states = kStatesOfService};
    EXPECT_FALSE(reachable({on_service}, 0));
    EXPECT_TRUE(reachable({on_service}, 0, Purpose::check_execution));
}

TEST_F(ReachabilityTest, EveryDependencyOutsideOfGroupsHasToHold) {
    EXPECT_TRUE(reachable({host(0, 1), host(0, 2), host(0, 3)}, 0));
    for (std::size_t i = 1; i <= 3; ++i) {
        set(i, 2);
        EXPECT_FALSE(reachable({host(0, 1), host(0, 2), host(0, 3)}, 0)) << i;
        set(i, 0);
    }
}

TEST_F(ReachabilityTest, OneOfARedundancyGroupIsEnough) {
    const std::vector<Dependency> two_groups = {grouped(0, 1, "a"), grouped(0, 3, "b"), grouped(0, 2, "a"), grouped(0, 4, "b")};
    set(1, 2);
    set(4, 2);
    EXPECT_TRUE(reachable(two_groups, 0));
    set(2, 2);
    EXPECT_FALSE(reachable(two_groups, 0)) << "all of a";
    set(1, 0);
    set(3, 2);
    EXPECT_FALSE(reachable(two_groups, 0)) << "all of b";
}

TEST_F(ReachabilityTest, GroupThatHoldsDoesNotExcuseADependencyOutsideOfIt) {
    set(3, 2);
    EXPECT_FALSE(reachable({grouped(0, 1, "a"), host(0, 3), grouped(0, 2, "a")}, 0));
}

TEST_F(ReachabilityTest, MemberOfAGroupThatIsUnreachableDoesNotHold) {
    set(5, 2);
    const std::vector<Dependency> group = {grouped(0, 1, "a"), grouped(0, 2, "a"), host(1, 5)};
    EXPECT_TRUE(reachable(group, 0));
    set(2, 2);
    EXPECT_FALSE(reachable(group, 0)) << "1 is UP and unreachable, 2 is DOWN";
}

TEST_F(ReachabilityTest, WhatDependsOnItselfAtOnceIsReachableAndThroughOthersIsNot) {
    set(0, 2);
    EXPECT_TRUE(reachable({host(0, 0)}, 0));
    set(0, 0);
    for (const Purpose purpose : kAll) {
        EXPECT_FALSE(reachable({host(0, 1), host(1, 2), host(2, 0)}, 0, purpose));
        EXPECT_FALSE(reachable({host(0, 1), host(1, 2), host(2, 1)}, 0, purpose));
    }
}

TEST_F(ReachabilityTest, CommonParentsAreNoCircle) {
    EXPECT_TRUE(reachable({host(0, 1), host(0, 2), host(1, 3), host(2, 3)}, 0));
    set(3, 2);
    EXPECT_FALSE(reachable({host(0, 1), host(0, 2), host(1, 3), host(2, 3)}, 0));
}

// A chain or a crowd of hosts that are all well, asked for the first.
bool reachable_at_the_end(std::size_t count, bool chain) {
    std::vector<Dependency> dependencies;
    for (std::size_t i = 1; i <= count; ++i) dependencies.push_back({.parent = i, .child = chain ? i - 1 : 0, .states = kStatesOfHost});
    const Reachability reachability(std::vector<Node>(count + 1), dependencies);
    CheckableState well;
    well.checked = true;
    well.state = 0;
    well.type = StateType::hard;
    return reachability.is_reachable(
        0, Purpose::state,
        {.state_of = [&](std::size_t) -> const CheckableState& { return well; }, .inside = [](std::string_view) { return true; }});
}

TEST(ReachabilityBounds, ChainBehindTheBoundIsNotReachable) {
    EXPECT_TRUE(reachable_at_the_end(kDependencyLevels, true));
    EXPECT_FALSE(reachable_at_the_end(kDependencyLevels + 1, true));
    EXPECT_FALSE(reachable_at_the_end(100'000, true));
}

TEST(ReachabilityBounds, MoreParentsThanTheBoundAreNotReachable) {
    EXPECT_TRUE(reachable_at_the_end(kParentsInAnswer, false));
    EXPECT_FALSE(reachable_at_the_end(kParentsInAnswer + 1, false));
}

}  // namespace
}  // namespace endpointd::schedule
