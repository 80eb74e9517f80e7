#include "store/fold_index.hpp"

#include <algorithm>

namespace endpointd::store {

const Fold* FoldIndex::find(const std::string& key) {
    const auto slot = slots_.find(key);
    if (slot == slots_.end()) return nullptr;
    order_.splice(order_.begin(), order_, slot->second);
    return &slot->second->fold;
}

const Fold* FoldIndex::peek(const std::string& key) const {
    const auto slot = slots_.find(key);
    return slot == slots_.end() ? nullptr : &slot->second->fold;
}

void FoldIndex::remember(const std::string& key) {
    const Fold* now = peek(key);
    before_.try_emplace(key, now == nullptr ? std::nullopt : std::optional<Fold>(*now));
}

void FoldIndex::set(const std::string& key, const Fold& fold) {
    if (const auto slot = slots_.find(key); slot != slots_.end()) {
        slot->second->fold = fold;
        order_.splice(order_.begin(), order_, slot->second);
    } else {
        order_.push_front({key, fold});
        slots_.emplace(key, order_.begin());
    }
    if (fold.held()) held_[key] = fold.chained_at;
    else held_.erase(key);
}

void FoldIndex::remove(const std::string& key) {
    const auto slot = slots_.find(key);
    if (slot == slots_.end()) return;
    order_.erase(slot->second);
    slots_.erase(slot);
    held_.erase(key);
}

void FoldIndex::put(const std::string& key, const Fold& fold) {
    remember(key);
    set(key, fold);
}

void FoldIndex::erase(const std::string& key) {
    remember(key);
    remove(key);
}

std::optional<std::string> FoldIndex::excess() const {
    if (order_.size() <= capacity_) return std::nullopt;
    return order_.back().key;
}

std::vector<std::string> FoldIndex::held_keys() const {
    std::vector<std::string> keys;
    keys.reserve(held_.size());
    for (const auto& [key, chained_at] : held_) keys.push_back(key);
    return keys;
}

std::optional<SteadyTime> FoldIndex::oldest_held() const {
    std::optional<SteadyTime> oldest;
    for (const auto& [key, chained_at] : held_)
        if (!oldest || chained_at < *oldest) oldest = chained_at;
    return oldest;
}

void FoldIndex::keep() { before_.clear(); }

void FoldIndex::undo() {
    for (const auto& [key, fold] : before_) {
        if (fold) set(key, *fold);
        else remove(key);
    }
    before_.clear();
}

}  // namespace endpointd::store
