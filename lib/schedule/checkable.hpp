#pragma once
// A host or service as the scheduler sees it: what its configuration says of checks,
// and what has become of it. The state is all that is kept over a restart. Plain
// values, owned by whoever schedules; times are seconds since 1970. Any thread.

#include <bitset>
#include <cstdint>

namespace endpointd::schedule {

// As upstream: the last twenty results decide whether something is flapping.
inline constexpr std::size_t kFlappingResults = 20;
// `state` of something that never had a result.
inline constexpr int kPending = 99;

enum class StateType : std::uint8_t { soft, hard };

// States of results: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN, for hosts as well; the first
// two of a host are UP.
bool is_ok(bool is_host, int state) noexcept;

struct CheckSettings {
    bool is_host = false;
    bool is_volatile = false;
    bool enable_flapping = false;
    bool event_handler = false;                    // it has one, and enable_event_handler is on
    std::uint8_t flapping_ignored = 0;             // bit N: results of state N are not counted
    double flapping_low = 25, flapping_high = 30;  // percent
    double max_check_attempts = 3;
    double check_interval = 300, retry_interval = 60;  // seconds
};

struct Acknowledgement {
    enum class Type : std::uint8_t { none = 0, normal = 1, sticky = 2 };
    Type type = Type::none;
    double expiry = 0;  // 0: never
    double changed = 0;

    // None once its expiry has passed.
    bool holds(double now) const noexcept { return type != Type::none && (expiry == 0 || expiry >= now); }
    bool operator==(const Acknowledgement&) const = default;
};

// There is one for each host and service, so what is small stands together and leaves no gaps.
struct CheckableState {
    bool checked = false;  // it had a result
    StateType type = StateType::soft;
    StateType last_type = StateType::soft;  // before the last result
    bool reachable = true;
    bool flapping = false;
    bool force_next_check = false;
    std::uint8_t flapping_index = 0;
    int state = 3;       // of the last result; before the first as upstream: UNKNOWN
    int last_state = 3;  // before the last result
    int last_hard_state = 3;
    int hard_states[2] = {kPending, kPending};  // the current and the previous one
    int flapping_last_state = 3;
    std::bitset<kFlappingResults> flapping_changes;  // a ring
    double attempt = 1;
    double execution_start = 0, execution_end = 0;  // of the last result
    double last_state_change = 0, last_hard_state_change = 0;
    double last_state_at[4] = {0, 0, 0, 0};  // when each state was last seen; [0] and [1] of a host: UP
    double last_state_unreachable = 0;
    double flapping_current = 0;  // percent
    double flapping_changed = 0;
    Acknowledgement acknowledgement;
    double next_check = 0;

    bool operator==(const CheckableState&) const = default;
};

}  // namespace endpointd::schedule
