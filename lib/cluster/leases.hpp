#pragma once
// The leases of this node: granted and revoked by an operator, kept in the store, in force
// while they last, each of its steps on record. Nothing comes into force that is not kept, and
// what is over is not in force whatever the disk says. Owned by the daemon's app, which makes
// rules of them; everything is called on the io_context's thread.

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "policy/lease.hpp"
#include "store/audit_record.hpp"
#include "store/leases.hpp"

namespace endpointd::cluster {

// How often it is written down how much of the leases is left: what a crash can give back to
// one after which, besides, somebody set the clock back.
inline constexpr std::chrono::seconds kLeasesKeptEvery{60};

class Leases {
public:
    struct Ways {
        const Clock& clock;
        const Log& log;
        std::function<void(store::AuditEntry)> audit;
        std::function<bool()> audit_fails;
        // `done` comes exactly once; changes are written in their order.
        std::function<void(store::LeaseChange, std::function<void(bool written)> done)> keep;
        std::function<void()> changed;  // grants() and next_end() are others now
    };
    struct Granted {
        policy::Lease lease;
        std::vector<std::string> warnings;
    };

    // Whatever `ways` hold must outlive it, and it every answer they owe.
    explicit Leases(Ways ways) : ways_(std::move(ways)) {}

    // What was kept, before everything else. Ends what is over by now; does not call `changed`.
    void load(store::StoredLeases kept);

    std::vector<policy::Grant> grants() const { return table_.grants(); }
    // Until tick() has to be called; none: there is no lease.
    std::optional<Duration> next_end() const;

    // `done` comes once the lease is kept and in force, or with why it is not: as LeaseTable::add(), or
    // Errc::unavailable where it can be neither recorded nor kept. `known` is not used any more then.
    void grant(const policy::LeaseRequest& request, const std::string& by, const policy::KnownNames& known,
               std::function<void(Result<Granted>)> done);
    // Over at once. Errc::not_found: there is none of that id; unavailable: it is over, but the store could
    // not be told yet, so a restart would bring it back until it can.
    void revoke(std::uint64_t id, const std::string& by, std::function<void(Result<policy::Lease>)> done);

    // At next_end(), and now and then besides: somebody may have set the clock, or the disk have
    // refused. Ends what is over.
    void tick();
    // Writes down how much is left of each: before an orderly stop.
    void keep_all();

private:
    void end_expired();
    void forget(const std::vector<std::uint64_t>& ids, const std::function<void(bool)>& done);
    void record(std::uint64_t id, std::string detail, std::optional<std::string> content = std::nullopt) const;

    Ways ways_;
    policy::LeaseTable table_;
    std::set<std::uint64_t> over_;  // that the store may still have
    std::size_t forgetting_ = 0;    // changes under way that drop some
    std::optional<SteadyTime> kept_at_;
};

}  // namespace endpointd::cluster
