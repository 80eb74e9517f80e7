#pragma once
// Time as a dependency: whoever needs the time is handed a Clock, so that tests
// turn it by hand. Wall time is for records and the protocol (and may jump),
// steady time for deadlines and rates (and never does). Any thread may read.

#include <atomic>
#include <chrono>
#include <string>

namespace endpointd {

using WallTime = std::chrono::sys_time<std::chrono::microseconds>;
using SteadyTime = std::chrono::steady_clock::time_point;
using Duration = std::chrono::microseconds;

class Clock {
public:
    virtual ~Clock() = default;
    virtual WallTime wall() const noexcept = 0;
    virtual SteadyTime steady() const noexcept = 0;
};

class SystemClock final : public Clock {
public:
    WallTime wall() const noexcept override;
    SteadyTime steady() const noexcept override;
};

class ManualClock final : public Clock {
public:
    explicit ManualClock(WallTime start) noexcept : wall_(start.time_since_epoch().count()) {}
    WallTime wall() const noexcept override { return WallTime(Duration(wall_.load())); }
    SteadyTime steady() const noexcept override { return SteadyTime(Duration(steady_.load())); }
    void advance(Duration by) noexcept {
        wall_ += by.count();
        steady_ += by.count();
    }
    void step_wall(Duration by) noexcept { wall_ += by.count(); }

private:
    std::atomic<Duration::rep> wall_;
    std::atomic<Duration::rep> steady_{0};
};

// Seconds since 1970 as the protocol writes them, and back. Protocol, section 2.3.
double to_unix(WallTime time) noexcept;
WallTime from_unix(double seconds) noexcept;  // out of range: clamped to the years 1970 to 9999

// RFC 3339 in UTC with milliseconds: 2026-11-20T16:55:00.123Z
std::string to_rfc3339(WallTime time);

}  // namespace endpointd
