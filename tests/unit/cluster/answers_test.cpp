#include "cluster/answers.hpp"

#include <gtest/gtest.h>

namespace endpointd::cluster {
namespace {

using namespace std::chrono_literals;

std::vector<std::string> texts(std::vector<StoredAnswer> answers) {
    std::vector<std::string> payloads;
    for (StoredAnswer& answer : answers) payloads.push_back(std::move(answer.payload));
    return payloads;
}

TEST(StoredAnswers, ComeBackInOrderAndOnlyOnce) {
    StoredAnswers stored;
    const SteadyTime now{};
    EXPECT_TRUE(stored.keep("m1", "a", now + 90s, now));
    EXPECT_TRUE(stored.keep("m2", "x", now + 90s, now));
    EXPECT_TRUE(stored.keep("m1", "b", now + 90s, now));
    EXPECT_EQ(stored.waiting("m1"), 2U);
    EXPECT_EQ(texts(stored.take("m1", now)), (std::vector<std::string>{"a", "b"}));
    EXPECT_TRUE(stored.take("m1", now).empty());
    EXPECT_EQ(stored.waiting(), 1U);
}

TEST(StoredAnswers, AreDroppedWhenTheParentHasAskedAgain) {
    StoredAnswers stored;
    const SteadyTime now{};
    stored.keep("m1", "old", now + 90s, now);
    stored.keep("m1", "new", now + 120s, now);
    EXPECT_EQ(texts(stored.take("m1", now + 90s)), (std::vector<std::string>{"new"}));
}

TEST(StoredAnswers, AreBoundedInNumberAndLoseTheOldest) {
    StoredAnswers stored;
    const SteadyTime now{};
    for (std::size_t i = 0; i < limits::kStoredAnswers; ++i) ASSERT_TRUE(stored.keep("m", std::to_string(i), now + 1s, now));
    EXPECT_FALSE(stored.keep("m", "last", now + 1s, now));
    const auto answers = texts(stored.take("m", now));
    EXPECT_EQ(answers.size(), limits::kStoredAnswers);
    EXPECT_EQ(answers.front(), "1");
    EXPECT_EQ(answers.back(), "last");
}

TEST(StoredAnswers, AreBoundedInBytes) {
    StoredAnswers stored;
    const SteadyTime now{};
    const std::string big(limits::kStoredAnswerBytes / 2, 'x');
    EXPECT_TRUE(stored.keep("m", big, now + 1s, now));
    EXPECT_TRUE(stored.keep("m", big, now + 1s, now));
    EXPECT_FALSE(stored.keep("m", "y", now + 1s, now));
    EXPECT_EQ(stored.waiting("m"), 2U);
}

TEST(StoredAnswers, MakeRoomByDroppingWhatHasExpired) {
    StoredAnswers stored;
    const SteadyTime now{};
    const std::string big(limits::kStoredAnswerBytes, 'x');
    stored.keep("m", big, now + 1s, now);
    EXPECT_TRUE(stored.keep("m", "y", now + 10s, now + 2s));
    EXPECT_EQ(stored.waiting("m"), 1U);
}

}  // namespace
}  // namespace endpointd::cluster
