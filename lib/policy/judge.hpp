#pragma once
// From objects to the plan: each is judged on its own, in the order of commit, so that
// what it depends on is judged already. Internal to the filter; one use.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "dsl/evaluation.hpp"
#include "policy/command_use.hpp"
#include "policy/filter.hpp"
#include "policy/plan.hpp"
#include "policy/rights.hpp"
#include "policy/runtime_text.hpp"

namespace endpointd::policy {

// Bytes of pushed text that the rejections of one plan keep together: one rule can make thousands of objects.
inline constexpr std::size_t kContentKept = 64 * 1024 * 1024;
// Bytes of statements that are read once more to find the line of an attribute: each of thousands of objects may name another one.
inline constexpr std::size_t kReadAgain = 16 * 1024 * 1024;
// Attributes of one object that are changed at run time: more is an attack on our memory.
inline constexpr std::size_t kModifiedAttributes = 256;

// Who brought a text that was evaluated. By its path as the evaluator knows it.
struct TextOrigin {
    std::string parent;
    std::string zone;
    const RuntimeObject* announced = nullptr;  // null: a file of config::Update
};
using TextOrigins = std::unordered_map<std::string, TextOrigin>;

// What an object of this name in the plan refers to.
struct ObjectReference {
    std::string_view type;
    std::string name;
    std::string_view attribute;  // that names it; may be left out of `groups` only
};
// In no order; commands, endpoints and zones aside. Groups it is in by their rules alone are not among them.
std::vector<ObjectReference> references_of(const dsl::Object& object);

class Judge {
public:
    explicit Judge(const World& world) : world_(world), rights_(*world.grants, *world.topology), commands_(*world.catalog, world.node) {}

    // First: what may be changed of the objects that follow. `modifications` must outlive the judging.
    void expect(const std::vector<Modification>& modifications);
    void add_local(const std::shared_ptr<const std::vector<dsl::Object>>& objects);
    // Before add(): what is refused without having been evaluated.
    void reject(Rejection rejection);
    // The plan's objects are those of `evaluated`, which lives as long as they do.
    void add(const std::shared_ptr<const dsl::Evaluation>& evaluated, const TextOrigins& origins);
    // Last: Downtime and Comment. `read` stands beside `announced`, index by index.
    void add_annotations(const std::vector<RuntimeObject>& announced, const std::vector<std::shared_ptr<const ReadAnnotation>>& read);

    Plan finish();

private:
    enum class State : std::uint8_t { coming, standing, rejected };
    struct Known {
        State state = State::coming;
        std::size_t index = 0;       // standing: in plan_.objects
        Reason reason = Reason::ok;  // rejected
    };

    static std::string key(std::string_view type, std::string_view name);
    const Known* find(std::string_view type, std::string_view name) const;
    const dsl::Object* standing(std::string_view type, std::string_view name) const;

    void refuse(const dsl::Refused& refused, const TextOrigins& origins);
    void judge(const std::shared_ptr<const dsl::Object>& object, const TextOrigin& origin);
    const dsl::SharedString& shared_parent(const std::string& parent);
    std::optional<Objection> objection_to(const dsl::Object& object, const TextOrigin& origin);
    std::optional<Objection> missing_of(const dsl::Object& object);
    std::optional<Objection> objection_to_annotation(const ReadAnnotation& read, const std::string& parent);
    static std::optional<Objection> longer_than_granted(const Verdict& verdict, const dsl::Object& annotation);
    const dsl::Object* host_of(const dsl::Object& object) const;
    void stand(PlannedObject planned);
    void reject_object(const dsl::Object& object, const TextOrigin& origin, Objection objection);
    std::uint32_t line_of(const dsl::Object& object, const std::string& attribute);
    void leave_rejected_groups(PlannedObject& planned) const;
    void reject_late();

    // modification.cpp
    void modify(PlannedObject& planned);
    std::optional<Objection> try_change(const Modification& change, dsl::Object& object, const std::string& path, const json::Value& value);
    Verdict verdict_on(const Modification& change, const dsl::Object& object, Capability capability);
    std::optional<Objection> objection_to_change(const Modification& change, const dsl::Object& object, std::string_view path);
    std::optional<Objection> objection_to_result(const Modification& change, const dsl::Object& object, std::string_view path);
    void reject_change(const Modification& change, const PlannedObject& planned, const std::string* path, Objection objection);

    const World& world_;
    Rights rights_;
    CommandUse commands_;
    std::unordered_map<std::string, Known> known_;
    std::unordered_map<std::string, const Modification*> changes_;
    std::unordered_set<std::string> announced_met_;                              // paths of runtime texts that made what they announced
    std::map<std::pair<const std::string*, std::string>, std::uint32_t> lines_;  // by text and attribute
    dsl::SharedString parent_;                                                   // of the last object
    std::size_t read_again_ = 0, content_ = 0;
    bool refers_ahead_ = false;  // somebody refers to what is judged after it
    Plan plan_;
};

// Objects are sorted by the order of commit, type and name.
bool planned_before(const PlannedObject& left, const PlannedObject& right) noexcept;

}  // namespace endpointd::policy
