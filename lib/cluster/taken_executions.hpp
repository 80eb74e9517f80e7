#pragma once
// Executions that were taken on. A parent replays what was not acknowledged when a
// connection broke, and two parents of a zone may both bring the same one: an action
// is run at most once. Owned by the command executor, on its thread.

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.hpp"

namespace endpointd::cluster {

// Executions remembered, of some 200 bytes each: far above what people ask for. Beyond
// it the one that is over first is forgotten.
inline constexpr std::size_t kTakenExecutions = 10'000;

class TakenExecutions {
public:
    // `source` is the execution's id, chosen by somebody in `zone`. False: it was taken
    // on before, and that is remembered until the `until` given then.
    bool take(std::string_view zone, std::string_view source, SteadyTime until, SteadyTime now);

    std::size_t size() const noexcept { return until_.size(); }

private:
    std::unordered_map<std::string, SteadyTime> until_;  // by digest: an id may be of any length
    std::multimap<SteadyTime, std::string> in_order_;
};

}  // namespace endpointd::cluster
