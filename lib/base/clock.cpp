#include "base/clock.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace endpointd {

namespace {
constexpr double kEndOfTime = 253402300799.0;  // 9999-12-31T23:59:59Z, the last a four-digit year can say
}

WallTime SystemClock::wall() const noexcept { return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()); }

SteadyTime SystemClock::steady() const noexcept { return std::chrono::steady_clock::now(); }

double to_unix(WallTime time) noexcept { return static_cast<double>(time.time_since_epoch().count()) / 1e6; }

WallTime from_unix(double seconds) noexcept {
    if (!(seconds > 0)) return WallTime{};  // NaN too
    return WallTime(Duration(static_cast<Duration::rep>(std::min(seconds, kEndOfTime) * 1e6)));
}

std::string to_rfc3339(WallTime time) {
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::milliseconds>(time - day));
    char text[64];
    std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
                  static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()),
                  static_cast<int>(clock.subseconds().count()));
    return text;
}

}  // namespace endpointd
