#pragma once
// The checks of this node's own: when a plan is in force its hosts and services are
// checked here, by the commands of the catalog, and what happens goes to the parents that
// may see it and into the store. What parents ask of a check (now, later, acknowledged, a
// result of theirs) is judged here. Owned by the daemon's app; io_context's thread only.

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cluster/event_handlers.hpp"
#include "cluster/last_result.hpp"
#include "cluster/passive_tally.hpp"
#include "cluster/services.hpp"
#include "policy/check_macros.hpp"
#include "schedule/scheduler.hpp"
#include "store/check_states.hpp"
#include "wire/message.hpp"

namespace endpointd::cluster {

// Checks that are due within this are started together: to be woken for each, all along the way to its plugin, costs
// a quarter of what starting it does, and a check is a few milliseconds late anyhow.
inline constexpr std::chrono::milliseconds kStartTogether{5};
// How long a changed state waits for others to be written with: what a crash may cost of them. First what a parent
// said, which it does not say again; then what the next check of the object finds out anyhow. The results themselves are
// stored before they are sent.
inline constexpr std::chrono::seconds kStatesWait{1};
inline constexpr std::chrono::seconds kResultsWait{5};
// No more wait for that: to put them into words takes a few microseconds each, and checks wait meanwhile.
inline constexpr std::size_t kResultsAtOnce = 1000;
// After a write that failed: all that waits is handed over again each time.
inline constexpr std::chrono::seconds kStatesRetry{10};
// Objects and downtimes that are gone while nothing can be written: of more the store forgets what it has once they have been away for
// kStatesKept after a start.
inline constexpr std::size_t kUnwrittenGone = 100'000;
// The state of an object that has not come back this long after a start is forgotten.
inline constexpr std::chrono::hours kStatesKept{24};

// Nobody sleeps longer, whatever is due when.
inline constexpr std::chrono::hours kLongestSleep{24};

// Forced checks of which only the first of their two messages is here: of more, both count against the rate.
inline constexpr std::size_t kForced = 10'000;

// Checks that operators paused, at most: each is somebody's decision of the day.
inline constexpr std::size_t kPauses = 10'000;

class Scheduling {
public:
    // `services` must outlive it, and every callback it gave away.
    explicit Scheduling(Services& services);

    // What was kept, before the first publish().
    void load(store::StoredStates kept);
    void configure(std::shared_ptr<const Rules> rules);
    // The objects in force from now on.
    void publish(std::shared_ptr<const policy::Plan> plan);

    // True if the message is one about a check, and was judged here.
    bool deliver(const Sender& from, const wire::Message& message, wire::Method method, const std::string& payload);

    // The runner is there: checks begin.
    void start();
    // At the moment that was asked for by Services::wake_at.
    void wake();
    // No new checks, and what is not written yet goes to the store.
    void stop();

    // For an operator; the caller audits it. Errc::not_found: no such check here.
    Result<void> check_now(const std::string& name);
    // Until `length` is over or resume(); none: until resume(). Kept over restarts. Errc::too_large: kPauses are paused.
    Result<void> pause(const std::string& name, std::optional<Duration> length, const std::string& by);
    // Errc::not_found: no such check here, or no operator paused it.
    Result<void> resume(const std::string& name);

    // What `objects show` says of a host or service beside its attributes; null: it is not checked here.
    json::Value view(const std::string& name) const;
    EventHandlers& handlers() noexcept { return handlers_; }
    std::size_t checked() const noexcept { return scheduler_.size(); }
    std::size_t under_way() const noexcept { return scheduler_.under_way(); }
    // Hosts and services whose checks an operator or a parent paused.
    std::size_t paused() const;
    // States and pauses that the store does not have because it could not write them. 0: it has all but the last second's.
    std::size_t unwritten() const noexcept { return unwritten_; }

private:
    struct Shown {
        const policy::PlannedObject* object = nullptr;  // of plan_
        const policy::PlannedObject* host = nullptr;    // of a service
        LastResult result;
        double due = 0;          // wall: when the check under way was to be started
        bool unwritten = false;  // the store does not have this result
    };

