#pragma once
// The event handlers of the hosts and services that are checked here: entries of the catalog
// named by `event_command`, run after a result that calls for it, for whoever may have
// that. Owned by Scheduling, io_context's thread only.

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "cluster/services.hpp"
#include "policy/check_macros.hpp"
#include "policy/plan.hpp"

namespace endpointd::cluster {

// Handlers take one of this many places at the runner, at least one: when everything fails at once, checks go on
// beside the repairs.
inline constexpr std::size_t kHandlerShare = 2;

// One that has not been started yet.
struct WaitingHandler {
    policy::StateMacros states;
    bool counted = false;                  // by the rate of a grant
    std::optional<policy::GrantId> place;  // of max_concurrent, that became free for it
};

class EventHandlers {
public:
    // `services` must outlive it, and every callback it gave away.
    explicit EventHandlers(Services& services) : services_(services) {}

    void configure(std::shared_ptr<const Rules> rules);
    void publish(std::shared_ptr<const policy::Plan> plan) { plan_ = std::move(plan); }

    // A result of this object calls for its handler; `states` are those after it. Of one object, one run is under way and
    // the last of what came meanwhile waits. Rules, grant and catalog are asked when it starts, those of then.
    void handle(const dsl::Object& object, policy::StateMacros states);
    // A run under this grant has ended, whoever's it was.
    void place_free(const policy::GrantId& grant);
    // Nothing starts any more; what waits is on record.
    void stop();

    std::size_t under_way() const noexcept { return under_way_; }
    std::size_t waiting() const noexcept { return waiting_; }

private:
    struct Handler {
        bool running = false;
        std::optional<WaitingHandler> waiting;
    };
    // One attempt to start one.
    struct Attempt;

    // Whose `event_command` it is: the parent that needs a grant; empty: this host's own.
    static const std::string& author_of(const policy::PlannedObject& object) noexcept;

    void start_waiting();
    void try_next(const std::string& name);
    void give_place(const policy::GrantId& grant);
    // Each false has recorded why, or nobody wants it any more.
    bool judge(Attempt& attempt);
    bool granted(Attempt& attempt, const std::string& command);
    bool in_catalog(Attempt& attempt);
    bool parameters_admitted(Attempt& attempt);
    bool recordable(const Attempt& attempt);
    bool within_rate(Attempt& attempt);
    void run(Attempt attempt);
    void ended(const Attempt& attempt, const std::string& given, const exec::Outcome& outcome);

    store::AuditEntry entry_for(const Attempt& attempt, std::string_view detail) const;
    void refuse(const Attempt& attempt, store::Reason reason, std::string_view detail, const std::string& parameter = {});
    // What waits, without having been judged.
    void not_run(const std::string& name, const policy::StateMacros& states, store::Reason reason, std::string_view detail);

    Services& services_;
    std::shared_ptr<const Rules> rules_;
    std::shared_ptr<const policy::Plan> plan_ = std::make_shared<const policy::Plan>();
    policy::CheckMacros macros_;
    std::map<std::string, Handler> handlers_;                       // by the full name of a host or service; none that is idle
    std::deque<std::string> turns_;                                 // who waits for a place at the runner
    std::map<policy::GrantId, std::deque<std::string>> for_grant_;  // who waits for max_concurrent
    std::size_t under_way_ = 0, waiting_ = 0;
    bool stopped_ = false;
};

}  // namespace endpointd::cluster
