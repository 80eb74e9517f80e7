#pragma once
// Who is who: the Endpoint and Zone objects of zones.d, checked as a whole, and
// the questions that the cluster code asks about them. Built once per load,
// immutable afterwards; references into a Topology live as long as it does. Any
// thread may read.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/findings.hpp"

namespace endpointd::dsl {

// Bytes of an Endpoint's or Zone's name.
inline constexpr std::size_t kNameLength = 255;
// Zones from a zone up to the top. Upstream's own limit for the same chain is 32.
inline constexpr std::size_t kZoneLevels = 32;

struct Endpoint {
    std::string name;
    std::string host;  // empty: never dialled
    std::string port = "5665";
    std::optional<Duration> log_duration;  // none: not set or unlimited, replay.max_age alone counts; 0: no replay
    bool log_unlimited = false;            // log_duration was negative
    std::string zone;                      // every endpoint is in exactly one
    std::string file;
    std::uint32_t line = 0;
};

struct Zone {
    std::string name;
    std::string parent;                  // empty: a top zone
    std::vector<std::string> endpoints;  // in the order of the file
    bool global = false;
    std::string file;
    std::uint32_t line = 0;
};

// What another endpoint is to us, by its zone.
enum class Relation { self, sibling, parent, ancestor, child, descendant, unrelated };

class Topology {
public:
    using Endpoints = std::map<std::string, Endpoint, std::less<>>;
    using Zones = std::map<std::string, Zone, std::less<>>;

    const Endpoints& endpoints() const noexcept { return endpoints_; }
    const Zones& zones() const noexcept { return zones_; }
    const Endpoint* endpoint(std::string_view name) const noexcept;  // null: none of that name
    const Zone* zone(std::string_view name) const noexcept;

    const Endpoint& local_endpoint() const noexcept;
    const Zone& local_zone() const noexcept;

    // Of an endpoint that is not configured: unrelated.
    Relation relation(std::string_view endpoint) const noexcept;
    // May it send us commands: in our zone or in our direct parent zone, and not
    // ourselves (protocol, 6.2). Grandparents may not.
    bool is_parent(std::string_view endpoint) const noexcept;
    // In a zone anywhere below ours.
    bool is_child(std::string_view endpoint) const noexcept;

    // True if `zone` is `ancestor` or below it. Unknown names: false.
    bool is_at_or_below(std::string_view zone, std::string_view ancestor) const noexcept;
    // May `zone` see an object of `object_zone` (protocol, 8.1). An empty
    // `object_zone` is our own zone; unknown names: false.
    bool can_access(std::string_view zone, std::string_view object_zone) const noexcept;

    // The endpoints to keep a connection to, in the order of their names: those
    // with host and port in our zone, our parent zone and our direct child zones
    // (protocol, 1.5).
    std::vector<const Endpoint*> whom_to_dial() const;

private:
    friend class ZoneLoader;

    Endpoints endpoints_;
    Zones zones_;
    std::string node_;
    std::string own_zone_;
};

struct Evaluation;

// The Endpoint and Zone objects of an evaluation, checked as a whole.
// `configured_zone`: the setting node.zone, or empty. Every error goes to `findings`; none is
// returned if there was one.
std::optional<Topology> topology_of(const Evaluation& evaluation, std::string_view node_name, std::string_view configured_zone,
                                    Findings& findings);

// load_local() for who wants to know of a zones.d only who is who.
std::optional<Topology> load_zones(const std::vector<SourceFile>& files, std::string_view node_name, std::string_view configured_zone,
                                   Findings& findings);

}  // namespace endpointd::dsl
