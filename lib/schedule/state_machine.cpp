#include "schedule/state_machine.hpp"

#include <algorithm>
#include <cmath>

namespace endpointd::schedule {

namespace {

// A change among the oldest of the twenty results weighs 0.8, one in the newest 1.18.
constexpr double kOldestWeight = 0.8;
constexpr double kWeightStep = 0.02;

void count_flapping(const CheckSettings& settings, CheckableState& state, int result, Transition& transition) {
    // A result that is not counted takes its place among the twenty all the same, as no change.
    const bool counted = (settings.flapping_ignored >> result & 1) == 0;
    state.flapping_changes[state.flapping_index] = counted && result != state.flapping_last_state;
    state.flapping_index = static_cast<std::uint8_t>((state.flapping_index + 1U) % kFlappingResults);
    if (counted) state.flapping_last_state = result;
    double changes = 0;
    for (std::size_t i = 0; i < kFlappingResults; ++i)
        if (state.flapping_changes[(state.flapping_index + i) % kFlappingResults])
            changes += kOldestWeight + kWeightStep * static_cast<double>(i);
    state.flapping_current = 100.0 * changes / static_cast<double>(kFlappingResults);

    const bool was = is_flapping(settings, state);
    const bool flapping = state.flapping_current > (state.flapping ? settings.flapping_low : settings.flapping_high);
    if (flapping != state.flapping) state.flapping_changed = state.execution_end;
    state.flapping = flapping;
    transition.flapping_started = !was && is_flapping(settings, state);
    transition.flapping_ended = was && !is_flapping(settings, state);
}

// Soft or hard, and which attempt.
void count_attempt(const CheckSettings& settings, CheckableState& state, int result) {
    const bool was_ok = is_ok(settings.is_host, state.state);
    double attempt = 1;
    if (is_ok(settings.is_host, result)) {
        state.type = StateType::hard;
    } else {
        if (was_ok) {
            state.type = StateType::soft;
        } else if (state.type == StateType::soft) {
            attempt = state.attempt + 1;
        }
        if (attempt >= settings.max_check_attempts) {
            state.type = StateType::hard;
            attempt = 1;
        }
    }
    state.attempt = attempt;
}

// Whether a result is one for the event handler. Downtimes, acknowledgements, flapping and whether the object can
// be reached make no difference: an attempt to repair it does nobody any harm.
bool handles(const CheckSettings& settings, const CheckableState& state, const Transition& transition, bool stays_ok) noexcept {
    const bool soft_problem = transition.problem && state.type == StateType::soft;
    return soft_problem || transition.hard_change || transition.recovery || (settings.is_volatile && !stays_ok);
}

}  // namespace

bool is_ok(bool is_host, int state) noexcept { return state == 0 || (is_host && state == 1); }

bool is_flapping(const CheckSettings& settings, const CheckableState& state) noexcept { return settings.enable_flapping && state.flapping; }

std::optional<Transition> observe(const CheckSettings& settings, CheckableState& state, const Observation& result, double now) {
    if (state.checked && result.execution_start < state.execution_start && state.execution_start <= now) return std::nullopt;

    Transition transition;
    if (state.checked) transition.before = StateView{state.state, state.type, state.attempt, state.reachable};
    const int old_state = state.state;
    const StateType old_type = state.type;
    const bool was_ok = is_ok(settings.is_host, old_state);
    const bool ok = is_ok(settings.is_host, result.state);
    state.last_state = old_state;
    state.last_type = old_type;
    state.reachable = result.reachable;
    count_attempt(settings, state, result.state);
    state.state = result.state;
    // A host that answers with WARNING is as UP as one that answers with OK.
    state.last_state_at[settings.is_host && ok ? 0 : result.state] = result.execution_end;
    if (!result.reachable) state.last_state_unreachable = result.execution_end;

    transition.recovery = ok && !was_ok;
    transition.problem = !ok;
    transition.state_change = settings.is_host ? ok != was_ok : result.state != old_state;
    if (transition.state_change) {
        state.last_state_change = result.execution_end;
        Acknowledgement& acknowledgement = state.acknowledgement;
        if (acknowledgement.type == Acknowledgement::Type::normal || (acknowledgement.type == Acknowledgement::Type::sticky && ok)) {
            acknowledgement = {};
            transition.acknowledgement_cleared = true;
        }
    }
    transition.hard_change = state.type == StateType::hard && (old_type == StateType::soft || transition.state_change);
    if (transition.hard_change || settings.is_volatile) {
        state.last_hard_state = result.state;
        state.last_hard_state_change = result.execution_end;
        state.hard_states[1] = state.hard_states[0];
        state.hard_states[0] = result.state;
    }
    transition.previous_hard_state = state.hard_states[1];
    transition.event_handler = settings.event_handler && handles(settings, state, transition, was_ok && ok);
    transition.after = StateView{state.state, state.type, state.attempt, state.reachable};

    state.checked = true;
    state.execution_start = result.execution_start;
    state.execution_end = result.execution_end;
    count_flapping(settings, state, result.state, transition);
    return transition;
}

double next_check_after(const CheckSettings& settings, const CheckableState& state, double now, std::uint32_t offset) noexcept {
    const double interval = state.type == StateType::soft && state.checked ? settings.retry_interval : settings.check_interval;
    // How far this moment is from the object's own grid of intervals, of which at most half a second (and what
    // keeps objects from sharing it) is made up for at once.
    constexpr double kMostAtOnce = 0.5;
    double ahead = 0;
    if (interval > 1) {
        ahead = std::fmod(now * 100 + offset, interval * 100) / 100;
        if (ahead != 0) ahead = std::min(kMostAtOnce + std::fmod(offset, interval * 5) / 100, ahead);
    }
    return now - ahead + interval;
}

}  // namespace endpointd::schedule
