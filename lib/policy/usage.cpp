#include "policy/usage.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "base/units.hpp"

namespace endpointd::policy {

void Usage::configure(const Grants& grants) {
    for (auto& [id, state] : states_) state.configured = false;
    const auto take = [this](const Grant& grant) {
        State& state = states_[grant.id];
        state.configured = true;
        if (state.rate == grant.rate) return;
        state.rate = grant.rate;
        state.bucket.reset();
        if (grant.rate) state.bucket.emplace(*grant.rate);
    };
    for (const Entry& entry : grants.entries()) {
        for (const Grant& grant : entry.grants) take(grant);
        for (const Grant& lease : entry.leases) take(lease);
    }
    std::erase_if(states_, [](const auto& item) { return !item.second.configured && item.second.counts.running == 0; });
}

Usage::State& Usage::state(const Grant& grant) {
    const auto found = states_.find(grant.id);
    EP_ASSERT(found != states_.end() && found->second.configured);
    return found->second;
}

Usage::Admission Usage::admit(Verdict verdict, SteadyTime now) {
    if (!verdict.allowed) {
        for (const Grant* grant : verdict.grants)
            if (grant) ++state(*grant).counts.denied;
        return {std::move(verdict), Duration(0)};
    }
    std::optional<Duration> wait;
    const Grant* limiting = nullptr;
    for (const Grant* grant : verdict.grants) {
        if (!grant) continue;
        State& its = state(*grant);
        const Admit admit = its.bucket ? its.bucket->take(now) : Admit{true, Duration(0)};
        if (admit.ok) {
            ++its.counts.used;
            verdict.source = grant->source;
            verdict.grants = {grant};
            return {std::move(verdict), Duration(0)};
        }
        if (!wait || admit.wait < *wait) {
            wait = admit.wait;
            limiting = grant;
        }
    }
    EP_ASSERT(limiting);  // an allowing verdict names what allows it
    for (const Grant* grant : verdict.grants)
        if (grant) ++state(*grant).counts.denied;
    verdict.allowed = false;
    verdict.reason = Reason::rate_limited;
    verdict.source = limiting->source;
    verdict.detail = "more than " + limiting->rate->text + " of " + std::string(name_of(limiting->id.capability)) + " for " +
                     escaped(limiting->id.parent, 128);
    return {std::move(verdict), *wait};
}

bool Usage::start(const Grant& grant) {
    Counts& counts = state(grant).counts;
    if (grant.max_concurrent && counts.running >= *grant.max_concurrent) return false;
    ++counts.running;
    return true;
}

void Usage::finish(const GrantId& id) {
    const auto found = states_.find(id);
    EP_ASSERT(found != states_.end() && found->second.counts.running > 0);
    --found->second.counts.running;
    if (!found->second.configured && found->second.counts.running == 0) states_.erase(found);
}

Counts Usage::counts(const GrantId& id) const {
    const auto found = states_.find(id);
    return found == states_.end() ? Counts{} : found->second.counts;
}

}  // namespace endpointd::policy
