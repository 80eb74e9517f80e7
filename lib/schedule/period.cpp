#include "schedule/period.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "schedule/local_day.hpp"

namespace endpointd::schedule {

namespace {

constexpr int kDay = 86400;

// From `begin` to before `end`.
struct Segment {
    std::int64_t begin = 0, end = 0;
};
// Sorted, with a gap between any two.
using Segments = std::vector<Segment>;

// When the times of a day are over; a range that does not end behind its begin ends on the next day.
int end_of(const dsl::TimeRange& times) noexcept { return times.end > times.begin ? times.end : times.end + kDay; }

Segments in_order(Segments segments) {
    std::sort(segments.begin(), segments.end(), [](const Segment& a, const Segment& b) { return a.begin < b.begin; });
    Segments joined;
    for (const Segment& segment : segments) {
        if (!joined.empty() && segment.begin <= joined.back().end) joined.back().end = std::max(joined.back().end, segment.end);
        else joined.push_back(segment);
    }
    return joined;
}

Segments with(Segments segments, const Segments& more) {
    segments.insert(segments.end(), more.begin(), more.end());
    return in_order(std::move(segments));
}

Segments without(const Segments& segments, const Segments& fewer) {
    Segments left;
    auto cut = fewer.begin();
    for (Segment rest : segments) {
        while (cut != fewer.end() && cut->end <= rest.begin) ++cut;
        for (auto next = cut; next != fewer.end() && next->begin < rest.end; ++next) {
            if (next->begin > rest.begin) left.push_back({rest.begin, next->begin});
            rest.begin = next->end;
        }
        if (rest.begin < rest.end) left.push_back(rest);
    }
    return left;
}

}  // namespace

Periods::Periods(const std::map<std::string, Period, std::less<>>& periods) {
    for (const auto& [name, period] : periods) places_.emplace(name, places_.size());
    const auto places_of = [&](const std::vector<std::string>& names) {
        std::vector<std::size_t> places;
        for (const std::string& name : names)
            if (const auto found = places_.find(name); found != places_.end()) places.push_back(found->second);
        std::sort(places.begin(), places.end());
        places.erase(std::unique(places.begin(), places.end()), places.end());
        return places;
    };
    entries_.reserve(periods.size());
    for (const auto& [name, period] : periods) {
        Entry entry;
        entry.ranges = period.ranges;
        entry.prefer_includes = period.prefer_includes;
        for (const auto& [day, times] : entry.ranges)
            for (const dsl::TimeRange& time : times) entry.days_over = std::max(entry.days_over, (end_of(time) - 1) / kDay);
        entry.includes = places_of(period.includes);
        entry.excludes = places_of(period.excludes);
        entries_.push_back(std::move(entry));
    }
}

Periods::Window Periods::at(std::string_view name, double now) const {
    const auto found = places_.find(name);
    if (found == places_.end()) return {true, std::numeric_limits<double>::infinity()};

    constexpr auto kLatest = static_cast<double>(kLastMoment);
    const auto from = static_cast<std::int64_t>(std::floor(std::isnan(now) ? 0 : std::clamp(now, -kLatest, kLatest)));
    const auto own = [&](const Entry& entry) {
        Segments segments;
        const LocalDay last = local_day_of(from + kPeriodHorizon);
        for (LocalDay day = local_day_of(from) - std::chrono::days(entry.days_over); day <= last; day += std::chrono::days(1)) {
            for (const auto& [range, times] : entry.ranges) {
                if (!names(range, day)) continue;
                for (const dsl::TimeRange& time : times) {
                    const Segment segment{moment_of(day, time.begin), moment_of(day, end_of(time))};
                    // Clocks may jump over a range.
                    if (segment.begin < segment.end) segments.push_back(segment);
                }
            }
        }
        return in_order(std::move(segments));
    };

    // Depth first, with a stack of our own: how deep it goes is written in the configuration.
    std::map<std::size_t, Segments> known;  // empty as long as it is being worked out, which is what ends a circle
    struct Step {
        std::size_t place = 0;
        std::size_t next = 0;  // of its includes and, behind them, excludes
    };
    std::vector<Step> stack{{found->second}};
    known[found->second];
    while (!stack.empty()) {
        const Entry& entry = entries_[stack.back().place];
        if (const std::size_t next = stack.back().next++; next < entry.includes.size() + entry.excludes.size()) {
            const std::size_t place = next < entry.includes.size() ? entry.includes[next] : entry.excludes[next - entry.includes.size()];
            if (known.size() < kPeriodsInAnswer && known.try_emplace(place).second) stack.push_back({place});
            continue;
        }
        const auto all_of = [&](const std::vector<std::size_t>& places) {
            Segments segments;
            for (const std::size_t place : places)
                if (const auto other = known.find(place); other != known.end())
                    segments.insert(segments.end(), other->second.begin(), other->second.end());
            return in_order(std::move(segments));
        };
        const Segments included = all_of(entry.includes);
        const Segments excluded = all_of(entry.excludes);
        known[stack.back().place] =
            entry.prefer_includes ? with(without(own(entry), excluded), included) : without(with(own(entry), included), excluded);
        stack.pop_back();
    }

    const double horizon = now + static_cast<double>(kPeriodHorizon);
    for (const Segment& segment : known[found->second]) {
        if (now >= static_cast<double>(segment.end)) continue;
        const bool inside = now >= static_cast<double>(segment.begin);
        return {inside, std::min(horizon, static_cast<double>(inside ? segment.end : segment.begin))};
    }
    return {false, horizon};
}

}  // namespace endpointd::schedule
