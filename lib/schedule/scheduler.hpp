#pragma once
// Which check is due when, and what its result leads to, without running or sending
// anything: what happens goes in, what is to be done comes out as events, in the order in
// which a parent needs to hear of them (protocol, 7.1). Owned by whoever runs the checks;
// one thread. Wall times are seconds since 1970 and may jump; due times are kept by a clock that
// does not.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "dsl/shared_string.hpp"
#include "schedule/checkable.hpp"
#include "schedule/downtime.hpp"
#include "schedule/period.hpp"
#include "schedule/reachability.hpp"
#include "schedule/state_machine.hpp"
#include "schedule/timetable.hpp"

namespace endpointd::schedule {

// A host or service. Numbers stay as long as the object does; they are used again afterwards.
using Id = std::uint32_t;

// After a start nobody's check waits longer than this, unless its own time is later: seconds.
inline constexpr double kStartSpread = 60;
// A run that came to no result is tried again after this many seconds; once.
inline constexpr double kTryAgain = 1;
// An acknowledgement holds up to its expiry; it is looked at this many seconds behind it.
inline constexpr double kAfterExpiry = 0.01;
// A failed dependency's children are checked again within this many seconds of its recovery.
inline constexpr double kChildrenSoon = 60;

struct Now {
    double wall = 0;
    double steady = 0;
};

// What configuration says of a host or service.
struct Configured {
    dsl::SharedString name;  // "host" or "host!service"; the plan's own, mostly
    std::string host;        // of a service; empty: it is a host
    CheckSettings settings;
    bool active = true;   // enable_active_checks, and nobody paused it
    bool passive = true;  // enable_passive_checks
    std::string period;   // check_period; empty: always
};

// What configuration, or a parent, says of a downtime.
struct ConfiguredDowntime {
    std::string name, checkable, triggered_by;
    DowntimeTimes times;
};

// A dependency by the names of both ends; one whose ends are not there is left out.
struct ConfiguredDependency {
    std::string parent, child;
    Dependency rule;  // its numbers are not looked at
};

// What there is to schedule, all of it.
struct Schedule {
    std::vector<Configured> checkables;
    std::vector<ConfiguredDowntime> downtimes;
    std::vector<ConfiguredDependency> dependencies;
    std::map<std::string, Period, std::less<>> periods;
};

// What was kept over a restart.
struct KeptStates {
    std::map<std::string, CheckableState, std::less<>> checkables;
    std::map<std::string, double, std::less<>> triggered;  // downtimes
};

struct Gone {
    std::string_view type;  // "Host", "Service" or "Downtime"
    std::string name;
};

struct RunCheck {  // and call finished() or failed()
    Id id = 0;
    bool forced = false;
    double due = 0;  // when it was to be started: not later than now
};
struct ForceEnded {
    Id id = 0;
};
struct CheckStarted {
    Id id = 0;
    double at = 0;
};
struct NextCheckMoved {
    Id id = 0;
    double at = 0;
};
// With the state, or at its expiry; nobody took it back.
struct AcknowledgementEnded {
    Id id = 0;
};
// The result that was handed in is the last one now.
struct Resulted {
    Id id = 0;
    Transition transition;
};
struct DowntimeTriggered {
    std::string name;
};
using Event = std::variant<RunCheck, ForceEnded, CheckStarted, NextCheckMoved, AcknowledgementEnded, Resulted, DowntimeTriggered>;
using Events = std::vector<Event>;

class Scheduler {
public:
    // `started`: of the process. `slots`: checks under way at a time.
    Scheduler(Now started, std::size_t slots) : started_(started), slots_(slots) {}

    // What there is from now on. Who stays keeps state and time; who is new begins with the
    // state in `kept`, if any, at a moment of its own within kStartSpread. `kept` is for who was there before the start, and for who
    // comes back.
    void configure(Schedule schedule, const KeptStates& kept, Now now);
    // enable_active_checks, until the next configure().
    void set_active(Id id, bool active, Now now);
    void set_slots(std::size_t slots) noexcept { slots_ = slots; }

    std::optional<Id> find(std::string_view name) const;
    const std::string& name(Id id) const noexcept { return items_[id].name.str(); }
    const CheckSettings& settings(Id id) const noexcept { return items_[id].settings; }
    bool active(Id id) const noexcept { return items_[id].active; }
    // Of a service; none: its host is not scheduled.
    std::optional<Id> host(Id id) const noexcept;
    const CheckableState& state(Id id) const noexcept { return items_[id].state; }
    bool running(Id id) const noexcept { return items_[id].running; }
    std::size_t size() const noexcept { return by_name_.size(); }
    std::size_t under_way() const noexcept { return under_way_; }

