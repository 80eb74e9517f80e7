#include "cluster/builtin.hpp"

#include <gtest/gtest.h>

namespace endpointd::cluster {
namespace {

NodeHealth health() {
    NodeHealth node;
    node.node = "web1";
    node.version = "0.1.0";
    node.uptime = 61.5;
    node.endpoints = {{"master1", "master", true, 3}, {"master2", "master", false, 0}, {"far1", "far", false, 0}};
    node.counters = {{"executed", 5}};
    return node;
}

TEST(BuiltinIcinga, IsCriticalWithoutARunner) {
    NodeHealth node = health();
    EXPECT_EQ(run_builtin("icinga", {}, node).state, 0);
    EXPECT_EQ(run_builtin("icinga", {}, node).output, "endpointd 0.1.0 on web1, up 61 s");
    node.runner_available = false;
    EXPECT_EQ(run_builtin("icinga", {}, node).state, 2);
}

TEST(BuiltinCluster, NamesWhoIsAway) {
    const BuiltinResult result = run_builtin("cluster", {}, health());
    EXPECT_EQ(result.state, 2);
    EXPECT_EQ(result.output, "2 endpoints are not connected: master2, far1");
    EXPECT_EQ(result.performance_data.size(), 3U);
}

TEST(BuiltinClusterZone, IsFineWithOneOfItsEndpointsAndWeighsTheLag) {
    EXPECT_EQ(run_builtin("cluster-zone", {{"cluster_zone", "master"}}, health()).state, 0);
    EXPECT_EQ(run_builtin("cluster-zone", {{"cluster_zone", "far"}}, health()).state, 2);
    EXPECT_EQ(run_builtin("cluster-zone", {{"cluster_zone", "nowhere"}}, health()).state, 3);
    EXPECT_EQ(run_builtin("cluster-zone", {{"cluster_zone", "master"}, {"cluster_lag_warning", 2}}, health()).state, 1);
    EXPECT_EQ(run_builtin("cluster-zone", {{"cluster_zone", "master"}, {"cluster_lag_warning", 2}, {"cluster_lag_critical", 2.5}}, health())
                  .state,
              2);
}

}  // namespace
}  // namespace endpointd::cluster
