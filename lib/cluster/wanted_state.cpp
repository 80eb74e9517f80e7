#include "cluster/wanted_state.hpp"

#include <algorithm>

namespace endpointd::cluster {

namespace {

bool is_annotation(std::string_view type) noexcept { return type == "Downtime" || type == "Comment"; }

std::size_t size_of(const policy::RuntimeObject& object) {
    return sizeof object + object.type.size() + object.name.size() + object.parent.size() + object.config.size();
}
std::size_t size_of(const policy::Modification& modification) {
    return sizeof modification + modification.type.size() + modification.name.size() + json::to_text(modification.attributes).size();
}

}  // namespace

// The first touch of a step is the one that matters.
template <class Map, class Undo>
void WantedState::remember(const Map& map, Undo& undo, const Key& key) {
    if (undo.contains(key)) return;
    const auto found = map.find(key);
    if (found == map.end()) undo.emplace(key, std::nullopt);
    else undo.emplace(key, found->second);
}

void WantedState::forget_lists(const std::string& type) {
    if (is_annotation(type)) lists_.annotations.reset();
    else lists_.objects.reset();
}

void WantedState::load(store::StoredWanted stored) {
    std::ranges::stable_sort(stored.files, {}, &policy::PushedFile::zone);
    production_ = {std::move(stored.zones), std::make_shared<const std::vector<policy::PushedFile>>(std::move(stored.files))};
    for (policy::RuntimeObject& object : stored.objects) put(std::move(object));
    for (policy::Modification& modification : stored.modifications) put(std::move(modification));
    for (store::Tombstone& tombstone : stored.tombstones) tombstones_[{tombstone.type, tombstone.name}] = std::move(tombstone);
    lists_ = {};
    static_cast<void>(keep());
}

const policy::RuntimeObject* WantedState::object(const Key& key) const {
    const auto found = objects_.find(key);
    return found != objects_.end() ? &found->second.object : nullptr;
}

const policy::Modification* WantedState::modification(const Key& key) const {
    const auto found = modifications_.find(key);
    return found != modifications_.end() ? &found->second : nullptr;
}

double WantedState::deleted(const Key& key) const {
    const auto found = tombstones_.find(key);
    return found != tombstones_.end() ? found->second.version : 0;
}

void WantedState::set_production(Production production) {
    if (!production_before_) production_before_ = std::move(production_);
    production_ = std::move(production);
    lists_.files.reset();
}

void WantedState::put(policy::RuntimeObject object) {
    Key key{object.type, object.name};
    remember(objects_, objects_before_, key);
    forget_lists(object.type);
    bytes_ += size_of(object);
    const auto found = objects_.find(key);
    if (found == objects_.end()) {
        objects_.emplace(std::move(key), Placed{std::move(object), next_place_++});
        return;
    }
    bytes_ -= size_of(found->second.object);
    found->second.object = std::move(object);
}

void WantedState::put(policy::Modification modification) {
    const Key key{modification.type, modification.name};
    remember(modifications_, modifications_before_, key);
    drop_modification(key);
    lists_.modifications.reset();
    bytes_ += size_of(modification);
    modifications_.emplace(key, std::move(modification));
}

void WantedState::drop_object(const Key& key) {
    const auto found = objects_.find(key);
    if (found == objects_.end()) return;
    remember(objects_, objects_before_, key);
    forget_lists(key.first);
    bytes_ -= size_of(found->second.object);
    objects_.erase(found);
}

void WantedState::drop_modification(const Key& key) {
    const auto found = modifications_.find(key);
    if (found == modifications_.end()) return;
    remember(modifications_, modifications_before_, key);
    lists_.modifications.reset();
    bytes_ -= size_of(found->second);
    modifications_.erase(found);
}

void WantedState::bury(const Key& key, double version, WallTime now) {
    remember(tombstones_, tombstones_before_, key);
    tombstones_[key] = {key.first, key.second, std::max(version, deleted(key)), now};
    if (tombstones_.size() > kTombstones) forget_old_tombstones(now);
}

void WantedState::forget_old_tombstones(WallTime now) {
    std::vector<std::pair<WallTime, Key>> ages;
    for (const auto& [key, tombstone] : tombstones_) ages.emplace_back(tombstone.deleted, key);
    std::ranges::sort(ages);
    // Some room at once: this is not done for each deletion of a flood.
    std::size_t surplus = ages.size() > kTombstones ? ages.size() - kTombstones + kTombstones / 10 : 0;
    for (const auto& [deleted, key] : ages) {
        if (surplus == 0 && now - deleted < kTombstoneAge) return;
        if (surplus != 0) --surplus;
        remember(tombstones_, tombstones_before_, key);
        tombstones_.erase(key);
    }
}

std::vector<WantedState::Key> WantedState::below(const std::string& name) const {
    const std::string prefix = name + "!";
    std::vector<Key> found;
    for (const auto& [key, placed] : objects_)
        if (key.second.starts_with(prefix)) found.push_back(key);
    return found;
}

std::vector<WantedState::Key> WantedState::modifications_and_annotations() const {
    std::vector<Key> keys;
    for (const auto& [key, modification] : modifications_) keys.push_back(key);
    for (const auto& [key, placed] : objects_)
        if (is_annotation(key.first)) keys.push_back(key);
    return keys;
}

policy::Wanted WantedState::wanted() {
    if (!lists_.files) lists_.files = production_.files;
    if (!lists_.objects || !lists_.annotations) {
        std::vector<const Placed*> ordered;
        for (const auto& [key, placed] : objects_) ordered.push_back(&placed);
        std::ranges::sort(ordered, {}, &Placed::place);
        std::vector<policy::RuntimeObject> objects, annotations;
        for (const Placed* placed : ordered) (is_annotation(placed->object.type) ? annotations : objects).push_back(placed->object);
        if (!lists_.objects) lists_.objects = std::make_shared<const std::vector<policy::RuntimeObject>>(std::move(objects));
        if (!lists_.annotations) lists_.annotations = std::make_shared<const std::vector<policy::RuntimeObject>>(std::move(annotations));
    }
    if (!lists_.modifications) {
        std::vector<policy::Modification> modifications;
        for (const auto& [key, modification] : modifications_) modifications.push_back(modification);
        lists_.modifications = std::make_shared<const std::vector<policy::Modification>>(std::move(modifications));
    }
    return lists_;
}

bool WantedState::affects_plan() const noexcept { return production_before_ || !objects_before_.empty() || !modifications_before_.empty(); }

store::WantedChange WantedState::keep() {
    store::WantedChange change;
    if (production_before_) change.pushed = store::WantedChange::Pushed{production_.zones, production_.files};
    // In the order they came, which is the order the store keeps.
    std::vector<const Placed*> put;
    for (const auto& [key, before] : objects_before_) {
        const auto found = objects_.find(key);
        if (found != objects_.end()) put.push_back(&found->second);
        if (before && (found == objects_.end() || found->second.place != before->place)) change.dropped_objects.push_back(key);
    }
    std::ranges::sort(put, {}, &Placed::place);
    for (const Placed* placed : put) change.objects.push_back(placed->object);
    for (const auto& [key, before] : modifications_before_) {
        if (const auto* now = modification(key)) change.modifications.push_back(*now);
        else if (before) change.dropped_modifications.push_back(key);
    }
    for (const auto& [key, before] : tombstones_before_) {
        if (const auto found = tombstones_.find(key); found != tombstones_.end()) change.tombstones.push_back(found->second);
        else if (before) change.dropped_tombstones.push_back(key);
    }
    production_before_.reset();
    objects_before_.clear();
    modifications_before_.clear();
    tombstones_before_.clear();
    return change;
}

void WantedState::undo() {
    if (production_before_) {
        production_ = std::move(*production_before_);
        lists_.files.reset();
    }
    for (auto& [key, before] : objects_before_) {
        if (const auto found = objects_.find(key); found != objects_.end()) {
            bytes_ -= size_of(found->second.object);
            objects_.erase(found);
        }
        forget_lists(key.first);
        if (!before) continue;
        bytes_ += size_of(before->object);
        objects_.emplace(key, std::move(*before));
    }
    for (auto& [key, before] : modifications_before_) {
        if (const auto found = modifications_.find(key); found != modifications_.end()) {
            bytes_ -= size_of(found->second);
            modifications_.erase(found);
        }
        lists_.modifications.reset();
        if (!before) continue;
        bytes_ += size_of(*before);
        modifications_.emplace(key, std::move(*before));
    }
    for (auto& [key, before] : tombstones_before_) {
        if (before) tombstones_[key] = std::move(*before);
        else tombstones_.erase(key);
    }
    production_before_.reset();
    objects_before_.clear();
    modifications_before_.clear();
    tombstones_before_.clear();
}

store::WantedChange WantedState::everything() const {
    store::WantedChange change;
    change.everything = true;
    change.pushed = store::WantedChange::Pushed{production_.zones, production_.files};
    std::vector<const Placed*> ordered;
    for (const auto& [key, placed] : objects_) ordered.push_back(&placed);
    std::ranges::sort(ordered, {}, &Placed::place);
    for (const Placed* placed : ordered) change.objects.push_back(placed->object);
    for (const auto& [key, modification] : modifications_) change.modifications.push_back(modification);
    for (const auto& [key, tombstone] : tombstones_) change.tombstones.push_back(tombstone);
    return change;
}

}  // namespace endpointd::cluster
