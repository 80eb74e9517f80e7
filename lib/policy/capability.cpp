#include "policy/capability.hpp"

namespace endpointd::policy {

std::string_view name_of(Capability capability) noexcept {
    switch (capability) {
        case Capability::results:
            return "results";
        case Capability::recheck:
            return "recheck";
        case Capability::pause:
            return "pause";
        case Capability::acknowledge:
            return "acknowledge";
        case Capability::downtime:
            return "downtime";
        case Capability::comment:
            return "comment";
        case Capability::execute:
            return "execute";
        case Capability::action:
            return "action";
        case Capability::event:
            return "event";
        case Capability::passive:
            return "passive";
        case Capability::config:
            return "config";
        case Capability::renew:
            return "renew";
    }
    return "";
}

std::optional<Capability> capability_from(std::string_view name) noexcept {
    for (const Capability capability : kCapabilities)
        if (name_of(capability) == name) return capability;
    return std::nullopt;
}

bool is_available(Capability capability) noexcept { return capability != Capability::renew; }

}  // namespace endpointd::policy
