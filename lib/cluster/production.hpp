#pragma once
// config::Update against what is there (protocol, 4.2): which zones are new, which are
// the same, which are older than ours. A zone is taken as a whole; nothing of an update
// counts until the plan made of it is in force. Pure; any thread.

#include <map>
#include <string>
#include <vector>

#include "cluster/sender.hpp"
#include "policy/filter.hpp"
#include "store/wanted.hpp"
#include "wire/message.hpp"

namespace endpointd::cluster {

// What has been pushed to us, zone by zone. Files are sorted by zone.
struct Production {
    std::vector<store::PushedZone> zones;  // sorted by zone
    policy::Wanted::List<policy::PushedFile> files = std::make_shared<const std::vector<policy::PushedFile>>();

    const store::PushedZone* zone(std::string_view name) const noexcept;
};

struct UpdateOutcome {
    Production next;                            // what there is afterwards; as before if nothing changed
    std::vector<std::string> changed;           // zones whose text is new, sorted
    std::vector<std::string> vanished;          // zones that are no longer pushed
    std::vector<std::string> stale;             // zones with other text and no newer timestamp: ours stays
    std::vector<policy::Rejection> rejections;  // of zones, or of the update as a whole
    bool refused = false;                       // as a whole

    bool anything() const noexcept { return !changed.empty() || !vanished.empty(); }
};

// Seconds ahead of our clock that a zone's timestamp or an object's version counts at most. A
// parent's clock may be wrong; but what says to be of the far future would be the last for ever.
inline constexpr double kAheadOfClock = 3600;

// `now`: seconds since 1970, for a zone without timestamp and for one of the future. A received checksum is not
// looked at: it says something of bytes that may not be those that came (protocol, 4.2).
UpdateOutcome judge_update(const Production& there, const std::string& parent, const wire::ConfigUpdate& update, const policy::World& world,
                           const policy::UpdateLimits& limits, double now);

// One line for each file of `zone`: digest, two spaces, path. For the audit.
std::string listing(const Production& production, std::string_view zone);

}  // namespace endpointd::cluster
