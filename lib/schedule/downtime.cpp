#include "schedule/downtime.hpp"

namespace endpointd::schedule {

namespace {

bool is_triggered(double triggered, double now) noexcept { return triggered > 0 && triggered <= now; }

}  // namespace

bool in_effect(const DowntimeTimes& times, double triggered, double now) noexcept {
    if (times.fixed) return now >= times.start && now < times.end;
    return triggered != 0 && now < triggered + times.duration;
}

bool expired(const DowntimeTimes& times, double triggered, double now) noexcept {
    if (times.fixed) return times.end < now;
    if (is_triggered(triggered, now)) return !in_effect(times, triggered, now);
    return times.end < now;
}

bool can_be_triggered(const DowntimeTimes& times, double triggered, double now) noexcept {
    if (is_triggered(triggered, now) && in_effect(times, triggered, now)) return false;
    return !expired(times, triggered, now) && now >= times.start && now <= times.end;
}

double next_turn(const DowntimeTimes& times, double triggered, double now) noexcept {
    double next = 0;
    const auto consider = [&](double moment) {
        if (moment > now && (next == 0 || moment < next)) next = moment;
    };
    consider(times.start);
    if (!times.fixed && triggered != 0) consider(triggered + times.duration);
    else consider(times.end);
    return next;
}

}  // namespace endpointd::schedule
