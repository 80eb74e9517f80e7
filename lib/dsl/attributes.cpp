#include "dsl/attributes.hpp"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "base/assert.hpp"
#include "dsl/config_type.hpp"

namespace endpointd::dsl {

namespace {

// The same name where it stays for good.
std::string_view lasting(std::string_view name) {
    static const std::unordered_set<std::string_view> kNames = [] {
        std::unordered_set<std::string_view> names;
        for (const ConfigType& type : config_types())
            for (const Field& field : type.fields) names.insert(field.name);
        return names;
    }();
    const auto known = kNames.find(name);
    EP_ASSERT(known != kNames.end());
    return *known;
}

}  // namespace

Attributes::Attributes(const json::Object& from) {
    members_.reserve(from.size());  // in order already
    for (const auto& [name, value] : from) members_.push_back({lasting(name), std::make_shared<const json::Value>(value)});
}

std::vector<Attributes::Member>::iterator Attributes::place_of(std::string_view name) noexcept {
    return std::ranges::lower_bound(members_, name, {}, &Member::name);
}

const json::Value* Attributes::find(std::string_view name) const noexcept {
    // A handful; most differ in length already.
    for (const Member& member : members_)
        if (member.name == name) return member.value.get();
    return nullptr;
}

void Attributes::set(const Field& field, Shared value) {
    EP_ASSERT(value);
    const auto place = place_of(field.name);
    if (place != members_.end() && place->name == field.name) place->value = std::move(value);
    else members_.insert(place, {field.name, std::move(value)});
}

void Attributes::set(std::string_view name, json::Value value) {
    auto shared = std::make_shared<const json::Value>(std::move(value));
    const auto place = place_of(name);
    if (place != members_.end() && place->name == name) place->value = std::move(shared);
    else members_.insert(place, {lasting(name), std::move(shared)});
}

bool Attributes::erase(std::string_view name) {
    const auto place = place_of(name);
    if (place == members_.end() || place->name != name) return false;
    members_.erase(place);
    return true;
}

}  // namespace endpointd::dsl
