#pragma once
// TimePeriods (protocol, 10.6): whether a moment lies inside of one, and until when that
// holds. Values in, values out, in this host's time zone (see local_day.hpp); seconds
// since 1970. Immutable once made; any thread.
//
// An answer costs going through the ranges of a day for every period it rests on. Who asks
// for many objects keeps the answer of a period until its `until`.

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dsl/ranges.hpp"

namespace endpointd::schedule {

// How far ahead an answer looks, in seconds: behind it one has to ask again.
inline constexpr std::int64_t kPeriodHorizon = 86400;
// Periods that one answer rests on, itself included. More than anybody writes; those beyond are as if they were not there.
inline constexpr std::size_t kPeriodsInAnswer = 256;

struct Period {
    std::vector<std::pair<dsl::DayRange, std::vector<dsl::TimeRange>>> ranges;
    std::vector<std::string> includes, excludes;
    bool prefer_includes = true;  // what is both included and excluded is inside

    bool operator==(const Period&) const = default;
};

class Periods {
public:
    struct Window {
        bool inside = true;
        double until = 0;  // the next moment at which the answer may be another one; infinite: never
    };

    Periods() = default;
    explicit Periods(const std::map<std::string, Period, std::less<>>& periods);

    // A name that is not known, the empty one among them, is a period that never ends, as upstream. So is, where another
    // period names it, one that is not known: as if it was not named. A period that leads back to itself
    // is not there where it would begin again.
    Window at(std::string_view name, double now) const;

private:
    struct Entry {
        std::vector<std::pair<dsl::DayRange, std::vector<dsl::TimeRange>>> ranges;
        int days_over = 0;                            // how many days after its own a range may still run
        std::vector<std::size_t> includes, excludes;  // places in `entries_`, each once
        bool prefer_includes = true;
    };

    std::map<std::string, std::size_t, std::less<>> places_;
    std::vector<Entry> entries_;
};

}  // namespace endpointd::schedule
