#pragma once
// How many results parents submitted since their last record: the audit has one record for each parent and
// object, and hears of its repeats when they have doubled the count, or an hour later. A row of the
// audit for each result would push everything else out of it. Owned by Scheduling; one thread.

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"

namespace endpointd::cluster {

// A count is held back this long at most: what a crash may cost of it.
inline constexpr std::chrono::hours kTallyHeld{1};
// Objects, of each parent that submits for them: some 200 bytes each. Those beyond are told one by one.
inline constexpr std::size_t kTallied = 100'000;
// Counts given out at once, and how long until the next: the store's queue takes 10,000 entries.
inline constexpr std::size_t kTallyBatch = 500;
inline constexpr std::chrono::seconds kTallyPause{1};
// Counts given out at the end, those that waited longest.
inline constexpr std::size_t kTallyAtEnd = 5'000;

class PassiveTally {
public:
    struct Count {
        std::string parent, object;
        std::uint64_t results = 0;

        bool operator==(const Count&) const = default;
    };

    // One more result. How many are to be told now; 0: it is held back.
    std::uint64_t add(const std::string& parent, const std::string& object, SteadyTime now);

    // When due() has something to say; none: nothing is held back.
    std::optional<SteadyTime> next() const noexcept;
    // What was held back for kTallyHeld.
    std::vector<Count> due(SteadyTime now);
    // What is held back; afterwards nothing is.
    std::vector<Count> end();

private:
    struct Entry {
        std::uint64_t told = 0, held = 0;
    };
    // Parent and object; nothing is copied to look for them.
    using Key = std::pair<std::string, std::string>;
    using Wanted = std::pair<std::string_view, std::string_view>;
    struct Less {
        using is_transparent = void;
        bool operator()(const Wanted& left, const Wanted& right) const noexcept { return left < right; }
    };
    using Entries = std::map<Key, Entry, Less>;

    Entries entries_;
    std::deque<std::pair<SteadyTime, Entries::iterator>> turns_;  // each entry's next one
    SteadyTime not_before_{};
};

}  // namespace endpointd::cluster
