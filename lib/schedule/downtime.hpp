#pragma once
// When a downtime is in effect (protocol, 7.4): a fixed one from its start to its end, a
// flexible one for its duration from the moment at which a problem triggered it. The
// clock is this node's. Plain values; times are seconds since 1970. Any thread.

namespace endpointd::schedule {

struct DowntimeTimes {
    bool fixed = true;
    double start = 0, end = 0;
    double duration = 0;  // of a flexible one
    double entry = 0;     // when it was made
};

// `triggered`: when it was triggered; 0: not yet.
bool in_effect(const DowntimeTimes& times, double triggered, double now) noexcept;
bool expired(const DowntimeTimes& times, double triggered, double now) noexcept;
// A problem within its time triggers it, or (fixed) the begin of its time does; once.
bool can_be_triggered(const DowntimeTimes& times, double triggered, double now) noexcept;

// The next moment after `now` at which one of the answers above changes by itself; 0: never.
double next_turn(const DowntimeTimes& times, double triggered, double now) noexcept;

}  // namespace endpointd::schedule
