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

}  // namespace endpointd::dsl
