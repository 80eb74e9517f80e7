#include "dsl/instance.hpp"

namespace endpointd::dsl {

const Value* Instance::find(std::uint16_t field) const noexcept {
    for (const auto& [index, value] : fields)
        if (index == field) return &value;
    return nullptr;
}

void Instance::set(std::uint16_t field, Value value) {
    for (auto& [index, old] : fields) {
        if (index == field) {
            old = std::move(value);
            return;
        }
    }
    fields.emplace_back(field, std::move(value));
}

void Instance::wrote(Written place) {
    for (Written& old : written) {
        if (old.field == place.field) {
            old = place;
            return;
        }
    }
    written.push_back(place);
}

const Instance::Written* Instance::written_at(std::uint16_t field) const noexcept {
    for (const Written& one : written)
        if (one.field == field) return &one;
    return nullptr;
}

}  // namespace endpointd::dsl
