#pragma once
// What a result makes of a host or service: its state, soft or hard, the attempt, the
// acknowledgement, flapping; as every node that gets the result computes it (protocol,
// 7.2). Values in, values out; any thread.

#include <optional>

#include "schedule/checkable.hpp"

namespace endpointd::schedule {

// What of a result counts.
struct Observation {
    int state = 3;
    double execution_start = 0, execution_end = 0;
    bool reachable = true;  // see reachability
};

// The view that travels with a result as `vars_before` and `vars_after`.
struct StateView {
    int state = 0;
    StateType type = StateType::soft;
    double attempt = 1;
    bool reachable = true;

    bool operator==(const StateView&) const = default;
};

struct Transition {
    bool state_change = false;  // of a host: between UP and DOWN
    bool hard_change = false;
    bool recovery = false;
    bool problem = false;  // not OK: it triggers downtimes
    bool acknowledgement_cleared = false;
    bool flapping_started = false, flapping_ended = false;
    bool event_handler = false;  // is to be run
    int previous_hard_state = kPending;
    std::optional<StateView> before;  // none: the first result
    StateView after;
};

// None: the result is older than the one that is there, and not taken. One from before that is there
// from a clock that was ahead of `now` is replaced.
std::optional<Transition> observe(const CheckSettings& settings, CheckableState& state, const Observation& result, double now);

// When the next regular check is due, after one at `now`: the retry interval in a soft state. `offset` (any number that
// stays the same for an object) draws checks apart that began together, each time by half a second and at most a
// twentieth of the interval.
double next_check_after(const CheckSettings& settings, const CheckableState& state, double now, std::uint32_t offset) noexcept;

// Whether it is flapping as far as anybody is to know: not where enable_flapping is off.
bool is_flapping(const CheckSettings& settings, const CheckableState& state) noexcept;

}  // namespace endpointd::schedule
