#include "policy/rate.hpp"

#include <algorithm>
#include <charconv>

#include "base/units.hpp"

namespace endpointd::policy {

Result<Rate> parse_rate(std::string_view text) {
    Rate rate;
    const std::size_t slash = text.find('/');
    const std::string_view number = text.substr(0, slash);
    const std::string_view unit = slash == std::string_view::npos ? std::string_view() : text.substr(slash + 1);
    if (unit == "s") rate.period = std::chrono::seconds(1);
    else if (unit == "min") rate.period = std::chrono::minutes(1);
    else if (unit == "h") rate.period = std::chrono::hours(1);
    else if (unit == "d") rate.period = std::chrono::days(1);
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), rate.count);
    if (rate.period.count() == 0 || error != std::errc{} || end != number.data() + number.size() || rate.count == 0 ||
        rate.count > kRateMost)
        return fail(Errc::invalid, "'" + escaped(text, 64) + "' is not a rate; expected 1 to 1000000 per s, min, h or d, like \"30/min\"");
    rate.text = text;
    return rate;
}

TokenBucket::TokenBucket(const Rate& rate) noexcept {
    const auto period = std::chrono::nanoseconds(rate.period).count();
    const auto count = std::max<std::int64_t>(rate.count, 1);
    interval_ = std::chrono::nanoseconds((period + count - 1) / count);
    tolerance_ = interval_ * (count - 1);
}

Admit TokenBucket::take(SteadyTime now) noexcept {
    // The bucket as one point in time: how far the requests admitted so far reach at
    // an even pace. Nothing has to tick, and an idle bucket is simply in the past.
    const SteadyTime due = started_ ? std::max(next_, now) : now;
    const auto ahead = due - now;
    if (ahead > tolerance_) return {false, std::chrono::ceil<Duration>(ahead - tolerance_)};
    started_ = true;
    next_ = due + std::chrono::duration_cast<SteadyTime::duration>(interval_);
    return {true, Duration(0)};
}

}  // namespace endpointd::policy
