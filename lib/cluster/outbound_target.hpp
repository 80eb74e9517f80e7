#pragma once
// How far one receiver of state messages is: what was handed to it, and what it has
// confirmed. A receiver is the parent zone, whose endpoints pass messages on to each
// other, or one endpoint of our own zone. Pure; owned by Outbound, on its thread.

#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "store/outbox.hpp"

namespace endpointd::cluster {

// Between the time stamps of two messages, at least: room for those of the same message when it is sent again.
inline constexpr Duration kStampStep{10};
// A peer drops what is older than what it has last had of us, and takes what is as old once more (protocol, 2.2). So each
// time a message goes again its stamp is a microsecond less, up to this many: what the peer has is then older, and what it
// has not still is not.
inline constexpr Duration kStampsBack = kStampStep - Duration(1);
// What an earlier process may have taken back of what is stored.
inline constexpr Duration kStampsBackBefore{5};

// Messages between two marks that are remembered of what is on its way: a position
// that a peer confirms is found again at most this many messages too early.
inline constexpr std::uint64_t kMarkEvery = 64;

class OutboundTarget {
public:
    // What is stored up to `given` it may have had already, from an earlier process.
    OutboundTarget(std::string zone, store::OutboxMark position, WallTime given)
        : zone_(std::move(zone)), cursor_(position), confirmed_(position), sent_(given), doubted_(given), back_(kStampsBackBefore) {}

    const std::string& zone() const noexcept { return zone_; }

    // Everything up to here was handed on, or is not for it.
    const store::OutboxMark& cursor() const noexcept { return cursor_; }
    // Everything up to here it has, or is not for it: what begins behind is sent again.
    const store::OutboxMark& confirmed() const noexcept { return confirmed_; }

    void skipped(store::OutboxMark message);
    void sent(const std::string& endpoint, store::OutboxMark message);
    // What the stamp of a message with this one is less when it is sent now.
    Duration back(WallTime ts) const noexcept { return ts <= doubted_ ? back_ : Duration(0); }
    // `endpoint` says that it has our messages up to `position`. It can only confirm
    // what it was given.
    void acknowledged(std::string_view endpoint, WallTime position);
    // A connection of `endpoint` came or went: what it has not confirmed may be lost.
    // True: the cursor went back.
    bool doubt(std::string_view endpoint);

    std::vector<std::string> endpoints;     // that may see anything, in the order of the zone
    std::deque<store::OutboxMessage> page;  // read, and not yet handed on
    std::string carrier;                    // the endpoint that got the last message
    std::uint64_t generation = 0;           // of the cursor: a page that was read for another one is of no use
    bool reading = false;

private:
    struct Flight {
        WallTime confirmed{}, last{};         // nothing under way where they are the same
        std::deque<store::OutboxMark> marks;  // every kMarkEvery-th of what is under way
        std::uint64_t since_mark = 0;
    };
    void settle();

    std::string zone_;
    store::OutboxMark cursor_, confirmed_;
    WallTime sent_, doubted_;  // the newest that was ever handed on, and of those that may not have arrived
    Duration back_;
    std::map<std::string, Flight, std::less<>> flights_;
};

}  // namespace endpointd::cluster
