#pragma once
// A rate as operators write it ("30/min") and the bucket that holds a parent to
// it: N at once, refilled evenly. Time is handed in. A bucket belongs to one
// thread; a Rate may be read from any.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace endpointd::policy {

// Requests per period; more than a million a second is no limit at all.
inline constexpr std::uint32_t kRateMost = 1'000'000;

struct Rate {
    std::uint32_t count = 0;         // 1 to kRateMost
    std::chrono::seconds period{0};  // a second, minute, hour or day
    std::string text;                // as written

    bool operator==(const Rate&) const = default;
};

// "N/s", "N/min", "N/h" or "N/d".
Result<Rate> parse_rate(std::string_view text);

struct Admit {
    bool ok = false;
    Duration wait{0};  // not ok: until the next token is there
};

class TokenBucket {
public:
    // Full at first.
    explicit TokenBucket(const Rate& rate) noexcept;

    Admit take(SteadyTime now) noexcept;

private:
    std::chrono::nanoseconds interval_;   // between two tokens, rounded up: never more than the rate
    std::chrono::nanoseconds tolerance_;  // how far ahead of an even pace a burst may run
    SteadyTime next_{};                   // when an evenly paced request would be due
    bool started_ = false;
};

}  // namespace endpointd::policy
