#pragma once
// What happens to a message of an authenticated endpoint: first the decision,
// from one table of methods and the capability each needs, then the handler, or
// an audit record. What no handler exists for is denied, never ignored. Owned by
// the daemon's app, io_context's thread only.

#include <memory>
#include <string>

#include "cluster/config_sync.hpp"
#include "cluster/execute.hpp"
#include "cluster/receiver.hpp"
#include "cluster/scheduling.hpp"
#include "cluster/services.hpp"
#include "policy/rate.hpp"

namespace endpointd::cluster {

// Files of one refused config::Update that get a record each; the rest share one.
inline constexpr std::size_t kAuditedFiles = 100;

class Dispatcher final : public Receiver {
public:
    explicit Dispatcher(Services services);

    // From now on; call it before the first message.
    void configure(std::shared_ptr<const Rules> rules);

    void deliver(const Sender& from, Deliver message) override;
    void refused(const Sender& from, Refuse what) override;
    void not_authenticated(const tls::Refusal& why, const std::string& address, const std::string& dialled) override;

    // Runs a command for an operator: the catalog's rules hold, no grant is asked.
    // `done` gets the outcome; refused ones were audited in `by`'s name.
    void run_for_operator(const std::string& command, json::Object parameters, const std::string& by,
                          std::function<void(exec::Outcome)> done);

    std::size_t waiting() const noexcept { return executor_.waiting(); }

    // What parents want of this node. load() before the first configure().
    ConfigSync& config() noexcept { return config_; }
    // The checks of this node's own.
    Scheduling& scheduling() noexcept { return scheduling_; }
    const Scheduling& scheduling() const noexcept { return scheduling_; }

private:
    bool may_update(const Sender& from, const wire::UpdateExecutions& executions) const;
    bool may_remove(const Sender& from, const wire::SetRemovalInfo& removal) const;
    std::string denied(const Sender& from, const store::AuditEntry& entry, const policy::Request& asked);
    void deny(const Sender& from, wire::Method method, const wire::Message& message, std::string payload);
    void deny_update(const Sender& from, const wire::ConfigUpdate& update);

    Services services_;
    std::shared_ptr<const Rules> rules_;
    CommandExecutor executor_;
    ConfigSync config_;
    Scheduling scheduling_;
    policy::TokenBucket stranger_lines_;  // a stranger cannot make us log without bound
    std::uint64_t stranger_lines_dropped_ = 0;
    policy::TokenBucket refusal_lines_;
};

}  // namespace endpointd::cluster
