#include "dsl/value_pool.hpp"

#include <bit>
#include <functional>
#include <string_view>
#include <utility>

namespace endpointd::dsl {

namespace {

// From high bits to low ones as well: those of round numbers differ in the former alone.
std::uint64_t mixed(std::uint64_t hash, std::uint64_t with) noexcept {
    hash ^= with;
    hash = (hash ^ (hash >> 32)) * 0x9e3779b97f4a7c15;
    return hash ^ (hash >> 32);
}

std::uint64_t hash_of(std::string_view text) noexcept { return std::hash<std::string_view>{}(text); }

// As deep as an attribute may be (kAttributeDepth).
std::uint64_t hash_of(const json::Value& value) noexcept {
    if (value.is_null()) return 1;
    if (const bool* boolean = value.boolean()) return *boolean ? 2 : 3;
    // By its bits: 0 and -0 are equal and not the same.
    if (const double* number = value.number()) return mixed(4, std::bit_cast<std::uint64_t>(*number));
    if (const std::string* text = value.string()) return mixed(5, hash_of(std::string_view(*text)));
    std::uint64_t hash = value.array() ? 6 : 7;
    if (const json::Array* array = value.array())
        for (const json::Value& item : *array) hash = mixed(hash, hash_of(item));
    if (const json::Object* object = value.object())
        for (const auto& [key, item] : *object) hash = mixed(mixed(hash, hash_of(std::string_view(key))), hash_of(item));
    return hash;
}

}  // namespace

std::shared_ptr<const json::Value> ValuePool::share(json::Value value) {
    const std::uint64_t hash = hash_of(value);
    Place& place = places_[hash % kPoolPlaces];
    if (!place.value || place.hash != hash || *place.value != value) place = {hash, std::make_shared<const json::Value>(std::move(value))};
    return place.value;
}

}  // namespace endpointd::dsl
