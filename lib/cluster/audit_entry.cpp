#include "cluster/audit_entry.hpp"

namespace endpointd::cluster {

store::AuditEntry audit_entry(const Sender& from, const dsl::Topology& topology, wire::Method method) {
    store::AuditEntry entry;
    entry.parent = from.endpoint;
    if (const dsl::Endpoint* endpoint = topology.endpoint(from.endpoint)) entry.zone = endpoint->zone;
    entry.method = std::string(wire::name_of(method));
    return entry;
}

store::AuditEntry lost_in_store(const std::string& problem) {
    store::AuditEntry entry;
    entry.decision = store::Decision::rejected;
    entry.reason = store::Reason::malformed_message;
    entry.object_type = "Store";
    entry.detail = problem;
    entry.parameter = problem;
    return entry;
}

store::Reason store_reason(exec::Refusal refusal) noexcept {
    switch (refusal) {
        case exec::Refusal::unknown_command:
        case exec::Refusal::wrong_kind:
            return store::Reason::unknown_command;
        case exec::Refusal::parameter:
        case exec::Refusal::missing:
            return store::Reason::argument_refused;
        case exec::Refusal::plugin:
            return store::Reason::plugin_changed;
        case exec::Refusal::malformed:
            return store::Reason::malformed_message;
        case exec::Refusal::none:
        case exec::Refusal::limit:
        case exec::Refusal::unavailable:
            return store::Reason::limit_exceeded;
    }
    return store::Reason::limit_exceeded;
}

}  // namespace endpointd::cluster
