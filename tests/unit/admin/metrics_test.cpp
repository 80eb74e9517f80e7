#include "admin/metrics.hpp"

#include <gtest/gtest.h>

#include "json/document.hpp"

namespace endpointd::admin {
namespace {

TEST(Metrics, ArePrometheusText) {
    const Result<json::Value> status = json::parse(
        R"({"node":"web1","version":"0.1.0","uptime":12.5,"runner":{"executed":7},"parents":[{"name":"m\"1\n","connected":true,"queued":3}]})");
    ASSERT_TRUE(status);
    EXPECT_EQ(prometheus_text(*status, true),
              "# HELP endpointd_healthy Whether the daemon does its work.\n"
              "# TYPE endpointd_healthy gauge\n"
              "endpointd_healthy 1\n"
              "# HELP endpointd_info The node and its version.\n"
              "# TYPE endpointd_info gauge\n"
              "endpointd_info{node=\"web1\",version=\"0.1.0\"} 1\n"
              "# HELP endpointd_uptime_seconds Seconds since the start.\n"
              "# TYPE endpointd_uptime_seconds gauge\n"
              "endpointd_uptime_seconds 12.5\n"
              "# HELP endpointd_runner_executed_total Commands that ran.\n"
              "# TYPE endpointd_runner_executed_total counter\n"
              "endpointd_runner_executed_total 7\n"
              "# HELP endpointd_parent_connected Whether the parent is connected.\n"
              "# TYPE endpointd_parent_connected gauge\n"
              "endpointd_parent_connected{parent=\"m\\\"1\\n\"} 1\n"
              "# HELP endpointd_parent_queued Messages waiting for the parent.\n"
              "# TYPE endpointd_parent_queued gauge\n"
              "endpointd_parent_queued{parent=\"m\\\"1\\n\"} 3\n");
}

TEST(Metrics, LeaveOutWhatIsMissing) { EXPECT_TRUE(prometheus_text(json::Value(), false).ends_with("endpointd_healthy 0\n")); }

}  // namespace
}  // namespace endpointd::admin
