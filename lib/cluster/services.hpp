#pragma once
// What the handlers of messages are given: the rules in force, and the ways out of
// the cluster code, each as narrow as its use. The daemon's app provides them and
// outlives the handlers; everything is called on the io_context's thread.

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "catalog/catalog.hpp"
#include "cluster/builtin.hpp"
#include "cluster/config_worker.hpp"
#include "cluster/outbound_message.hpp"
#include "cluster/sender.hpp"
#include "dsl/zones.hpp"
#include "exec/outcome.hpp"
#include "exec/run_request.hpp"
#include "policy/grants.hpp"
#include "policy/usage.hpp"
#include "store/audit_record.hpp"
#include "store/check_states.hpp"
#include "store/wanted.hpp"

namespace endpointd::cluster {

// One consistent set: a reload replaces all of it at once, and whoever is in the
// middle of a decision keeps what it began with.
struct Rules {
    std::shared_ptr<const dsl::Topology> topology;
    std::shared_ptr<const policy::Grants> grants;
    std::shared_ptr<const catalog::Catalog> catalog;
    Duration runner_timeout{};      // of a command that names none
    std::size_t queue = 0;          // requests that may wait (settings: runner.queue)
    Duration answers_kept{};        // answers to actions and results, for a parent that is away (settings: replay.max_age)
    std::uint64_t outbox_size = 0;  // bytes of results that may wait (settings: replay.max_size)
    std::shared_ptr<const std::vector<dsl::Object>> local;  // the host's own objects
    policy::UpdateLimits update_limits;                     // of one config::Update, and of what is kept of runtime objects
    std::size_t slots = 64;                                 // own checks under way at a time (settings: runner.max_concurrent)
    dsl::Limits evaluation_limits;                          // without a time: that is the worker's
};

struct Services {
    const Clock& clock;
    const Log& log;
    policy::Usage& usage;

    // Writes a record; `done` gets its id once it is stored, or nothing if the store fails.
    std::function<void(store::AuditEntry, std::function<void(std::optional<std::uint64_t>)> done)> audit;
    // Runs a command of the catalog in the runner; `done` comes exactly once.
    std::function<void(exec::RunRequest, std::function<void(exec::Outcome)> done)> run;
    // Sends `payload` to whoever asked, not before limits.min_answer is over; keeps
    // it until `keep_until` if he is away.
    std::function<void(const Sender& to, std::string payload, SteadyTime keep_until)> answer;
    std::function<NodeHealth()> health;
    // True while records cannot be written: what has to be on record is then not run.
    std::function<bool()> audit_fails;
    // Configuration: has a plan made (ConfigSync::planned gets it), writes what is wanted, and
    // shows the plan that is now in force.
    std::function<void(EvaluationRequest)> evaluate = {};
    std::function<void(store::WantedChange, std::function<void(bool written)> done)> keep = {};
    std::function<void(std::shared_ptr<const policy::Plan>)> publish = {};
    // Tells parents of a change; `from`: whose message caused it (see Outbound).
    std::function<void(StateMessage, const std::optional<Sender>& from)> relay = {};
    // An endpoint has our relayed messages up to `position`.
    std::function<void(const std::string& endpoint, double position)> acknowledged = {};
    // Checks of our own: wakes Scheduling at a moment (the last one asked for counts), and writes what became of
    // checks. None of them: nothing is checked here.
    std::function<void(SteadyTime)> wake_at = {};
    std::function<void(store::StateChange, std::function<void(bool written)> done)> keep_states = {};
    // A run under this grant has ended: whoever waits for max_concurrent has a turn. The Dispatcher's own.
    std::function<void(const policy::GrantId&)> place_free = {};
};

}  // namespace endpointd::cluster
