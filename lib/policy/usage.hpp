#pragma once
// What the grants have been used for: buckets of the rates, commands under way,
// and counts since the start. Apart from Grants, so that a reload keeps what did
// not change. Owned by the daemon, on the io_context's thread only.

#include <cstdint>
#include <map>
#include <optional>

#include "policy/grants.hpp"

namespace endpointd::policy {

struct Counts {
    std::uint64_t used = 0;
    std::uint64_t denied = 0;
    std::uint64_t running = 0;
};

class Usage {
public:
    // Takes over a new configuration, or other leases: counts stay, the bucket of a grant whose rate
    // did not change stays, grants that are gone are forgotten once nothing of them
    // is under way.
    void configure(const Grants& grants);

    // The second step after decide(): takes a token of the first allowing grant that
    // has one. The verdict comes back with that grant alone in `grants`, or denied as
    // rate-limited with the time in `wait`. A denied verdict is counted and returned
    // as it is.
    struct Admission {
        Verdict verdict;
        Duration wait{0};  // rate-limited: until the next token
    };
    Admission admit(Verdict verdict, SteadyTime now);

    // Commands under way against max_concurrent: false means wait until one finished.
    bool start(const Grant& grant);
    void finish(const GrantId& id);

    Counts counts(const GrantId& id) const;

private:
    struct State {
        Counts counts;
        std::optional<Rate> rate;
        std::optional<TokenBucket> bucket;
        bool configured = false;
    };

    State& state(const Grant& grant);

    std::map<GrantId, State> states_;
};

}  // namespace endpointd::policy
