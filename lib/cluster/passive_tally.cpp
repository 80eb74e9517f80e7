#include "cluster/passive_tally.hpp"

#include <algorithm>

namespace endpointd::cluster {

std::uint64_t PassiveTally::add(const std::string& parent, const std::string& object, SteadyTime now) {
    auto found = entries_.find(Wanted(parent, object));
    if (found == entries_.end()) {
        if (entries_.size() >= kTallied) return 1;
        found = entries_.emplace(Key(parent, object), Entry{}).first;
        turns_.emplace_back(now + kTallyHeld, found);
    }
    Entry& entry = found->second;
    if (++entry.held < entry.told) return 0;
    entry.told += entry.held;
    return std::exchange(entry.held, 0);
}

std::optional<SteadyTime> PassiveTally::next() const noexcept {
    if (turns_.empty()) return std::nullopt;
    return std::max(turns_.front().first, not_before_);
}

std::vector<PassiveTally::Count> PassiveTally::due(SteadyTime now) {
    std::vector<Count> counts;
    if (now < not_before_) return counts;
    while (!turns_.empty() && turns_.front().first <= now && counts.size() < kTallyBatch) {
        const Entries::iterator at = turns_.front().second;
        turns_.pop_front();
        Entry& entry = at->second;
        if (entry.held == 0) {
            // Nobody submits for it any more, or so seldom that each is told.
            entries_.erase(at);
            continue;
        }
        counts.push_back({at->first.first, at->first.second, entry.held});
        entry.told += std::exchange(entry.held, 0);
        turns_.emplace_back(now + kTallyHeld, at);
    }
    if (counts.size() == kTallyBatch) not_before_ = now + kTallyPause;
    return counts;
}

std::vector<PassiveTally::Count> PassiveTally::end() {
    std::vector<Count> counts;
    for (const auto& [turn, at] : turns_) {
        if (counts.size() == kTallyAtEnd) break;
        if (at->second.held != 0) counts.push_back({at->first.first, at->first.second, at->second.held});
    }
    turns_.clear();
    entries_.clear();
    return counts;
}

}  // namespace endpointd::cluster
