#include "base/assert.hpp"
#include "dsl/zones.hpp"

namespace endpointd::dsl {

const Endpoint* Topology::endpoint(std::string_view name) const noexcept {
    const auto found = endpoints_.find(name);
    return found == endpoints_.end() ? nullptr : &found->second;
}

const Zone* Topology::zone(std::string_view name) const noexcept {
    const auto found = zones_.find(name);
    return found == zones_.end() ? nullptr : &found->second;
}

const Endpoint& Topology::local_endpoint() const noexcept {
    const Endpoint* local = endpoint(node_);
    EP_ASSERT(local);
    return *local;
}

const Zone& Topology::local_zone() const noexcept {
    const Zone* local = zone(own_zone_);
    EP_ASSERT(local);
    return *local;
}

Relation Topology::relation(std::string_view name) const noexcept {
    const Endpoint* other = endpoint(name);
    if (!other) return Relation::unrelated;
    if (other->name == node_) return Relation::self;
    if (other->zone == own_zone_) return Relation::sibling;
    if (other->zone == local_zone().parent) return Relation::parent;
    const Zone* theirs = zone(other->zone);
    if (theirs && theirs->parent == own_zone_) return Relation::child;
    if (is_at_or_below(other->zone, own_zone_)) return Relation::descendant;
    if (is_at_or_below(own_zone_, other->zone)) return Relation::ancestor;
    return Relation::unrelated;
}

bool Topology::is_parent(std::string_view name) const noexcept {
    const Relation is = relation(name);
    return is == Relation::sibling || is == Relation::parent;
}

bool Topology::is_child(std::string_view name) const noexcept {
    const Relation is = relation(name);
    return is == Relation::child || is == Relation::descendant;
}

bool Topology::is_at_or_below(std::string_view name, std::string_view ancestor) const noexcept {
    if (!zone(ancestor)) return false;
    // The loader refused cycles and longer chains.
    for (const Zone* at = zone(name); at; at = zone(at->parent))
        if (at->name == ancestor) return true;
    return false;
}

bool Topology::can_access(std::string_view name, std::string_view object_zone) const noexcept {
    const Zone* object = zone(object_zone.empty() ? std::string_view(own_zone_) : object_zone);
    if (!object || !zone(name)) return false;
    return object->global || is_at_or_below(object->name, name);
}

std::vector<const Endpoint*> Topology::whom_to_dial() const {
    std::vector<const Endpoint*> chosen;
    for (const auto& [name, other] : endpoints_) {
        if (other.host.empty() || other.port.empty()) continue;
        const Relation is = relation(name);
        if (is == Relation::sibling || is == Relation::parent || is == Relation::child) chosen.push_back(&other);
    }
    return chosen;
}

}  // namespace endpointd::dsl
