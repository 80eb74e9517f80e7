#include "schedule/downtime.hpp"

#include <gtest/gtest.h>

namespace endpointd::schedule {
namespace {

constexpr DowntimeTimes kFixed{.fixed = true, .start = 100, .end = 200, .duration = 0, .entry = 50};
constexpr DowntimeTimes kFlexible{.fixed = false, .start = 100, .end = 200, .duration = 60, .entry = 50};

TEST(Downtime, FixedOneIsInEffectFromItsStartUntilItsEnd) {
    EXPECT_FALSE(in_effect(kFixed, 0, 99));
    EXPECT_TRUE(in_effect(kFixed, 0, 100));
    EXPECT_TRUE(in_effect(kFixed, 0, 199));
    EXPECT_FALSE(in_effect(kFixed, 0, 200));
    EXPECT_FALSE(expired(kFixed, 0, 200));
    EXPECT_TRUE(expired(kFixed, 0, 200.5));
}

TEST(Downtime, FlexibleOneIsInEffectForItsDurationOnceItWasTriggered) {
    EXPECT_FALSE(in_effect(kFlexible, 0, 150));
    EXPECT_TRUE(can_be_triggered(kFlexible, 0, 150));
    EXPECT_TRUE(in_effect(kFlexible, 190, 200));
    EXPECT_TRUE(in_effect(kFlexible, 190, 249));
    EXPECT_FALSE(in_effect(kFlexible, 190, 250));
    EXPECT_TRUE(expired(kFlexible, 190, 250));
}

TEST(Downtime, FlexibleOneThatNothingTriggeredExpiresWithItsEnd) {
    EXPECT_FALSE(expired(kFlexible, 0, 200));
    EXPECT_TRUE(expired(kFlexible, 0, 201));
}

TEST(Downtime, IsTriggeredOnceAndWithinItsTimeOnly) {
    EXPECT_FALSE(can_be_triggered(kFlexible, 0, 99));
    EXPECT_FALSE(can_be_triggered(kFlexible, 0, 201));
    EXPECT_FALSE(can_be_triggered(kFlexible, 150, 160));
    EXPECT_FALSE(can_be_triggered(kFlexible, 110, 180)) << "it is over";
    EXPECT_TRUE(can_be_triggered(kFixed, 0, 100));
}

TEST(Downtime, NextTurnIsWhereAnAnswerChanges) {
    EXPECT_EQ(next_turn(kFixed, 0, 50), 100);
    EXPECT_EQ(next_turn(kFixed, 0, 100), 200);
    EXPECT_EQ(next_turn(kFixed, 0, 200), 0);
    EXPECT_EQ(next_turn(kFlexible, 190, 195), 250);
}

}  // namespace
}  // namespace endpointd::schedule
