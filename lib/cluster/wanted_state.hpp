#pragma once
// What parents want, changed step by step: a step that led to no plan is undone, one
// that did becomes the store's change. Owned by ConfigSync, on its thread.

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "cluster/production.hpp"
#include "policy/plan.hpp"
#include "store/wanted.hpp"

namespace endpointd::cluster {

// Deletions kept: enough for every object of a large parent, some 200 bytes each; and how
// long a peer may be away without making an object again that was deleted meanwhile.
inline constexpr std::size_t kTombstones = 10'000;
inline constexpr std::chrono::days kTombstoneAge{7};

class WantedState {
public:
    using Key = store::ObjectKey;

    // Takes what the store kept. Everything of it counts as kept.
    void load(store::StoredWanted stored);

    const Production& production() const noexcept { return production_; }
    const policy::RuntimeObject* object(const Key& key) const;
    const policy::Modification* modification(const Key& key) const;
    double deleted(const Key& key) const;  // the version of its tombstone; 0: none
    // Bytes and number of runtime objects and modifications, which the caller bounds.
    std::size_t bytes() const noexcept { return bytes_; }
    std::size_t entries() const noexcept { return objects_.size() + modifications_.size(); }

    void set_production(Production production);
    void put(policy::RuntimeObject object);  // one that is there keeps its place
    void put(policy::Modification modification);
    void drop_object(const Key& key);
    void drop_modification(const Key& key);
    void bury(const Key& key, double version, WallTime now);
    // Objects whose full name begins with `name!`: what hangs on it.
    std::vector<Key> below(const std::string& name) const;
    // Of all modifications, downtimes and comments: what may be there without an object in force.
    std::vector<Key> modifications_and_annotations() const;

    void forget_old_tombstones(WallTime now);

    // What has to be planned for; parts that did not change are the same as before.
    policy::Wanted wanted();

    bool affects_plan() const noexcept;      // this step needs a new plan
    store::WantedChange keep();              // ends the step
    void undo();                             // ends the step, nothing of it has happened
    store::WantedChange everything() const;  // for a store that missed a change

private:
    struct Placed {
        policy::RuntimeObject object;
        std::uint64_t place = 0;
    };
    template <class Map, class Undo>
    static void remember(const Map& map, Undo& undo, const Key& key);
    void forget_lists(const std::string& type);

    Production production_;
    std::map<Key, Placed> objects_;
    std::map<Key, policy::Modification> modifications_;
    std::map<Key, store::Tombstone> tombstones_;
    std::uint64_t next_place_ = 1;
    std::size_t bytes_ = 0;

    // How what this step touched was before it.
    std::optional<Production> production_before_;
    std::map<Key, std::optional<Placed>> objects_before_;
    std::map<Key, std::optional<policy::Modification>> modifications_before_;
    std::map<Key, std::optional<store::Tombstone>> tombstones_before_;

    policy::Wanted lists_;  // null: to be made anew
};

}  // namespace endpointd::cluster
