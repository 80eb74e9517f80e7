// One script for both ends, with something going wrong behind every single step of it.

#include <gtest/gtest.h>

#include "outbound_world.hpp"

namespace endpointd::cluster {
namespace {

enum class Fault { connection, connection_after_connection, peer_and_other_takes_over, crash, disk, clock_back };

// Two messages are made at each step, then one thing happens: the disk does one job, or
// the parent reads one message, or confirms, or the clock ticks.
struct Script {
    explicit Script(Fault fault, int at) : world(kAllResults), fault_(fault), at_(at) {
        world.connect("master1");
        for (int step = 0; step < kSteps; ++step) {
            one(step);
            const int times = fault_ == Fault::connection_after_connection ? 8 : 1;
            if (step >= at_ && step < at_ + times) go_wrong();
        }
        world.disk_fails = false;
        for (const char* name : {"master1", "master2"})
            if (!world.parents[name].here) world.connect(name);
        // Twice: what failed is tried again at a tick.
        for (int i = 0; i < 2; ++i) {
            world.outbound->tick();
            world.settle();
        }
    }

    void one(int step) {
        world.clock_.advance(std::chrono::milliseconds(3));
        FakeParent& parent = world.parents["master1"];
        switch (step % 7) {
            case 0:
            case 3:
                world.say(++made);
                world.say(++made);
                break;
            case 1:
            case 4:
                world.disk();
                break;
            case 2:
            case 5:
                if (!parent.on_the_wire.empty()) {
                    parent.receive();
                    world.outbound->room("master1");
                }
                break;
            case 6:
                if (parent.here) world.acknowledge("master1");
                world.outbound->tick();
                break;
        }
    }

    void go_wrong() {
        switch (fault_) {
            case Fault::connection:
            case Fault::connection_after_connection:
                world.disconnect("master1");
                world.connect("master1");
                break;
            case Fault::peer_and_other_takes_over:
                world.connect("master2");
                world.disconnect("master1");
                break;
            case Fault::crash:
                // What the disk was asked for but has not done is lost with the process.
                world.restart();
                world.connect("master1");
                break;
            case Fault::disk:
                world.disk_fails = true;
                break;
            case Fault::clock_back:
                world.clock_.step_wall(-std::chrono::hours(1));
                break;
        }
    }

    static constexpr int kSteps = 70;
    OutboundWorld world;
    int made = 0;

private:
    Fault fault_;
    int at_;
};

class OutboundSimulation : public testing::TestWithParam<Fault> {};

TEST_P(OutboundSimulation, WhateverFailsAtWhateverStepEverythingStoredArrivesInOrder) {
    for (int at = 0; at < Script::kSteps; ++at) {
        Script script(GetParam(), at);
        std::vector<int> zone;
        for (const char* name : {"master1", "master2"}) {
            std::vector<int> got = script.world.parents[name].checks();
            EXPECT_TRUE(std::ranges::is_sorted(got)) << name << ", fault at step " << at;
            // What went to one of them may come again through the other, which cannot know; to one it comes once.
            EXPECT_EQ(std::ranges::adjacent_find(got), got.end()) << name << ", fault at step " << at;
            zone.insert(zone.end(), got.begin(), got.end());
        }
        std::ranges::sort(zone);
        zone.erase(std::unique(zone.begin(), zone.end()), zone.end());
        // Only a crash loses anything: what was made and not yet stored.
        const std::size_t least = static_cast<std::size_t>(script.made) - (GetParam() == Fault::crash ? 14 : 0);
        EXPECT_GE(zone.size(), least) << "fault at step " << at;
        EXPECT_EQ(script.world.outbound->queued("master1"), 0U) << "fault at step " << at;
    }
}

INSTANTIATE_TEST_SUITE_P(Faults, OutboundSimulation,
                         testing::Values(Fault::connection, Fault::connection_after_connection, Fault::peer_and_other_takes_over,
                                         Fault::crash, Fault::disk, Fault::clock_back));

}  // namespace
}  // namespace endpointd::cluster
