#pragma once
// Which refusals of configuration are no news: they are on record, and the parent was told. Kept over
// a restart, because parents send everything again whenever they connect. Owned by ConfigSync, on its thread.

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "policy/plan.hpp"
#include "store/wanted.hpp"

namespace endpointd::cluster {

// Refusals of single messages that are remembered for one parent, some 100 bytes each. A parent with more
// objects that it may not make is forgotten as a whole, and hears of them anew.
inline constexpr std::size_t kToldMessages = 20'000;

class ToldRejections {
public:
    using Digest = store::ToldRejection::Digest;

    // A refusal that is news. `again`: it is not, but whether the parent got its result is not known, since
    // that was before this start; `record` is the number it has in the audit, 0: not known.
    struct News {
        const policy::Rejection* rejection = nullptr;
        Digest digest{};
        bool again = false;
        std::uint64_t record = 0;
    };

    // The groups: what belongs together, and is replaced together.
    static std::string of_plan() { return "plan"; }
    static std::string of_update(const std::string& parent) { return "update:" + parent; }
    static std::string of_failure(const std::string& parent) { return "failure:" + parent; }
    static std::string of_messages(const std::string& parent) { return "messages:" + parent; }

    void load(const std::vector<store::ToldRejection>& stored);

    // From now on `group` is exactly `rejections`. What is in the plan already is no news in any group.
    // The answer points into `rejections`; of equal ones the first is news.
    std::vector<News> replace(const std::string& group, std::span<const policy::Rejection> rejections);
    // One more for `group`, of which kToldMessages are kept. False: it was there.
    bool add(const std::string& group, const policy::Rejection& rejection);
    // The number of the record that tells it.
    void recorded(const std::string& group, const Digest& digest, std::uint64_t record);
    // Whatever is about a parent for whom `keep` is false.
    template <class Keep>
    void forget_parents(Keep keep) {
        std::vector<std::string> gone;
        for (const auto& [group, entries] : groups_)
            if (const std::size_t mark = group.find(':');
                mark + 1 < group.size() && mark != std::string::npos && !keep(group.substr(mark + 1)))
                gone.push_back(group);
        for (const std::string& group : gone) replace(group, {});
    }

    // What changed since the last call, or everything, into the store's change.
    void write_changes(store::WantedChange& change);
    void write_everything(store::WantedChange& change);

    static Digest digest_of(const policy::Rejection& rejection);

private:
    struct Entry {
        std::uint64_t record = 0;
        bool before_start = false;
    };
    using Group = std::map<Digest, Entry>;

    bool knows(const std::string& group, const Digest& digest) const;

    std::map<std::string, Group> groups_;
    std::map<std::pair<std::string, Digest>, bool> changed_;  // false: it is gone
};

}  // namespace endpointd::cluster
