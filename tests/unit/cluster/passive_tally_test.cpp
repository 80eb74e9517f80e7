// Which results that parents submit the audit hears of at once.
#include "cluster/passive_tally.hpp"

#include <gtest/gtest.h>

namespace endpointd::cluster {
namespace {

using std::chrono::seconds;

constexpr SteadyTime kBegin{};

TEST(PassiveTally, TheFirstIsToldAtOnceAndThenEachDoubling) {
    PassiveTally tally;
    std::vector<std::uint64_t> told;
    std::uint64_t all = 0;
    for (int i = 0; i < 10'000; ++i)
        if (const std::uint64_t now = tally.add("m", "h!s", kBegin); now != 0) {
            told.push_back(now);
            all += now;
        }
    EXPECT_EQ(told.size(), 14u) << "1, 1, 2, 4, ... 4096";
    EXPECT_EQ(told.back(), 4096u);
    EXPECT_EQ(tally.next(), kBegin + kTallyHeld);
    EXPECT_TRUE(tally.due(kBegin + kTallyHeld - seconds(1)).empty());
    const std::vector<PassiveTally::Count> rest{{"m", "h!s", 10'000 - all}};
    EXPECT_EQ(tally.due(kBegin + kTallyHeld), rest);
    EXPECT_TRUE(tally.due(kBegin + kTallyHeld).empty());
}

TEST(PassiveTally, ParentsAndObjectsAreCountedApart) {
    PassiveTally tally;
    for (const char* parent : {"m1", "m2"})
        for (const char* object : {"h", "h!s"}) EXPECT_EQ(tally.add(parent, object, kBegin), 1u);
    EXPECT_EQ(tally.add("m1", "h", kBegin), 1u);
    EXPECT_EQ(tally.add("m1", "h", kBegin), 0u);
    const std::vector<PassiveTally::Count> held{{"m1", "h", 1}};
    EXPECT_EQ(tally.end(), held);
    EXPECT_FALSE(tally.next());
}

TEST(PassiveTally, WhatNobodySubmitsForIsForgotten) {
    PassiveTally tally;
    EXPECT_EQ(tally.add("m", "h", kBegin), 1u);
    EXPECT_TRUE(tally.due(kBegin + kTallyHeld).empty());
    EXPECT_FALSE(tally.next());
    EXPECT_EQ(tally.add("m", "h", kBegin + kTallyHeld), 1u);
}

TEST(PassiveTally, ManyAreGivenOutInTurnsAndTooManyOneByOne) {
    PassiveTally tally;
    for (int results = 0; results < 3; ++results)
        for (std::size_t i = 0; i < kTallied; ++i) tally.add("m", "h!" + std::to_string(i), kBegin);
    EXPECT_EQ(tally.add("m", "h!more", kBegin), 1u);
    EXPECT_EQ(tally.add("m", "h!more", kBegin), 1u);
    EXPECT_EQ(tally.due(kBegin + kTallyHeld).size(), kTallyBatch);
    EXPECT_TRUE(tally.due(kBegin + kTallyHeld).empty());
    EXPECT_EQ(tally.next(), kBegin + kTallyHeld + kTallyPause);
    EXPECT_EQ(tally.due(kBegin + kTallyHeld + kTallyPause).size(), kTallyBatch);
    EXPECT_EQ(tally.end().size(), kTallyAtEnd);
}

}  // namespace
}  // namespace endpointd::cluster
