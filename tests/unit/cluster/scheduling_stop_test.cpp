// What is not written yet when a node stops.
#include <gtest/gtest.h>

#include "cluster/scheduling.hpp"
#include "config_scene.hpp"

namespace endpointd::cluster {
namespace {

class SchedulingStopTest : public ConfigScene {};

TEST_F(SchedulingStopTest, what_changed_during_a_write_is_written_at_the_stop) {
    push("1", "object Host \"h\" {\n check_command = \"free\"\n}\n");
    std::vector<store::StateChange> written;
    std::vector<std::function<void(bool)>> under_way;
    Services services = at_->bare_services();
    services.wake_at = [](SteadyTime) {};
    services.relay = [](const StateMessage&, const std::optional<Sender>&) {};
    services.keep_states = [&](store::StateChange change, std::function<void(bool)> done) {
        written.push_back(std::move(change));
        under_way.push_back(std::move(done));
    };
    Scheduling scheduling(services);
    scheduling.configure(at_->rules);
    scheduling.publish(at_->plan);
    ASSERT_TRUE(scheduling.pause("h", std::nullopt, "ops"));
    ASSERT_EQ(written.size(), 1u);
    ASSERT_TRUE(scheduling.resume("h"));
    EXPECT_EQ(written.size(), 1u) << "one write at a time";
    scheduling.stop();
    ASSERT_EQ(written.size(), 2u);
    const std::vector<store::StateKey> gone{{"Pause", "h"}};
    EXPECT_EQ(written[1].dropped, gone);
    for (const auto& done : under_way) done(true);
    scheduling.stop();
    EXPECT_EQ(written.size(), 2u);
}

}  // namespace
}  // namespace endpointd::cluster
