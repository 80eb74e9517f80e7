#pragma once
// Configuration that parents push, from message to plan: who may send what, which
// version counts, what is wanted from now on; then a plan is made of it, on another
// thread, and either all of the step is in force and stored, or nothing of it. What
// waits meanwhile becomes one step. Owned by the dispatcher, io_context's thread only.

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "cluster/services.hpp"
#include "cluster/told_rejections.hpp"
#include "cluster/wanted_state.hpp"
#include "wire/message.hpp"

namespace endpointd::cluster {

// Messages, and bytes of them, that wait while a plan is made. A parent that comes back sends
// an update and each of its runtime objects at once; two updates of the largest size fit.
inline constexpr std::size_t kWaitingChanges = 100'000;
inline constexpr std::size_t kWaitingBytes = 160 * 1024 * 1024;
// Rejections of one plan that get a record each, and those that are told to the parent; the rest of a
// parent's share one record. A zone of 10,000 services with one wrong command is told often enough.
inline constexpr std::size_t kAuditedRejections = 500;
inline constexpr std::size_t kRejectionResults = 500;
// A path of a modified attribute: its parts (as upstream) and its bytes; attributes of one object.
inline constexpr std::size_t kAttributeDepth = 16;
inline constexpr std::size_t kAttributePath = 1024;
inline constexpr std::size_t kModifiedAttributes = 1000;
// Attributes changed of an object that never came, and downtimes and comments that are rejected, so that nobody sees
// them end: how long they are kept, since the start or since they are so, and how many. An update that brings the
// object comes within minutes of them, and a parent sends them again when it connects.
inline constexpr std::chrono::hours kUnusedAge{24};
inline constexpr std::size_t kUnused = 10'000;
// Bytes of a runtime object's name: three parts of 255.
inline constexpr std::size_t kObjectName = 1024;

class ConfigSync {
public:
    // `services` must outlive it, and every callback it gave away.
    explicit ConfigSync(Services& services) : services_(services) {}

    // What was kept, before the first configure().
    void load(store::StoredWanted stored);
    // Rules from now on: everything is judged by them anew.
    void configure(std::shared_ptr<const Rules> rules);

    // True if `from` may send a config::Update at all; the verdict is for the record of its refusal.
    policy::Verdict may_update(const std::string& parent) const;
    void update(const Sender& from, wire::ConfigUpdate update);  // after may_update()
    void update_object(const Sender& from, wire::ConfigUpdateObject object, std::string payload);
    void delete_object(const Sender& from, wire::ConfigDeleteObject object, std::string payload);

    void planned(const EvaluationResult& result);
    // Now and then, and at next_end_of_pause(): what has expired ends, what could not be stored is tried again.
    void tick();
    // When the first pause of a parent ends by its grant's `max_duration`: seconds since 1970, past if tick() could not end
    // it yet; none: no pause has an end. May change with each plan that is published.
    std::optional<double> next_end_of_pause() const;

private:
    struct Change {
        Sender from;
        std::variant<wire::ConfigUpdate, wire::ConfigUpdateObject, wire::ConfigDeleteObject> message;
        std::string payload;
        std::size_t bytes = 0;
        bool admitted = false;  // counted against its grant's rate
    };
    // What is said of a step once it is over.
    struct Step {
        std::size_t changes = 0;                  // of the queue
        bool replanned = false;                   // nothing but the rules is new
        std::vector<store::AuditEntry> records;   // whatever the plan says
        std::vector<store::AuditEntry> accepted;  // if it is in force
        struct Named {
            store::AuditEntry entry;
            WantedState::Key key;
            std::vector<std::string> attributes;  // of a modification; none: the object itself
        };
        std::vector<Named> if_there;  // if it is in force, and the object stands in it
    };

    bool waits(Change change);
    bool acceptable(const Sender& from, const wire::ConfigUpdateObject& object, const std::string& payload);
    policy::Verdict may_change(const std::string& parent, const wire::ConfigUpdateObject& object, bool creates) const;
    policy::Verdict may_modify(const std::string& parent, const wire::ConfigUpdateObject& object) const;
    store::AuditEntry entry_for(const std::string& parent, wire::Method method) const;
    store::AuditEntry entry_for(const std::string& parent, const wire::ConfigUpdateObject& object, const std::string& payload) const;
    void refuse(const Sender& from, const wire::ConfigUpdateObject& object, const std::string& payload, policy::Reason reason,
                std::string detail);
    bool admit(Change& change, policy::Verdict verdict, store::AuditEntry entry);

    void next();
    void end_expired();
    void end_pauses();
    double pause_begin(const policy::Modification& after, const policy::Modification* before) const;
    void end_unused();
    void apply(Change& change);
    void apply_update(Change& change, const wire::ConfigUpdate& update);
    void apply_object(Change& change, const wire::ConfigUpdateObject& object);
    void create(Change& change, const wire::ConfigUpdateObject& object);
    void modify(Change& change, const wire::ConfigUpdateObject& object, const policy::Modification* before);
    void apply_delete(Change& change, const wire::ConfigDeleteObject& object);
    bool has_room(std::size_t bytes) const;

    void ask_for_plan(bool abandon_running);
    void settle(std::shared_ptr<const policy::Plan> plan);
    void give_up(const policy::Plan& plan);
    void finish_changes();
    void record(store::AuditEntry entry);
    void record_step(const policy::Plan& plan);
    void tell_news(const policy::Plan& plan, const policy::Plan* before);
    void tell_failure(const policy::Plan& plan, const Change* cause);
    bool is_news(const std::string& parent, const wire::ConfigUpdateObject& object, policy::Reason reason, bool& told_before);
    store::AuditEntry entry_for(const policy::Rejection& rejection) const;
    void tell(const std::string& group, const ToldRejections::News& news, bool with_result);
    void send_result(const policy::Rejection& rejection, std::optional<std::uint64_t> record);
    void save(store::WantedChange change);
    void write_next();

    Services& services_;
    std::shared_ptr<const Rules> rules_;
    policy::World world_;
    WantedState state_;
    std::shared_ptr<const policy::Plan> plan_ = std::make_shared<const policy::Plan>();

    std::deque<Change> queue_;
    std::size_t queued_bytes_ = 0;
    std::size_t most_at_once_ = kWaitingChanges;  // of the next step: halved after one that failed
    bool replan_ = false;
    bool expire_ = false;
    bool published_ = false;
    bool without_parents_ = false;  // what is wanted cannot be evaluated at all: only the local objects are asked for
    std::optional<std::uint64_t> evaluating_;
    std::uint64_t numbers_ = 0;
    Step step_;

    ToldRejections told_;
    std::map<WantedState::Key, SteadyTime> unused_since_;
    std::map<std::string, std::string> failed_updates_;  // digest of each parent's last one that failed

    std::deque<store::WantedChange> unsaved_;  // the first one is being written
    bool writing_ = false;
    bool store_behind_ = false;  // the store missed a change: next time it gets everything
};

}  // namespace endpointd::cluster