    // An operator's.
    struct Pause {
        std::string by;
        double since = 0, until = 0;  // 0: until somebody resumes it
    };

    schedule::Now now() const;
    // Not what is merely configured so.
    static bool is_paused_by_parent(const policy::PlannedObject& object);
    json::Value paused_view(const std::string& name, const policy::PlannedObject& object) const;
    void end_pauses();
    void end_pause(const std::string& name);
    std::optional<double> next_end_of_pause() const noexcept;  // wall
    void perform(schedule::Events& events, const std::optional<Sender>& from, wire::CheckResultBody* body);
    void run(schedule::Id id);
    void ran(schedule::Id id, exec::Outcome outcome);
    void conclude(schedule::Id id, wire::CheckResultBody body);
    void refused(schedule::Id id, exec::Refusal why, const std::string& text);
    policy::StateMacros states_of(schedule::Id id) const;
    // Host and service of the event are filled in.
    void relay(schedule::Id id, StateEvent event, const std::optional<Sender>& from);
    void arm();

    std::optional<schedule::Id> admitted(const Sender& from, policy::Capability capability, wire::Method method, const std::string& host,
                                         const std::optional<std::string>& service, const std::string& payload, bool counts = true);
    void on(const Sender& from, const wire::SetNextCheck& message, wire::Method method, const std::string& payload);
    void on(const Sender& from, const wire::SetForceNextCheck& message, wire::Method method, const std::string& payload);
    void on(const Sender& from, const wire::SetAcknowledgement& message, wire::Method method, const std::string& payload);
    void on(const Sender& from, const wire::ClearAcknowledgement& message, wire::Method method, const std::string& payload);
    void on(const Sender& from, const wire::CheckResult& message, wire::Method method, const std::string& payload);
    void on(const Sender& from, const wire::SetLastCheckStarted& message, wire::Method method, const std::string& payload);
    void changed(const Sender& from, wire::Method method, schedule::Id id, std::string what);
    void record_submitted(const PassiveTally::Count& count);

    void give_result(Shown& shown, Shown* before, bool checked);
    // What a write holds, by name or number: what there is to say of it is said anew if it fails.
    struct Written {
        std::vector<schedule::Id> states, results;
        std::set<store::StateKey> rest;
    };
    void save();
    void save_within(Duration wait);
    void add_checkables(store::StateChange& change, Written& written);
    void add_rest(store::StateChange& change, const std::set<store::StateKey>& rest) const;
    void written(const Written& what, bool done);
    void take_back(const Written& what);

    Services& services_;
    std::shared_ptr<const Rules> rules_;
    std::shared_ptr<const policy::Plan> plan_ = std::make_shared<const policy::Plan>();
    schedule::Scheduler scheduler_;
    policy::CheckMacros macros_;
    EventHandlers handlers_;
    std::map<std::string, Pause> pauses_;  // by the full name of a host or service
    schedule::KeptStates kept_;            // of what is not there (yet)
    std::map<std::string, LastResult> kept_results_;
    std::vector<Shown> shown_;           // by the scheduler's numbers
    std::size_t paused_by_parents_ = 0;  // of the plan
    PassiveTally tally_;
    std::set<std::pair<std::string, std::string>> forced_;  // by endpoint and object: counted, and its SetNextCheck is to come
    std::optional<SteadyTime> save_at_;
    std::set<store::StateKey> unsaved_;  // pauses, downtimes and what is gone
    std::shared_ptr<const Written> writing_;
    std::size_t unwritten_ = 0;
    bool started_checking_ = false, stopped_ = false;
    bool waking_ = false, again_ = false;
    SteadyTime started_;
};

}  // namespace endpointd::cluster
