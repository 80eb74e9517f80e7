// The same sequences run through a real Icinga 2 in tests/interop/test_state_differential.py; here stands what
// each rule is.
#include "schedule/state_machine.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace endpointd::schedule {
namespace {

struct Subject {
    CheckSettings settings;
    CheckableState state;
    double now = 1'700'000'000;

    Transition result(int value) {
        now += 60;
        return *observe(settings, state, {.state = value, .execution_start = now - 1, .execution_end = now, .reachable = true}, now);
    }
};

TEST(StateMachine, ProblemIsSoftUntilItWasSeenMaxCheckAttemptsTimes) {
    Subject it;
    it.result(0);
    EXPECT_EQ(it.state.type, StateType::hard);
    EXPECT_FALSE(it.result(2).hard_change);
    EXPECT_EQ(it.state.attempt, 1);
    EXPECT_FALSE(it.result(1).hard_change);
    EXPECT_EQ(it.state.attempt, 2);
    EXPECT_EQ(it.state.type, StateType::soft);
    EXPECT_TRUE(it.result(2).hard_change);
    EXPECT_EQ(it.state.type, StateType::hard);
    EXPECT_EQ(it.state.attempt, 1);
}

TEST(StateMachine, FirstResultThatIsAProblemIsTheSecondAttempt) {
    // Something that was never checked counts as UNKNOWN.
    Subject it;
    it.result(2);
    EXPECT_EQ(it.state.attempt, 2);
    EXPECT_EQ(it.state.type, StateType::soft);
}

TEST(StateMachine, OkIsHardAtOnce) {
    Subject it;
    it.result(0);
    it.result(2);
    const Transition back = it.result(0);
    EXPECT_TRUE(back.recovery);
    EXPECT_TRUE(back.hard_change);
    EXPECT_EQ(it.state.type, StateType::hard);
}

TEST(StateMachine, WarningOfAHostIsUp) {
    Subject it;
    it.settings.is_host = true;
    it.result(0);
    EXPECT_FALSE(it.result(1).state_change);
    EXPECT_EQ(it.state.type, StateType::hard);
    EXPECT_TRUE(it.result(2).state_change);
    EXPECT_FALSE(it.result(3).state_change) << "UNKNOWN of a host is DOWN like CRITICAL";
}

TEST(StateMachine, OlderResultIsNotTaken) {
    Subject it;
    it.result(0);
    const CheckableState before = it.state;
    EXPECT_FALSE(observe(it.settings, it.state, {.state = 2, .execution_start = it.now - 10, .execution_end = it.now - 9}, it.now));
    EXPECT_EQ(it.state, before);
}

TEST(StateMachine, ResultFromAClockThatWasAheadIsReplaced) {
    Subject it;
    it.result(0);
    it.state.execution_start = it.now + 3600;
    EXPECT_TRUE(observe(it.settings, it.state, {.state = 2, .execution_start = it.now, .execution_end = it.now}, it.now));
    EXPECT_EQ(it.state.state, 2);
}

TEST(StateMachine, NormalAcknowledgementEndsWithAnyChangeAndAStickyOneWithTheRecovery) {
    for (const bool sticky : {false, true}) {
        Subject it;
        it.settings.max_check_attempts = 1;
        it.result(2);
        it.state.acknowledgement.type = sticky ? Acknowledgement::Type::sticky : Acknowledgement::Type::normal;
        EXPECT_FALSE(it.result(2).acknowledgement_cleared);
        EXPECT_EQ(it.result(1).acknowledgement_cleared, !sticky);
        EXPECT_EQ(it.result(0).acknowledgement_cleared, sticky);
        EXPECT_EQ(it.state.acknowledgement, Acknowledgement{});
    }
}

TEST(StateMachine, AcknowledgementHoldsUntilItsExpiry) {
    Acknowledgement acknowledgement{.type = Acknowledgement::Type::normal, .expiry = 100, .changed = 1};
    EXPECT_TRUE(acknowledgement.holds(100));
    EXPECT_FALSE(acknowledgement.holds(100.5));
    acknowledgement.expiry = 0;
    EXPECT_TRUE(acknowledgement.holds(1e9));
}

TEST(StateMachine, PreviousHardStateIsNoneUntilThereWereTwo) {
    Subject it;
    it.settings.max_check_attempts = 1;
    EXPECT_EQ(it.result(2).previous_hard_state, kPending);
    EXPECT_EQ(it.result(0).previous_hard_state, 2);
    EXPECT_EQ(it.result(1).previous_hard_state, 0);
}

TEST(StateMachine, VolatileTakesEachResultForAHardOne) {
    Subject it;
    it.settings.is_volatile = true;
    it.result(0);
    it.result(2);
    EXPECT_EQ(it.state.type, StateType::soft);
    EXPECT_EQ(it.state.last_hard_state, 2);
    EXPECT_EQ(it.state.last_hard_state_change, it.now);
}

TEST(StateMachine, FlappingStartsAboveTheHighThresholdAndEndsBelowTheLowOne) {
    Subject it;
    it.settings.enable_flapping = true;
    it.settings.max_check_attempts = 1;
    bool started = false;
    for (int i = 0; i < 20; ++i) started |= it.result(i % 2 == 0 ? 0 : 2).flapping_started;
    EXPECT_TRUE(started);
    EXPECT_TRUE(is_flapping(it.settings, it.state));
    bool ended = false;
    for (int i = 0; i < 21; ++i) ended |= it.result(0).flapping_ended;
    EXPECT_TRUE(ended);
    EXPECT_EQ(it.state.flapping_current, 0);
}

TEST(StateMachine, IgnoredStateIsNoChange) {
    Subject it;
    it.settings.flapping_ignored = 1U << 2;
    it.result(0);
    const double before = it.state.flapping_current;
    for (int i = 0; i < 10; ++i) it.result(i % 2 == 0 ? 2 : 0);
    EXPECT_LT(it.state.flapping_current, before);
}

TEST(StateMachine, NextCheckIsARetryIntervalAwayInASoftState) {
    Subject it;
    it.settings.check_interval = 300;
    it.settings.retry_interval = 30;
    it.result(0);
    EXPECT_NEAR(next_check_after(it.settings, it.state, it.now, 0), it.now + 300, 0.51);
    it.result(2);
    EXPECT_NEAR(next_check_after(it.settings, it.state, it.now, 0), it.now + 30, 0.51);
}

TEST(StateMachine, ChecksThatBeganTogetherAreDrawnApart) {
    const CheckSettings settings;
    CheckableState state;
    state.checked = true;
    state.type = StateType::hard;
    double first = 1'700'000'000, second = first;
    for (int i = 0; i < 200; ++i) {
        first = next_check_after(settings, state, first, 12'345);
        second = next_check_after(settings, state, second, 20'000);
    }
    EXPECT_GT(std::abs(first - second), 5);
}

TEST(StateMachine, HandlersAreForSoftProblemsHardChangesRecoveriesAndVolatileProblems) {
    struct Row {
        const char* what;
        bool is_volatile;
        std::vector<int> results;
        std::vector<bool> handled;
    };
    const Row rows[] = {
        {"each attempt, the hard one, and the recovery", false, {0, 2, 2, 2, 2, 0, 0}, {true, true, true, true, false, true, false}},
        {"another problem of a hard state", false, {0, 2, 2, 2, 1, 1, 2}, {true, true, true, true, true, false, true}},
        {"a soft problem that goes by itself", false, {0, 1, 0, 0}, {true, true, true, false}},
        {"volatile: each problem, and no more of what is well",
         true,
         {0, 2, 2, 2, 2, 2, 0, 0},
         {true, true, true, true, true, true, true, false}},
        {"a first result that is well is a recovery from UNKNOWN", false, {0, 0}, {true, false}},
        {"a first problem", false, {3, 3, 3}, {true, true, false}},
    };
    for (const Row& row : rows) {
        SCOPED_TRACE(row.what);
        Subject it, off;
        it.settings.event_handler = true;
        it.settings.is_volatile = off.settings.is_volatile = row.is_volatile;
        for (std::size_t i = 0; i < row.results.size(); ++i) {
            EXPECT_EQ(it.result(row.results[i]).event_handler, row.handled[i]) << "result " << i;
            EXPECT_FALSE(off.result(row.results[i]).event_handler) << "there is none, or it is switched off";
        }
    }
}

TEST(StateMachine, AHostThatStaysUpIsNothingForAHandler) {
    Subject it;
    it.settings.is_host = it.settings.event_handler = it.settings.is_volatile = true;
    it.settings.max_check_attempts = 1;
    it.result(0);
    EXPECT_FALSE(it.result(1).event_handler);
    EXPECT_TRUE(it.result(2).event_handler);
    it.settings.is_volatile = false;
    EXPECT_FALSE(it.result(3).event_handler) << "DOWN as it was";
    EXPECT_TRUE(it.result(1).event_handler);
}

TEST(StateMachine, HandlersAreCalledWhateverElseHoldsOfTheObject) {
    Subject it;
    it.settings.event_handler = it.settings.enable_flapping = true;
    it.settings.max_check_attempts = 1;
    for (int i = 0; i < 20; ++i) it.result(i % 2 == 0 ? 0 : 2);
    ASSERT_TRUE(is_flapping(it.settings, it.state));
    it.state.acknowledgement = {Acknowledgement::Type::sticky, 0, 1};
    const Transition transition = *observe(
        it.settings, it.state, {.state = 1, .execution_start = it.now + 1, .execution_end = it.now + 2, .reachable = false}, it.now + 2);
    EXPECT_TRUE(transition.event_handler);
}

}  // namespace
}  // namespace endpointd::schedule
