// What the state machine makes of a sequence of results, as JSON: one side of the
// comparison with the real Icinga 2 (tests/interop/test_state_differential.py). Reads one
// JSON object a line: first the settings, then what happens. Not installed.

#include <iostream>
#include <string>

#include "json/document.hpp"
#include "json/value.hpp"
#include "members.hpp"
#include "schedule/state_machine.hpp"

namespace {

using namespace endpointd;

schedule::CheckSettings settings_of(const json::Object& from) {
    schedule::CheckSettings settings;
    settings.is_host = flag(from, "is_host");
    settings.is_volatile = flag(from, "volatile");
    settings.enable_flapping = flag(from, "enable_flapping");
    settings.event_handler = flag(from, "event_handler");
    settings.flapping_low = number(from, "flapping_low", settings.flapping_low);
    settings.flapping_high = number(from, "flapping_high", settings.flapping_high);
    settings.flapping_ignored = static_cast<std::uint8_t>(number(from, "flapping_ignored"));
    settings.max_check_attempts = number(from, "max_check_attempts", settings.max_check_attempts);
    settings.check_interval = number(from, "check_interval", settings.check_interval);
    settings.retry_interval = number(from, "retry_interval", settings.retry_interval);
    return settings;
}

json::Object shown(const schedule::CheckableState& state, int previous_hard_state, bool handled) {
    return json::Object{{"state_raw", state.state},
                        {"state_type", state.type == schedule::StateType::hard ? 1 : 0},
                        {"check_attempt", state.attempt},
                        {"last_state_raw", state.last_state},
                        {"last_state_type", state.last_type == schedule::StateType::hard ? 1 : 0},
                        {"last_hard_state_raw", state.last_hard_state},
                        {"last_state_change", state.last_state_change},
                        {"last_hard_state_change", state.last_hard_state_change},
                        {"previous_hard_state", previous_hard_state},
                        {"flapping", state.flapping},
                        {"flapping_current", state.flapping_current},
                        {"acknowledgement", static_cast<int>(state.acknowledgement.type)},
                        {"handled", handled}};
}

}  // namespace

int main() {
    std::string line;
    schedule::CheckSettings settings;
    schedule::CheckableState state;
    int previous = schedule::kPending;
    for (bool first = true; std::getline(std::cin, line); first = false) {
        const auto parsed = json::parse(line);
        if (!parsed || !parsed->object()) {
            std::cerr << "not a JSON object: " << line << "\n";
            return 2;
        }
        const json::Object& event = *parsed->object();
        if (first) {
            settings = settings_of(event);
            continue;
        }
        bool handled = false;
        if (event.find("acknowledge")) {
            state.acknowledgement.type = static_cast<schedule::Acknowledgement::Type>(number(event, "acknowledge"));
        } else {
            schedule::Observation result;
            result.state = static_cast<int>(number(event, "state"));
            result.execution_start = number(event, "execution_start");
            result.execution_end = number(event, "execution_end");
            if (const auto transition = schedule::observe(settings, state, result, number(event, "now"))) {
                previous = transition->previous_hard_state;
                handled = transition->event_handler;
            }
        }
        std::cout << json::to_text(json::Value(shown(state, previous, handled))) << "\n";
    }
    return 0;
}
