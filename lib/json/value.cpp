#include "json/value.hpp"

#include <algorithm>

namespace endpointd::json {

namespace {

bool key_before(const Object::Member& member, std::string_view key) noexcept { return member.first < key; }

}  // namespace

Object::Object(std::initializer_list<Member> members) {
    members_.reserve(members.size());
    for (const Member& member : members) set(member.first, member.second);
}

const Value* Object::find(std::string_view key) const noexcept {
    const auto place = std::lower_bound(members_.begin(), members_.end(), key, key_before);
    return place != members_.end() && place->first == key ? &place->second : nullptr;
}

Value* Object::find(std::string_view key) noexcept { return const_cast<Value*>(std::as_const(*this).find(key)); }

void Object::set(std::string key, Value value) {
    // Whoever builds one by hand mostly goes by the alphabet.
    if (members_.empty() || members_.back().first < key) {
        members_.emplace_back(std::move(key), std::move(value));
        return;
    }
    const auto place = std::lower_bound(members_.begin(), members_.end(), std::string_view(key), key_before);
    if (place != members_.end() && place->first == key) place->second = std::move(value);
    else members_.emplace(place, std::move(key), std::move(value));
}

bool Object::erase(std::string_view key) {
    const auto place = std::lower_bound(members_.begin(), members_.end(), key, key_before);
    if (place == members_.end() || place->first != key) return false;
    members_.erase(place);
    return true;
}

std::optional<Object> Object::from_members(std::vector<Member> members) {
    const auto by_key = [](const Member& a, const Member& b) { return a.first < b.first; };
    // What upstream sends is sorted already; what we build by hand often is.
    if (!std::is_sorted(members.begin(), members.end(), by_key)) std::sort(members.begin(), members.end(), by_key);
    const auto same_key = [](const Member& a, const Member& b) { return a.first == b.first; };
    if (std::adjacent_find(members.begin(), members.end(), same_key) != members.end()) return std::nullopt;
    Object object;
    object.members_ = std::move(members);
    return object;
}

std::size_t Object::size() const noexcept { return members_.size(); }
bool Object::empty() const noexcept { return members_.empty(); }
std::vector<Object::Member>::const_iterator Object::begin() const noexcept { return members_.begin(); }
std::vector<Object::Member>::const_iterator Object::end() const noexcept { return members_.end(); }
bool Object::operator==(const Object& other) const { return members_ == other.members_; }

std::string_view Value::type_name() const noexcept {
    static constexpr std::string_view kNames[] = {"null", "boolean", "number", "string", "array", "object"};
    return kNames[data_.index()];
}

}  // namespace endpointd::json
