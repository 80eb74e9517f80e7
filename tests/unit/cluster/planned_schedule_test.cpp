#include "cluster/planned_schedule.hpp"

#include <gmock/gmock.h>

#include <limits>

#include "dsl/config_type.hpp"

namespace endpointd::cluster {
namespace {

using testing::IsEmpty;

constexpr double kNoNumber = std::numeric_limits<double>::quiet_NaN();

class PlannedSchedule : public testing::Test {
protected:
    void add(const std::string& type, const std::string& name, dsl::Attributes attributes, const std::string& zone = "") {
        dsl::Object object;
        object.type = dsl::config_type(type);
        object.name = name;
        object.zone = zone;
        object.attributes = std::move(attributes);
        policy::PlannedObject planned;
        planned.object = std::make_shared<const dsl::Object>(std::move(object));
        plan_.objects.push_back(std::move(planned));
    }
    schedule::Schedule schedule() const { return schedule_of(plan_, "web"); }
    schedule::Configured only() const {
        const schedule::Schedule schedule = this->schedule();
        EXPECT_EQ(schedule.checkables.size(), 1u);
        return schedule.checkables.at(0);
    }

    policy::Plan plan_;
};

TEST_F(PlannedSchedule, WhatIsNotSetIsAsUpstreamHasIt) {
    add("Host", "h", {});
    const schedule::Configured host = only();
    EXPECT_TRUE(host.active && host.passive && host.settings.is_host);
    EXPECT_FALSE(host.settings.is_volatile || host.settings.enable_flapping || host.settings.event_handler);
    EXPECT_EQ(host.settings.check_interval, 300);
    EXPECT_EQ(host.settings.retry_interval, 60);
    EXPECT_EQ(host.settings.max_check_attempts, 3);
    EXPECT_EQ(host.period, "");
}

TEST_F(PlannedSchedule, AFlagMayBeANumber) {
    add("Service", "h!s",
        {{"host_name", "h"},
         {"enable_active_checks", 0},
         {"enable_passive_checks", 2},
         {"enable_event_handler", 0},
         {"event_command", "restart"},
         {"volatile", 1}});
    const schedule::Configured service = only();
    EXPECT_FALSE(service.active);
    EXPECT_TRUE(service.passive);
    EXPECT_TRUE(service.settings.is_volatile);
    EXPECT_FALSE(service.settings.event_handler);
    EXPECT_EQ(service.host, "h");
}

TEST_F(PlannedSchedule, AnIntervalIsANumberThatCanBeWaitedFor) {
    add("Host", "never", {{"check_interval", 1e300}, {"retry_interval", -1}});
    add("Host", "none", {{"check_interval", kNoNumber}, {"retry_interval", "60"}});
    const schedule::Schedule schedule = this->schedule();
    EXPECT_EQ(schedule.checkables[0].settings.check_interval, 1e9);
    EXPECT_EQ(schedule.checkables[0].settings.retry_interval, 0.1);
    EXPECT_EQ(schedule.checkables[1].settings.check_interval, 300);
    EXPECT_EQ(schedule.checkables[1].settings.retry_interval, 60);
}

TEST_F(PlannedSchedule, HasWhatIsInItsZoneOrInNone) {
    add("Host", "ours", {}, "web");
    add("Host", "nobodys", {});
    add("Host", "theirs", {}, "db");
    const schedule::Schedule schedule = this->schedule();
    ASSERT_EQ(schedule.checkables.size(), 2u);
    EXPECT_EQ(schedule.checkables[0].name, "ours");
    EXPECT_EQ(schedule.checkables[1].name, "nobodys");
}

TEST_F(PlannedSchedule, ADowntimeIsFlexibleUnlessItIsSaidToBeFixed) {
    add("Downtime", "h!s!one", {{"host_name", "h"}, {"service_name", "s"}, {"start_time", 10}, {"end_time", 20}, {"duration", 5}});
    add("Downtime", "h!two", {{"host_name", "h"}, {"fixed", true}, {"triggered_by", "h!s!one"}});
    const schedule::Schedule schedule = this->schedule();
    ASSERT_EQ(schedule.downtimes.size(), 2u);
    const schedule::ConfiguredDowntime& one = schedule.downtimes[0];
    EXPECT_FALSE(one.times.fixed);
    EXPECT_EQ(one.checkable, "h!s");
    EXPECT_EQ(one.times.duration, 5);
    EXPECT_TRUE(schedule.downtimes[1].times.fixed);
    EXPECT_EQ(schedule.downtimes[1].checkable, "h");
    EXPECT_EQ(schedule.downtimes[1].triggered_by, "h!s!one");
}

TEST_F(PlannedSchedule, ADependencyAsksForUpOrOk) {
    add("Dependency", "c!of-host", {{"parent_host_name", "p"}, {"child_host_name", "c"}});
    add("Dependency", "c!of-service",
        {{"parent_host_name", "p"}, {"parent_service_name", "s"}, {"child_host_name", "c"}, {"ignore_soft_states", 0}});
    const schedule::Schedule schedule = this->schedule();
    ASSERT_EQ(schedule.dependencies.size(), 2u);
    EXPECT_EQ(schedule.dependencies[0].parent, "p");
    EXPECT_EQ(schedule.dependencies[0].rule.states, schedule::kStatesOfHost);
    EXPECT_TRUE(schedule.dependencies[0].rule.ignore_soft_states);
    EXPECT_EQ(schedule.dependencies[1].parent, "p!s");
    EXPECT_EQ(schedule.dependencies[1].rule.states, schedule::kStatesOfService);
    EXPECT_FALSE(schedule.dependencies[1].rule.ignore_soft_states);
}

TEST_F(PlannedSchedule, APeriodHasTheRangesThatRead) {
    add("TimePeriod", "office", {{"ranges", json::Object{{"monday", "09:00-17:00"}, {"someday", "09:00-17:00"}, {"tuesday", "late"}}}});
    add("TimePeriod", "never", {{"includes", json::Array{"office", 1}}, {"ranges", "09:00-17:00"}});
    const schedule::Schedule schedule = this->schedule();
    EXPECT_EQ(schedule.periods.at("office").ranges.size(), 1u);
    EXPECT_THAT(schedule.periods.at("never").ranges, IsEmpty());
    EXPECT_EQ(schedule.periods.at("never").includes, std::vector<std::string>{"office"});
}

TEST(StateBits, AreOfNumbersAndNames) {
    const json::Value list = json::Array{1, "Critical", "Down", 64, -1, kNoNumber, "down"};
    EXPECT_EQ(state_bits(&list), 1u | 4u | 32u);
    EXPECT_EQ(state_bits(nullptr), 0u);
}

}  // namespace
}  // namespace endpointd::cluster
