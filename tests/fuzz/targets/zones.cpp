// zones.d from any bytes: no crash, bounded time and memory, a topology or an error
// but never neither, and a topology that answers consistently.

#include <cstdint>

#include "base/assert.hpp"
#include "dsl/zones.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace endpointd;
    const std::string text(reinterpret_cast<const char*>(data), size);
    Findings findings;
    const std::optional<dsl::Topology> topology = dsl::load_zones({{"zones.d/zones.conf", "zones.conf", text}}, "agent", "", findings);
    EP_ASSERT(topology.has_value() == findings.ok());
    if (!topology) return 0;

    EP_ASSERT(topology->relation(topology->local_endpoint().name) == dsl::Relation::self);
    for (const auto& [name, endpoint] : topology->endpoints()) {
        EP_ASSERT(topology->zone(endpoint.zone) != nullptr);
        EP_ASSERT(!(topology->is_parent(name) && topology->is_child(name)));
        EP_ASSERT(topology->can_access(endpoint.zone, endpoint.zone));
    }
    for (const dsl::Endpoint* other : topology->whom_to_dial()) EP_ASSERT(!other->host.empty() && other->name != "agent");
    return 0;
}
