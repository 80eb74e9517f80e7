// Days and times of `ranges` from any bytes: no crash, and whatever reads is within
// its bounds and can be walked: a stride above 0, no weekday of number 0.

#include <cstdint>
#include <cstdlib>

#include "base/assert.hpp"
#include "dsl/ranges.hpp"

using namespace endpointd;

namespace {

void check(const dsl::DayPoint& point) {
    using Kind = dsl::DayPoint::Kind;
    EP_ASSERT(point.month >= 0 && point.month <= 12);
    EP_ASSERT(point.weekday >= 0 && point.weekday <= 6);
    EP_ASSERT(std::abs(point.number) <= dsl::kDayNumber);
    if (point.kind == Kind::date)
        EP_ASSERT(point.year >= 0 && point.year <= 9999 && point.month >= 1 && point.number >= 1 && point.number <= 31);
    if (point.kind == Kind::weekday_of_month) EP_ASSERT(point.number != 0 && std::abs(point.number) <= dsl::kWeekdayNumber);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto range = dsl::parse_day_range(text)) {
        EP_ASSERT(range->stride >= 1 && range->stride <= dsl::kStrideDays);
        check(range->first);
        if (range->last) check(*range->last);
    }
    if (const auto times = dsl::parse_time_ranges(text)) {
        EP_ASSERT(!times->empty() && times->size() <= dsl::kRangeText);
        for (const dsl::TimeRange& range : *times) EP_ASSERT(range.begin >= 0 && range.end >= 0);
    }
    return 0;
}
