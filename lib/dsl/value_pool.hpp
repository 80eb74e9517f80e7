#pragma once
// Makes one of equal values: objects of one template or rule then share what they have
// in common. A table of fixed size in which a value displaces another of the same
// place: texts chosen to collide cost sharing and never time. Belongs to one evaluation;
// one thread, though what it gave out may be read by any.

#include <cstdint>
#include <memory>
#include <vector>

#include "json/value.hpp"

namespace endpointd::dsl {

// Values that are remembered: those of some thousand objects, in 192 KiB while an evaluation runs.
inline constexpr std::size_t kPoolPlaces = 8192;

class ValuePool {
public:
    std::shared_ptr<const json::Value> share(json::Value value);

private:
    struct Place {
        std::uint64_t hash = 0;
        std::shared_ptr<const json::Value> value;
    };

    std::vector<Place> places_{kPoolPlaces};
};

}  // namespace endpointd::dsl
