#include "cluster/told_rejections.hpp"

#include <algorithm>

#include "files/digest.hpp"

namespace endpointd::cluster {

// Of what tells one rejection from another (Rejection::same_as) and of what was refused, each part with its length.
// A plan's texts are bounded together (policy's kContentKept).
ToldRejections::Digest ToldRejections::digest_of(const policy::Rejection& rejection) {
    std::string text;
    const auto add = [&text](std::string_view part) {
        text += std::to_string(part.size());
        text += ':';
        text += part;
    };
    add(name_of(rejection.reason));
    add(rejection.parent);
    add(rejection.method);
    add(rejection.object_type);
    add(rejection.object_name);
    add(rejection.file);
    add(std::to_string(rejection.line));
    add(rejection.detail);
    add(rejection.content);
    if (rejection.attribute) add(*rejection.attribute);
    const std::string hex = files::sha256_hex(text);
    Digest digest;
    std::copy_n(hex.begin(), digest.size(), digest.begin());
    return digest;
}

void ToldRejections::load(const std::vector<store::ToldRejection>& stored) {
    for (const store::ToldRejection& one : stored) groups_[one.group].emplace(one.digest, Entry{one.record, true});
}

bool ToldRejections::knows(const std::string& group, const Digest& digest) const {
    const auto found = groups_.find(group);
    return found != groups_.end() && found->second.contains(digest);
}

std::vector<ToldRejections::News> ToldRejections::replace(const std::string& group, std::span<const policy::Rejection> rejections) {
    Group before;
    if (const auto found = groups_.find(group); found != groups_.end()) before = std::move(found->second);
    Group& now = groups_[group];
    now = {};
    std::vector<News> news;
    for (const policy::Rejection& rejection : rejections) {
        const Digest digest = digest_of(rejection);
        const auto [entry, is_new] = now.try_emplace(digest);
        if (!is_new) continue;
        if (const auto known = before.find(digest); known != before.end()) {
            entry->second.record = known->second.record;
            if (known->second.before_start) news.push_back({&rejection, digest, true, known->second.record});
            before.erase(known);
            continue;
        }
        changed_[{group, digest}] = true;
        if (group == of_plan() || !knows(of_plan(), digest)) news.push_back({&rejection, digest, false, 0});
    }
    for (const auto& [digest, entry] : before) changed_[{group, digest}] = false;
    if (now.empty()) groups_.erase(group);
    return news;
}

bool ToldRejections::add(const std::string& group, const policy::Rejection& rejection) {
    if (const auto found = groups_.find(group); found != groups_.end() && found->second.size() >= kToldMessages) replace(group, {});
    const Digest digest = digest_of(rejection);
    if (!groups_[group].try_emplace(digest).second) return false;
    changed_[{group, digest}] = true;
    return true;
}

void ToldRejections::recorded(const std::string& group, const Digest& digest, std::uint64_t record) {
    const auto found = groups_.find(group);
    if (found == groups_.end()) return;
    const auto entry = found->second.find(digest);
    if (entry == found->second.end()) return;
    entry->second.record = record;
    changed_[{group, digest}] = true;
}

void ToldRejections::write_changes(store::WantedChange& change) {
    for (const auto& [key, there] : changed_) {
        if (there) change.told.push_back({key.first, key.second, groups_[key.first][key.second].record});
        else change.dropped_told.push_back(key);
    }
    changed_.clear();
}

void ToldRejections::write_everything(store::WantedChange& change) {
    for (const auto& [group, entries] : groups_)
        for (const auto& [digest, entry] : entries) change.told.push_back({group, digest, entry.record});
    changed_.clear();
}

}  // namespace endpointd::cluster