    // The next moment (steady) at which due() has something to say; none: not before something else happens.
    std::optional<double> next_wake() const noexcept;
    void due(Now now, Events& events);

    // A check that RunCheck asked for came to a result, or to none.
    void finished(Id id, const Observation& result, Now now, Events& events);
    // True: it is tried again at once; false: it was, the caller makes a result of the failure.
    bool failed(Id id, Now now);
    // The object is gone, or the result is not wanted any more: the slot is free again.
    void abandoned(Id id) noexcept;

    // A result that somebody submits; `ttl` in seconds, 0: the check interval. False: passive checks are off.
    bool submitted(Id id, const Observation& result, double ttl, Now now, Events& events);
    // False: not listened to, since it is from before the start: a replay of what was asked of another process. (Upstream
    // listens to nothing in its first minute; somebody who asks for a check then wants it too.)
    bool move_next_check(Id id, double at, Now now, Events& events);
    // Of what is paused, it counts once move_next_check() comes.
    void force(Id id, bool forced, Now now);
    // False: it is acknowledged already.
    bool acknowledge(Id id, Acknowledgement acknowledgement, Now now);
    bool clear_acknowledgement(Id id);

    std::optional<double> downtime_triggered(std::string_view name) const;
    std::size_t downtime_depth(Id id, double now) const;
    bool reachable(Id id, Now now) const;

    // Whose state changed since the last call; each once.
    std::vector<Id> take_changed();
    // At most so many are they.
    std::size_t changed() const noexcept { return changed_.size(); }
    // One of these, once more: it could not be written. Nothing for a number that nobody has by now.
    void changed_still(Id id);
    // What had a state and is gone since the last call.
    std::vector<Gone> take_gone();
    // Downtimes that were triggered since the last call.
    std::vector<std::string> take_triggered();

private:
    static constexpr Id kNone = static_cast<Id>(-1);
    // One for each host and service: nothing is in it that others have as well.
    struct Item {
        dsl::SharedString name;
        CheckSettings settings;
        CheckableState state;
        Id host = kNone;
        std::uint32_t period = 0;  // place in period_names_
        bool active = true, passive = true;
        bool used = false, running = false, retried = false, changed = false;
    };
    struct PlacedDowntime {
        ConfiguredDowntime configured;
        std::optional<Id> checkable;
        double triggered = 0;
        bool arrived = true;                  // since the last look at it
        std::vector<std::uint32_t> triggers;  // those that are triggered by it
    };
    struct KnownWindow {
        double asked = 0;
        Periods::Window window;
    };

    void schedule(Id id, double wall, Now now);
    void mark(Id id);
    void move(Id id, double at, Now now, Events& events);
    bool skip(Id id, Now now, Events& events);
    void start(Id id, Now now, Events& events);
    void observe_result(Id id, const Observation& result, bool active, double ttl, Now now, Events& events);
    void tell_relatives(Id id, const Transition& transition, Now now, Events& events);
    void trigger(std::uint32_t downtime, double at, double now, Events& events);
    void turn_downtimes(Now now, Events& events);
    void await_expiry(Id id, Now now);
    void end_acknowledgements(Now now, Events& events);
    Id place(const Configured& configured, const KeptStates& kept, Now now);
    void configure_references(const std::vector<Configured>& checkables, const std::vector<Id>& ids);
    void drop(Id id);
    void configure_downtimes(std::vector<ConfiguredDowntime> downtimes, const KeptStates& kept, Now now);
    void configure_dependencies(std::vector<ConfiguredDependency> dependencies);
    std::uint32_t offset(Id id) const noexcept;
    bool is_reachable(Id id, Purpose purpose, double now) const;
    Periods::Window window(std::string_view period, double now) const;

    Now started_;
    std::size_t slots_;
    std::size_t under_way_ = 0;
    std::vector<Item> items_;
    std::vector<Id> free_;
    std::vector<Id> by_name_;                // sorted by name
    std::vector<std::string> period_names_;  // of checks, each once; the first one is empty: always
    std::vector<PlacedDowntime> downtimes_;
    std::map<Id, std::vector<std::uint32_t>> downtimes_of_;
    std::map<Id, std::vector<Id>> parents_, children_;  // by explicit dependencies
    Timetable timetable_, downtime_turns_, expiries_;
    Periods periods_;
    mutable std::map<std::string, KnownWindow, std::less<>> windows_;  // answers that still hold
    Reachability reachability_;
    std::vector<Id> changed_;
    std::vector<Gone> gone_;
    std::vector<std::string> triggered_;  // downtimes, since the last take_triggered()
};

}  // namespace endpointd::schedule
