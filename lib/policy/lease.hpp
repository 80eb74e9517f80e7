#pragma once
// Leases: grants with an end, made by an operator at run time. A lease grants what a file of
// caps.d could, by the same words, and nothing else. The table holds those there are and says
// when each is over; who writes, audits and times them is cluster::Leases. Values and a table
// that is handed the time; the table belongs to one thread.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "policy/caps.hpp"
#include "policy/grants.hpp"

namespace endpointd::policy {

// Leases at a time: each is one somebody has to remember. For how many of one parent and
// capability there is room in a verdict: kLeasesOfOne.
inline constexpr std::size_t kLeases = 100;
// What is needed for longer stands in caps.d, where the next reader of the files finds it.
inline constexpr Duration kLeaseShortest = std::chrono::seconds(1);
inline constexpr Duration kLeaseLongest = std::chrono::days(30);
// Bytes of the reason (it has to fit into a record of the audit), and of the scope as JSON.
inline constexpr std::size_t kLeaseReason = 512;
inline constexpr std::size_t kLeaseScope = 16 * 1024;

// What an operator asks for. Foreign: judged by LeaseTable::add().
struct LeaseRequest {
    std::string parent;      // a key as in caps.d: an endpoint's name or zone:NAME
    std::string capability;  // as in caps.d
    Duration length{};
    json::Object scope;  // what the grant would hold in caps.d, the rate included
    std::string reason;
};

struct Lease {
    std::uint64_t id = 0;  // from 1, never used twice
    std::string parent;
    Capability capability = Capability::results;
    json::Object scope;
    std::string reason;
    std::string by;  // who granted it
    WallTime granted;
    WallTime expires;
    Duration left{};  // of its length, by a clock that is never set: see LeaseTable

    bool operator==(const Lease&) const = default;
};

// "execute of master1 by root: REASON", with what is foreign escaped.
std::string in_words(const Lease& lease);

// The keys a lease can be granted to, sorted: the endpoints that may send us something, and their zones.
std::vector<std::string> lease_parents(const dsl::Topology& topology);

// When is a lease over? By the wall clock at `expires`, and by the steady clock when it was in
// force for its length, whichever comes first: setting the clock forward may end it early,
// setting it back never makes it longer. The steady clock begins anew with every process; so
// `left` is what is kept, and a lease that comes back has no more than that. What the process
// was not running is counted by the wall clock alone.
class LeaseTable {
public:
    // Those that were kept. Returns a sentence for each that can no longer be granted and is left out.
    std::vector<std::string> load(std::vector<Lease> kept, std::uint64_t next_id, SteadyTime now);

    // Checks the request and takes it in; its time begins, and it is in force once enter_into_force()
    // is called. Errc::invalid: the request; not_found: the parent, the text names the known
    // ones; too_large: there are too many. `warnings`: what a file of caps.d would be warned of.
    Result<Lease> add(const LeaseRequest& request, const std::string& by, const KnownNames& known, WallTime wall, SteadyTime steady,
                      std::vector<std::string>& warnings);
    void enter_into_force(std::uint64_t id);
    // None: there is none of that id in force.
    std::optional<Lease> remove(std::uint64_t id);
    // One that never came into force.
    void take_back(std::uint64_t id) { held_.erase(id); }

    // Takes out what is over.
    std::vector<Lease> take_expired(WallTime wall, SteadyTime steady);
    // Until the next one is over, never negative; none: there is none.
    std::optional<Duration> next_end(WallTime wall, SteadyTime steady) const;

    // Those in force, as grants of Grants::with_leases() and as they are to be kept.
    std::vector<Grant> grants() const;
    std::vector<Lease> in_force(SteadyTime now) const;

private:
    struct Held {
        std::shared_ptr<const Lease> lease;
        Grant grant;
        SteadyTime until;
        bool in_force = false;
    };
    std::optional<Error> no_room(const std::string& parent, Capability capability) const;
    static Result<Held> hold(Lease lease, const KnownNames& known, SteadyTime now, std::vector<std::string>& warnings);

    std::map<std::uint64_t, Held> held_;
    std::uint64_t next_id_ = 1;
};

}  // namespace endpointd::policy
