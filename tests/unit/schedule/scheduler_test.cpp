#include "schedule/scheduler.hpp"

#include <gmock/gmock.h>

#include <set>

namespace endpointd::schedule {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class SchedulerTest : public testing::Test {
protected:
    Now now{1'700'000'000, 1000};
    Scheduler scheduler{now, 4};
    KeptStates kept;
    Schedule schedule;

    static Configured service(const std::string& name, double interval = 60) {
        Configured configured;
        configured.name = name;
        configured.host = name.substr(0, name.find('!'));
        configured.settings.check_interval = interval;
        configured.settings.retry_interval = 10;
        configured.settings.is_host = false;
        return configured;
    }
    static Configured host(const std::string& name) {
        Configured configured = service(name);
        configured.host.clear();
        configured.settings.is_host = true;
        return configured;
    }
    void configure() { scheduler.configure(schedule, kept, now); }
    Id id(const std::string& name) { return scheduler.find(name).value(); }
    void pass(double seconds) {
        now.wall += seconds;
        now.steady += seconds;
    }
    template <class T>
    static std::vector<T> only(const Events& events) {
        std::vector<T> found;
        for (const Event& event : events)
            if (const T* one = std::get_if<T>(&event)) found.push_back(*one);
        return found;
    }
    std::vector<std::string> due() {
        Events events;
        scheduler.due(now, events);
        std::vector<std::string> names;
        for (const RunCheck& run : only<RunCheck>(events)) names.push_back(scheduler.name(run.id));
        return names;
    }
    // Runs time forward to the next wake; none: nothing will ever happen.
    bool sleep() {
        const auto wake = scheduler.next_wake();
        if (!wake) return false;
        if (*wake > now.steady) pass(*wake - now.steady);
        return true;
    }
    Events result(const std::string& name, int state) {
        Events events;
        scheduler.finished(id(name), {state, now.wall, now.wall, true}, now, events);
        return events;
    }
    void until_running(const std::string& name) {
        for (int i = 0; i < 1000 && !scheduler.running(id(name)); ++i) {
            ASSERT_TRUE(sleep());
            for (const std::string& started : due())
                if (started != name) result(started, 0);
        }
    }
    void check(const std::string& name, int state) {
        until_running(name);
        result(name, state);
    }
};

TEST_F(SchedulerTest, AnAcknowledgementEndsBehindItsExpiryAndThatIsToldOnce) {
    for (const char* name : {"h!a", "h!b", "h!c"}) schedule.checkables.push_back(service(name, 86400));
    configure();
    for (const char* name : {"h!a", "h!b", "h!c"}) check(name, 2);
    scheduler.take_changed();
    const double expiry = now.wall + 60;
    const auto acknowledge = [&](const char* name) {
        return scheduler.acknowledge(id(name), {Acknowledgement::Type::sticky, expiry, now.wall}, now);
    };
    for (const char* name : {"h!a", "h!b", "h!c"}) ASSERT_TRUE(acknowledge(name));
    // One is taken back, one's state comes right before.
    ASSERT_TRUE(scheduler.clear_acknowledgement(id("h!b")));
    Events events;
    ASSERT_TRUE(scheduler.submitted(id("h!c"), {0, now.wall, now.wall, true}, 0, now, events));
    ASSERT_EQ(only<AcknowledgementEnded>(events).size(), 1u);
    events.clear();

    pass(60);
    scheduler.due(now, events);
    EXPECT_THAT(only<AcknowledgementEnded>(events), IsEmpty()) << "it holds up to this moment";
    EXPECT_FALSE(acknowledge("h!a"));
    ASSERT_TRUE(scheduler.next_wake());
    EXPECT_LE(*scheduler.next_wake(), now.steady + 2 * kAfterExpiry);
    scheduler.take_changed();
    pass(2 * kAfterExpiry);
    scheduler.due(now, events);
    ASSERT_EQ(only<AcknowledgementEnded>(events).size(), 1u);
    EXPECT_EQ(only<AcknowledgementEnded>(events)[0].id, id("h!a"));
    EXPECT_EQ(scheduler.state(id("h!a")).acknowledgement, Acknowledgement());
    EXPECT_THAT(scheduler.take_changed(), ElementsAre(id("h!a")));
    events.clear();
    pass(1);
    scheduler.due(now, events);
    EXPECT_THAT(only<AcknowledgementEnded>(events), IsEmpty());
}

TEST_F(SchedulerTest, AnAcknowledgementThatWasKeptEndsToo) {
    CheckableState state;
    state.checked = true;
    state.state = 2;
    state.acknowledgement = {Acknowledgement::Type::normal, now.wall - 5, now.wall - 60};
    kept.checkables["h!past"] = state;
    state.acknowledgement.expiry = now.wall + 30;
    kept.checkables["h!later"] = state;
    state.acknowledgement.expiry = 0;
    kept.checkables["h!never"] = state;
    for (const char* name : {"h!past", "h!later", "h!never"}) schedule.checkables.push_back(service(name, 86400));
    configure();
    std::vector<std::string> ended;
    const auto turn = [&] {
        Events events;
        scheduler.due(now, events);
        for (const AcknowledgementEnded& event : only<AcknowledgementEnded>(events)) ended.push_back(scheduler.name(event.id));
    };
    pass(1);
    turn();
    EXPECT_THAT(ended, ElementsAre("h!past"));
    // The clock is set back: it holds for as long as it says.
    now.wall -= 20;
    pass(30);
    turn();
    EXPECT_THAT(ended, ElementsAre("h!past"));
    pass(20);
    turn();
    EXPECT_THAT(ended, ElementsAre("h!past", "h!later"));
    pass(1e6);
    turn();
    EXPECT_EQ(ended.size(), 2u);
}

TEST_F(SchedulerTest, ChecksEverythingWithinAMinuteOfTheStartAndNotAtOnce) {
    for (int i = 0; i < 100; ++i) schedule.checkables.push_back(service("h!s" + std::to_string(i), 3600));
    configure();
    std::set<std::string> seen;
    std::set<long> moments;
    while (seen.size() < 100) {
        ASSERT_TRUE(sleep());
        for (const std::string& name : due()) {
            seen.insert(name);
            moments.insert(static_cast<long>(now.wall));
            result(name, 0);
        }
    }
    EXPECT_LE(now.wall, 1'700'000'060);
    EXPECT_GT(moments.size(), 30U);
}

TEST_F(SchedulerTest, StartsNoMoreThanThereAreSlots) {
    for (int i = 0; i < 10; ++i) schedule.checkables.push_back(service("h!s" + std::to_string(i)));
    configure();
    pass(60);
    const auto first = due();
    EXPECT_EQ(first.size(), 4U);
    EXPECT_THAT(due(), IsEmpty());
    EXPECT_FALSE(scheduler.next_wake());
    result(first[0], 0);
    EXPECT_EQ(due().size(), 1U);
}

TEST_F(SchedulerTest, TellsTheNextCheckBeforeTheResult) {
    schedule.checkables = {service("h!s")};
    configure();
    pass(60);
    Events events;
    scheduler.due(now, events);
    ASSERT_EQ(events.size(), 3U);
    EXPECT_TRUE(std::holds_alternative<CheckStarted>(events[0]));
    EXPECT_TRUE(std::holds_alternative<NextCheckMoved>(events[1]));
    EXPECT_TRUE(std::holds_alternative<RunCheck>(events[2]));
    const Events after = result("h!s", 2);
    ASSERT_EQ(after.size(), 2U);
    ASSERT_TRUE(std::holds_alternative<NextCheckMoved>(after[0]));
    EXPECT_NEAR(std::get<NextCheckMoved>(after[0]).at, now.wall + 10, 1.0) << "soft: the retry interval";
    EXPECT_TRUE(std::holds_alternative<Resulted>(after[1]));
}

TEST_F(SchedulerTest, PausedOneIsNotCheckedUnlessForced) {
    schedule.checkables = {service("h!s")};
    schedule.checkables[0].active = false;
    configure();
    EXPECT_FALSE(scheduler.next_wake());
    Events events;
    scheduler.force(id("h!s"), true, now);
    EXPECT_TRUE(scheduler.move_next_check(id("h!s"), now.wall, now, events));
    EXPECT_THAT(due(), ElementsAre("h!s"));
    result("h!s", 0);
    EXPECT_FALSE(scheduler.next_wake());
    schedule.checkables[0].active = true;
    configure();
    EXPECT_TRUE(scheduler.next_wake());
}

TEST_F(SchedulerTest, ForceAloneChecksNothingThatIsPaused) {
    schedule.checkables = {service("h!s")};
    schedule.checkables[0].active = false;
    configure();
    pass(3600);
    scheduler.force(id("h!s"), true, now);
    EXPECT_THAT(due(), IsEmpty());
    scheduler.force(id("h!s"), false, now);
    Events events;
    scheduler.move_next_check(id("h!s"), now.wall, now, events);
    EXPECT_THAT(due(), IsEmpty());
}

TEST_F(SchedulerTest, ForcedCheckTellsThatItIsForcedNoLonger) {
    schedule.checkables = {service("h!s")};
    configure();
    scheduler.force(id("h!s"), true, now);
    pass(60);
    Events events;
    scheduler.due(now, events);
    ASSERT_FALSE(events.empty());
    EXPECT_TRUE(std::holds_alternative<ForceEnded>(events[0]));
    EXPECT_TRUE(only<RunCheck>(events)[0].forced);
    EXPECT_FALSE(scheduler.state(id("h!s")).force_next_check);
}

TEST_F(SchedulerTest, ForcedCheckThatIsAskedForDuringOneFollowsIt) {
    for (const bool paused : {false, true}) {
        schedule.checkables = {service("h!s", 3600)};
        configure();
        until_running("h!s");
        if (paused) {
            schedule.checkables[0].active = false;
            configure();
        }
        scheduler.force(id("h!s"), true, now);
        Events events;
        scheduler.move_next_check(id("h!s"), now.wall, now, events);
        EXPECT_THAT(due(), IsEmpty());
        pass(2);
        result("h!s", 2);
        EXPECT_THAT(due(), ElementsAre("h!s"));
        result("h!s", 0);
        EXPECT_THAT(due(), IsEmpty()) << "once";
        EXPECT_EQ(scheduler.next_wake().has_value(), !paused);
    }
}

TEST_F(SchedulerTest, ForcedCheckThatIsAskedForLaterDuringOneWaitsForItsTime) {
    schedule.checkables = {service("h!s", 3600)};
    configure();
    until_running("h!s");
    scheduler.force(id("h!s"), true, now);
    Events events;
    const double asked = now.wall + 100;
    scheduler.move_next_check(id("h!s"), asked, now, events);
    result("h!s", 0);
    EXPECT_EQ(scheduler.state(id("h!s")).next_check, asked);
    pass(99);
    EXPECT_THAT(due(), IsEmpty());
    pass(1);
    EXPECT_THAT(due(), ElementsAre("h!s"));
}

TEST_F(SchedulerTest, OutsideOfItsPeriodItWaitsForIt) {
    Period never;
    schedule.periods.emplace("never", never);
    schedule.checkables = {service("h!s")};
    schedule.checkables[0].period = "never";
    configure();
    pass(60);
    EXPECT_THAT(due(), IsEmpty());
    EXPECT_GT(scheduler.state(id("h!s")).next_check, now.wall);
    scheduler.force(id("h!s"), true, now);
    Events events;
    scheduler.move_next_check(id("h!s"), now.wall, now, events);
    EXPECT_THAT(due(), ElementsAre("h!s")) << "forced";
}

TEST_F(SchedulerTest, FailedDependencyHoldsChecksBackWhereItSaysSo) {
    schedule.checkables = {host("router"), host("web")};
    schedule.dependencies = {{"router", "web", {.states = kStatesOfHost, .disable_checks = true}}};
    schedule.checkables[0].settings.max_check_attempts = 1;
    configure();
    check("router", 2);
    for (int i = 0; i < 20; ++i) {
        ASSERT_TRUE(sleep());
        for (const std::string& name : due()) {
            EXPECT_NE(name, "web");
            result(name, 2);
        }
    }
    EXPECT_FALSE(scheduler.reachable(id("web"), now));
    check("router", 0);
    EXPECT_TRUE(scheduler.reachable(id("web"), now));
    check("web", 0);
}

TEST_F(SchedulerTest, ChildrenAreLookedAtSoonAfterARecoveryAndParentsAtOnceAfterAChange) {
    schedule.checkables = {host("router"), host("web")};
    for (Configured& each : schedule.checkables) each.settings.check_interval = 3600, each.settings.max_check_attempts = 1;
    schedule.dependencies = {{"router", "web", {.states = kStatesOfHost}}};
    configure();
    check("router", 0);
    check("web", 2);
    EXPECT_THAT(due(), ElementsAre("router")) << "its child went down";
    result("router", 2);
    check("web", 2);
    check("router", 0);
    EXPECT_LE(scheduler.state(id("web")).next_check, now.wall + kChildrenSoon);
}

TEST_F(SchedulerTest, SubmittedResultTakesThePlaceOfTheNextCheckForItsTime) {
    schedule.checkables = {service("h!s")};
    configure();
    Events events;
    EXPECT_TRUE(scheduler.submitted(id("h!s"), {1, now.wall, now.wall, true}, 500, now, events));
    EXPECT_EQ(scheduler.state(id("h!s")).next_check, now.wall + 500);
    pass(499);
    EXPECT_THAT(due(), IsEmpty());
    pass(1);
    EXPECT_THAT(due(), ElementsAre("h!s"));
}

TEST_F(SchedulerTest, SubmittedResultIsNotTakenWherePassiveChecksAreOff) {
    schedule.checkables = {service("h!s")};
    schedule.checkables[0].passive = false;
    configure();
    Events events;
    EXPECT_FALSE(scheduler.submitted(id("h!s"), {1, now.wall, now.wall, true}, 0, now, events));
    EXPECT_THAT(events, IsEmpty());
}

TEST_F(SchedulerTest, NextCheckFromBeforeTheStartIsNotListenedTo) {
    schedule.checkables = {service("h!s")};
    configure();
    Events events;
    EXPECT_FALSE(scheduler.move_next_check(id("h!s"), now.wall - 1, now, events));
    EXPECT_TRUE(scheduler.move_next_check(id("h!s"), now.wall, now, events));
}

TEST_F(SchedulerTest, StepOfTheClockMovesNoCheck) {
    schedule.checkables = {service("h!s", 300)};
    configure();
    check("h!s", 0);
    const double due_at = *scheduler.next_wake();
    now.wall += 86400;
    EXPECT_THAT(due(), IsEmpty());
    EXPECT_EQ(scheduler.next_wake(), due_at);
}

TEST_F(SchedulerTest, StaysWithItsStateOverANewConfiguration) {
    schedule.checkables = {service("h!s"), service("h!t")};
    configure();
    check("h!s", 2);
    const CheckableState before = scheduler.state(id("h!s"));
    schedule.checkables.erase(schedule.checkables.begin() + 1);
    configure();
    EXPECT_EQ(scheduler.state(id("h!s")), before);
    EXPECT_FALSE(scheduler.find("h!t"));
    const auto gone = scheduler.take_gone();
    ASSERT_EQ(gone.size(), 1U);
    EXPECT_EQ(gone[0].name, "h!t");
}

TEST_F(SchedulerTest, ShorterIntervalCountsAtOnce) {
    schedule.checkables = {service("h!s", 86400)};
    configure();
    check("h!s", 0);
    schedule.checkables[0].settings.check_interval = 30;
    configure();
    EXPECT_LE(scheduler.state(id("h!s")).next_check, now.wall + 30);
}

TEST_F(SchedulerTest, NumberOfOneThatWentWhileItRanIsNotGivenAway) {
    schedule.checkables = {service("h!s")};
    configure();
    pass(60);
    due();
    const Id old = id("h!s");
    schedule.checkables = {service("h!other")};
    configure();
    EXPECT_NE(id("h!other"), old);
    Events events;
    scheduler.finished(old, {2, now.wall, now.wall, true}, now, events);
    EXPECT_THAT(events, IsEmpty());
    EXPECT_EQ(scheduler.under_way(), 0U);
    schedule.checkables.push_back(service("h!third"));
    configure();
    EXPECT_EQ(id("h!third"), old);
}

TEST_F(SchedulerTest, RunThatCameToNothingIsTriedOnceMore) {
    schedule.checkables = {service("h!s", 3600)};
    configure();
    until_running("h!s");
    EXPECT_TRUE(scheduler.failed(id("h!s"), now));
    pass(kTryAgain);
    EXPECT_THAT(due(), ElementsAre("h!s"));
    EXPECT_FALSE(scheduler.failed(id("h!s"), now));
    result("h!s", 3);
    EXPECT_EQ(scheduler.under_way(), 0U);
}

TEST_F(SchedulerTest, BeginsWithTheStateThatWasKept) {
    CheckableState state;
    state.checked = true;
    state.state = 2;
    state.type = StateType::hard;
    state.next_check = now.wall + 200;
    kept.checkables.emplace("h!s", state);
    schedule.checkables = {service("h!s", 300)};
    configure();
    EXPECT_EQ(scheduler.state(id("h!s")), state);
    EXPECT_EQ(*scheduler.next_wake(), now.steady + 200);
}

TEST_F(SchedulerTest, FixedDowntimeBeginsByItselfAndAFlexibleOneWithAProblem) {
    schedule.checkables = {service("h!s")};
    schedule.downtimes = {
        {"h!s!fixed", "h!s", "", {.fixed = true, .start = now.wall + 100, .end = now.wall + 200, .duration = 0, .entry = now.wall}},
        {"h!s!flexible", "h!s", "", {.fixed = false, .start = now.wall, .end = now.wall + 5000, .duration = 50, .entry = now.wall}},
        {"h!s!behind",
         "h!s",
         "h!s!flexible",
         {.fixed = false, .start = now.wall, .end = now.wall + 5000, .duration = 9, .entry = now.wall}}};
    configure();
    EXPECT_EQ(scheduler.downtime_depth(id("h!s"), now.wall), 0U);
    EXPECT_FALSE(scheduler.downtime_triggered("h!s!flexible"));
    check("h!s", 2);
    EXPECT_THAT(scheduler.take_triggered(), UnorderedElementsAre("h!s!flexible", "h!s!behind"));
    EXPECT_EQ(scheduler.downtime_depth(id("h!s"), now.wall), 2U);
    pass(50);
    EXPECT_EQ(scheduler.downtime_depth(id("h!s"), now.wall), 0U);
    now.wall = 1'700'000'100;
    now.steady = 1100;
    Events events;
    scheduler.due(now, events);
    EXPECT_EQ(scheduler.downtime_depth(id("h!s"), now.wall), 1U);
    EXPECT_TRUE(scheduler.downtime_triggered("h!s!fixed"));
}

TEST_F(SchedulerTest, FlexibleDowntimeOfAProblemThatIsThereBeginsAtOnce) {
    schedule.checkables = {service("h!s", 3600)};
    configure();
    check("h!s", 2);
    schedule.downtimes = {
        {"d", "h!s", "", {.fixed = false, .start = now.wall - 10, .end = now.wall + 50, .duration = 50, .entry = now.wall}}};
    configure();
    due();
    EXPECT_EQ(scheduler.downtime_triggered("d"), now.wall);
}

TEST_F(SchedulerTest, FlexibleDowntimeWhoseTimeBeginsDuringAProblemWaitsForTheNextResult) {
    schedule.checkables = {service("h!s", 3600)};
    configure();
    check("h!s", 2);
    schedule.downtimes = {
        {"d", "h!s", "", {.fixed = false, .start = now.wall + 10, .end = now.wall + 50, .duration = 50, .entry = now.wall}}};
    configure();
    due();
    pass(20);
    due();
    EXPECT_FALSE(scheduler.downtime_triggered("d"));
    // Another downtime comes: this one is not new.
    schedule.downtimes.push_back(
        {"e", "h!s", "", {.fixed = true, .start = now.wall + 10, .end = now.wall + 50, .duration = 0, .entry = now.wall}});
    configure();
    due();
    EXPECT_FALSE(scheduler.downtime_triggered("d"));
    check("h!s", 2);
    EXPECT_TRUE(scheduler.downtime_triggered("d"));
}

TEST_F(SchedulerTest, TriggerOfADowntimeIsKeptOverARestart) {
    kept.triggered.emplace("d", now.wall - 5);
    schedule.checkables = {service("h!s")};
    schedule.downtimes = {{"d", "h!s", "", {.fixed = false, .start = now.wall - 100, .end = now.wall + 5000, .duration = 50, .entry = 1}}};
    configure();
    EXPECT_EQ(scheduler.downtime_depth(id("h!s"), now.wall), 1U);
}

TEST_F(SchedulerTest, ChangedStatesAreNamedOnce) {
    schedule.checkables = {service("h!s"), service("h!t")};
    configure();
    check("h!s", 2);
    EXPECT_FALSE(scheduler.take_changed().empty());
    EXPECT_THAT(scheduler.take_changed(), IsEmpty());
}

TEST_F(SchedulerTest, OfTwoOfOneNameTheLastOneIsChecked) {
    schedule.checkables = {host("h!s"), service("h!a"), service("h!s", 30)};
    configure();
    EXPECT_EQ(scheduler.size(), 2u);
    EXPECT_FALSE(scheduler.settings(id("h!s")).is_host);
    EXPECT_EQ(scheduler.settings(id("h!s")).check_interval, 30);
    schedule.checkables = {service("h!s"), host("h!s")};
    const Id before = id("h!s");
    configure();
    EXPECT_EQ(scheduler.size(), 1u);
    EXPECT_EQ(id("h!s"), before);
    EXPECT_TRUE(scheduler.settings(before).is_host);
}

TEST_F(SchedulerTest, IsFoundByItsNameWhateverComesAndGoes) {
    std::set<std::string> there;
    for (int round = 0; round < 20; ++round) {
        // Half of them change places with each round.
        schedule.checkables.clear();
        there.clear();
        for (int i = 0; i < 100; ++i)
            if ((i * 7 + round * 13) % 20 < 10) there.insert("h!" + std::to_string(i));
        for (const std::string& name : there) schedule.checkables.push_back(service(name));
        configure();
        ASSERT_EQ(scheduler.size(), there.size());
        for (int i = 0; i < 100; ++i) {
            const std::string name = "h!" + std::to_string(i);
            const auto found = scheduler.find(name);
            ASSERT_EQ(found.has_value(), there.contains(name)) << name << " in round " << round;
            if (found) {
                ASSERT_EQ(scheduler.name(*found), name);
            }
        }
    }
}

TEST_F(SchedulerTest, KnowsTheHostOfAServiceByThePlanThatIsInForce) {
    schedule.checkables = {service("h!s")};
    configure();
    EXPECT_EQ(scheduler.host(id("h!s")), std::nullopt) << "it is not checked here";
    schedule.checkables = {host("a"), host("h"), service("h!s")};
    configure();
    EXPECT_EQ(scheduler.host(id("h!s")), id("h"));
    EXPECT_EQ(scheduler.host(id("h")), std::nullopt);
    // The number of the one that went is another's now.
    schedule.checkables = {host("b"), host("a"), service("h!s")};
    configure();
    EXPECT_EQ(scheduler.host(id("h!s")), std::nullopt);
}

}  // namespace
}  // namespace endpointd::schedule
