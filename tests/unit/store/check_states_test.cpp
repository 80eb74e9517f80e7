#include "store/check_states.hpp"

#include <gmock/gmock.h>

#include <algorithm>

#include "fixture.hpp"

namespace endpointd::store {
namespace {

using testing::IsEmpty;
using testing::UnorderedElementsAre;

class CheckStatesTest : public StoreTest {
protected:
    void write(const StateChange& change) {
        const auto done = write_states(*database_, change);
        ASSERT_TRUE(done) << done.error().text;
    }
    StoredStates reopened() {
        close();
        open();
        return read_states(*database_);
    }
};

TEST_F(CheckStatesTest, AFreshStoreKnowsNone) {
    open();
    const StoredStates stored = read_states(*database_);
    EXPECT_THAT(stored.states, IsEmpty());
    EXPECT_THAT(stored.problems, IsEmpty());
}

TEST_F(CheckStatesTest, AStateIsReplacedAndDroppedByItsTypeAndName) {
    open();
    write({{{{"Host", "h"}, "1"}, {{"Service", "h!s"}, "2"}, {{"Downtime", "h!s!d"}, "3"}}, {}, {}});
    write({{{{"Host", "h"}, std::string("a\0b", 3)}}, {{"Service", "h!s"}, {"Downtime", "h"}}, {}});
    const auto state = [](const char* type, const char* name, std::string text) {
        return std::pair(StateKey{type, name}, std::move(text));
    };
    EXPECT_THAT(reopened().states, UnorderedElementsAre(state("Host", "h", std::string("a\0b", 3)), state("Downtime", "h!s!d", "3")));
}

TEST_F(CheckStatesTest, AResultIsKeptApartFromItsStateAndGoesWithIt) {
    open();
    const StateKey host{"Host", "h"}, service{"Service", "h!s"};
    write({.states = {{host, "1"}, {service, "2"}}, .dropped = {}, .results = {{host, "up"}, {service, std::string("a\0b", 3)}}});
    write({.states = {{host, "3"}}, .dropped = {}, .results = {}});
    StoredStates stored = reopened();
    EXPECT_THAT(stored.results, UnorderedElementsAre(std::pair(host, std::string("up")), std::pair(service, std::string("a\0b", 3))));
    write({.states = {}, .dropped = {service}, .results = {{host, "down"}}});
    stored = reopened();
    EXPECT_THAT(stored.results, UnorderedElementsAre(std::pair(host, std::string("down"))));
    EXPECT_THAT(stored.states, UnorderedElementsAre(std::pair(host, std::string("3"))));
}

TEST_F(CheckStatesTest, WhatIsDroppedAndComesBackInOneStepIsThere) {
    open();
    write({{{{"Host", "h"}, "1"}}, {{"Host", "h"}}, {}});
    EXPECT_EQ(reopened().states.size(), 1U);
}

}  // namespace
}  // namespace endpointd::store
