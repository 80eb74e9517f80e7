#pragma once
// Answers to parents that are not there: kept in memory, in order, until their
// endpoint is back or they are no longer wanted. A parent asks again `timeout` +
// 30 s after its request (protocol, 6.1), so an older answer would only be taken
// for a fresh one. Pure; owned by the peer table, on its thread.

#include <cstddef>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/limits.hpp"

namespace endpointd::cluster {

struct StoredAnswer {
    std::string payload;
    SteadyTime expires;
};

class StoredAnswers {
public:
    // Keeps `payload` for `endpoint` until `expires`. False if a bound was
    // reached: the oldest answers of this endpoint then made room.
    bool keep(const std::string& endpoint, std::string payload, SteadyTime expires, SteadyTime now);

    // What waits for `endpoint`, oldest first, without what has expired.
    std::vector<StoredAnswer> take(const std::string& endpoint, SteadyTime now);

    std::size_t waiting(const std::string& endpoint) const;
    std::size_t waiting() const;

private:
    struct Queue {
        std::deque<StoredAnswer> answers;
        std::size_t bytes = 0;
    };
    static void drop_expired(Queue& queue, SteadyTime now);

    std::map<std::string, Queue> queues_;  // endpoints come from zones.d: bounded by the operator
};

}  // namespace endpointd::cluster
