#include "cluster/outbound_target.hpp"

#include <algorithm>

namespace endpointd::cluster {

void OutboundTarget::skipped(store::OutboxMark message) {
    cursor_ = message;
    settle();
}

void OutboundTarget::sent(const std::string& endpoint, store::OutboxMark message) {
    Flight& flight = flights_[endpoint];
    if (flight.confirmed == flight.last) {
        flight.confirmed = cursor_.ts;
        flight.marks.clear();
        flight.since_mark = 0;
    }
    if (flight.since_mark++ % kMarkEvery == 0) flight.marks.push_back(cursor_);
    flight.last = message.ts;
    sent_ = std::max(sent_, message.ts);
    cursor_ = message;
    carrier = endpoint;
}

void OutboundTarget::acknowledged(std::string_view endpoint, WallTime position) {
    const auto found = flights_.find(endpoint);
    if (found == flights_.end() || found->second.confirmed == found->second.last) return;
    Flight& flight = found->second;
    flight.confirmed = std::max(flight.confirmed, std::min(position + kStampsBack, flight.last));
    settle();
}

void OutboundTarget::settle() {
    store::OutboxMark least = cursor_;
    for (auto& [endpoint, flight] : flights_) {
        if (flight.confirmed == flight.last) continue;
        while (flight.marks.size() > 1 && flight.marks[1].ts <= flight.confirmed) flight.marks.pop_front();
        if (flight.confirmed < least.ts) least = {std::min(least.id, flight.marks.front().id), flight.confirmed};
    }
    if (least.ts > confirmed_.ts) confirmed_ = {std::max(least.id, confirmed_.id), least.ts};
    if (confirmed_.ts >= doubted_) back_ = Duration(0);
}

bool OutboundTarget::doubt(std::string_view endpoint) {
    const auto found = flights_.find(endpoint);
    if (found == flights_.end()) return false;
    const bool under_way = found->second.confirmed != found->second.last;
    if (!under_way) {
        flights_.erase(found);
        return false;
    }
    // What others have under way goes again as well: they know it by its time stamp.
    flights_.clear();
    page.clear();
    ++generation;
    cursor_ = confirmed_;
    doubted_ = sent_;
    back_ = std::min(back_ + Duration(1), kStampsBack);
    return true;
}

}  // namespace endpointd::cluster
