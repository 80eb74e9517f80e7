#pragma once
// Moments of an object's own, so that what begins together does not stay together: by its
// name, so that they are the same in every process. Internal to the scheduler.

#include <algorithm>
#include <cstdint>
#include <string_view>

namespace endpointd::schedule {

inline std::uint32_t hash_of(std::string_view name) noexcept {
    std::uint32_t hash = 2166136261U;  // FNV-1a
    for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
    // Names that differ in their last letter only are to differ in all bits.
    hash = (hash ^ hash >> 16) * 0x85ebca6bU;
    hash = (hash ^ hash >> 13) * 0xc2b2ae35U;
    return hash ^ hash >> 16;
}

// Seconds, below `interval` and below kStartSpread.
inline double spread(std::string_view name, double interval) noexcept {
    constexpr double kMost = 60;
    return static_cast<double>(hash_of(name)) / 4294967296.0 * std::min(interval, kMost);
}

}  // namespace endpointd::schedule
