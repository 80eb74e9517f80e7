#include "cluster/taken_executions.hpp"

#include "files/digest.hpp"

namespace endpointd::cluster {

bool TakenExecutions::take(std::string_view zone, std::string_view source, SteadyTime until, SteadyTime now) {
    while (!in_order_.empty() && in_order_.begin()->first <= now) {
        until_.erase(in_order_.begin()->second);
        in_order_.erase(in_order_.begin());
    }
    // A zone's name holds no NUL byte, so no two pairs read the same.
    std::string key = files::sha256_hex(std::string(zone) + '\0' + std::string(source));
    if (!until_.emplace(key, until).second) return false;
    in_order_.emplace(until, std::move(key));
    if (until_.size() > kTakenExecutions) {
        until_.erase(in_order_.begin()->second);
        in_order_.erase(in_order_.begin());
    }
    return true;
}

}  // namespace endpointd::cluster
