#include "schedule/state_text.hpp"

#include <gtest/gtest.h>

#include "schedule/state_machine.hpp"

namespace endpointd::schedule {
namespace {

TEST(StateText, IsReadAsItWasWritten) {
    CheckSettings settings;
    settings.enable_flapping = true;
    CheckableState state;
    EXPECT_EQ(*state_from(state_text(state)), state);
    double now = 1'700'000'000.25;
    for (int i = 0; i < 60; ++i) {
        now += 61.5;
        observe(settings, state, {.state = i * i % 4, .execution_start = now - 0.125, .execution_end = now, .reachable = i % 5 != 0}, now);
        if (i % 7 == 0) state.acknowledgement = {.type = Acknowledgement::Type::sticky, .expiry = now + 5, .changed = now};
        state.next_check = now + 60;
        state.force_next_check = i % 3 == 0;
        const auto back = state_from(state_text(state));
        ASSERT_TRUE(back) << back.error().text;
        EXPECT_EQ(*back, state);
    }
}

TEST(StateText, DamagedOneIsRefused) {
    for (const char* text :
         {"", "[]", "{", "{\"state\":4,\"attempt\":1}", "{\"state\":99,\"attempt\":1}", "{\"state\":0.5,\"attempt\":1}", "{\"state\":1}",
          "{\"state\":1,\"attempt\":1,\"acknowledgement\":3}", "{\"state\":1,\"attempt\":1,\"flapping_index\":20}",
          "{\"state\":1,\"attempt\":\"1\"}", "{\"state\":-1,\"attempt\":1}", "{\"state\":1,\"attempt\":1,\"next_check\":1e300}"})
        EXPECT_FALSE(state_from(text)) << text;
}

}  // namespace
}  // namespace endpointd::schedule
