#pragma once
// One evaluation at work: what the definitions of the files register, and how it
// becomes objects, type by type (protocol, 10.4). Not for others: use evaluation.hpp.
// One thread; lives for one evaluation.

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "dsl/evaluation.hpp"
#include "dsl/interpreter.hpp"
#include "dsl/lasting.hpp"
#include "dsl/parser.hpp"
#include "dsl/source.hpp"
#include "dsl/value_pool.hpp"

namespace endpointd::dsl {

// Bytes of a refusal's message and of the name in it: both may hold what the text made at will.
inline constexpr std::size_t kRefusalText = 2048;
class Evaluator final : private Definitions {
public:
    Evaluator(const std::vector<ZoneFile>& files, Authority authority, const Surroundings& surroundings, Limits limits);

    // The objects' names and attributes aside: these are in `lasting()`.
    Evaluation run();
    Lasting& lasting() noexcept { return lasting_; }

private:
    using Name = std::pair<const ConfigType*, std::string>;

    struct File {
        const ZoneFile* file = nullptr;
        std::optional<Node> tree;
        std::deque<Node> replaced;       // what stands for statements of it; see director.hpp
        std::vector<std::size_t> lines;  // where each begins, made when it is first needed
        bool started = false;            // run, or being run
    };

    // A definition that was registered: `object`, `template`, or one instance of an `apply`.
    struct Item {
        const ConfigType* type = nullptr;
        std::string name;  // as written: the last part
        const Node* statement = nullptr;
        const Node* body = nullptr;
        Dictionary* closed = nullptr;
        std::uint32_t file = 0;
        bool abstract = false;
        bool ignore_on_error = false;
        std::vector<std::pair<std::string, Value>> presets;  // of an apply, set before the body
        std::string zone, package;
        std::vector<const Node*> assign, ignore;  // of a group
        Instance* made = nullptr;
        std::vector<std::string> assigned_groups;
        Attributes attributes;
        bool finished = false;   // accepted: it is given out
        bool displaced = false;  // its name is of another owner, who may define it
    };

    struct Rule {
        const ConfigType* type = nullptr;
        const ConfigType* target = nullptr;
        std::string name;
        const Node* statement = nullptr;
        const Node* body = nullptr;
        const Node* term = nullptr;  // of `for`; null: once
        Dictionary* closed = nullptr;
        std::uint32_t file = 0;
        std::vector<const Node*> assign, ignore;
        bool failed = false;  // an error of its filter was told
    };

    // --- Registering (evaluator.cpp) ---
    void run_file(std::uint32_t file);
    const Node& allowed_form(const Node& statement, File& file);
    void define(const Node& definition, Frame& frame) override;
    void apply(const Node& rule, Frame& frame) override;
    Flow import(const std::string& name, Frame& frame) override;
    void include(const Node& include, Frame& frame) override;
    Instance* find(const ConfigType& type, std::string_view name) override;
    std::vector<Instance*> all(const ConfigType& type) override;
    void check_owner(std::uint32_t written) const;
    const ConfigType* defined_type(const Node& node, Frame& frame);
    bool is_name(const std::string& name, const ConfigType& type, const Node& statement, std::uint32_t file);
    bool gives_way(const Item& first, const std::string& name, std::uint32_t file) const;
    void refuse_displaced(const Item& first, const std::string& name);
    bool takes(const ConfigType& type, const std::string& name, const Node& statement, std::uint32_t file);

    // --- Applying (apply_rules.cpp) ---
    void apply_rules(const ConfigType& type);
    void apply_rule(Rule& rule, Item& target);
    void apply_instance(Rule& rule, Item& target, const std::string& name, Frame& frame);
    void join_outer_groups(const std::vector<Item*>& members, const ConfigType& groups, std::uint16_t groups_field);
    void join(Item& member, const std::string& group, std::uint16_t groups_field);
    void assign_groups(const ConfigType& members, const ConfigType& groups, std::string_view variable);
    bool matches(const std::vector<const Node*>& assign, const std::vector<const Node*>& ignore, Frame& frame);

    // --- Making (commit.cpp) ---
    void commit();
    void commit_type(const ConfigType& type);
    void make(Item& item);
    Flow run_item(Item& item, const Item& body_of, Frame& frame);
    Flow run_default_templates(Item& item, Frame& frame);
    bool finish(Item& item);
    void check_references(const ConfigType& type);
    std::optional<ScriptError> broken_reference(const Item& item) const;
    std::optional<ScriptError> missing(const ConfigType& type, const std::string& name, std::string_view attribute) const;
    json::Value attribute_value(const Item& item, std::uint16_t index, const Value& value);
    json::Value to_json(const Value& value, unsigned depth);
    ScriptError no_value(Why why, std::string message) const;
    Object given_out(const Item& item);
    SharedString shared(const std::string& text);
    SharedNames shared(std::vector<std::string> names);

    // --- Refusing ---
    void refuse(const ScriptError& error, const ConfigType* type, const std::string& name, const Node* statement, std::uint32_t file);
    void refuse_at(Why why, Position at, std::string message, const ConfigType* type, const std::string& name, const Node* statement,
                   std::uint32_t file);
    void refuse_item(const Item& item, const ScriptError& error);
    Place place(std::uint32_t file, Position at);
    SharedText text_of(const Node* statement, std::uint32_t file);

    Authority authority_;
    const Surroundings& surroundings_;
    Budget budget_;
    Heap heap_;
    Interpreter interpreter_;
    std::vector<File> files_;
    std::deque<Item> items_;
    std::map<const ConfigType*, std::vector<Item*>> by_type_;             // objects to be made
    std::map<Name, Item*> named_;                                         // templates, and objects of simple names
    std::map<const ConfigType*, std::map<std::string, Item*>> defaults_;  // default templates
    std::map<Name, Item*> made_;                                          // by full name
    std::set<Name> there_;                                                // surroundings' objects
    std::map<Name, Why> refused_names_;
    std::deque<Rule> rules_;
    std::map<std::pair<const Node*, std::uint32_t>, SharedText> texts_;
    ValuePool values_;
    std::map<std::string, SharedString> strings_;            // zones, packages and paths, once each
    std::map<std::vector<std::string>, SharedNames> names_;  // lists of templates, once each
    Item* making_ = nullptr;
    const std::string* member_ = nullptr;    // of the attribute that is converted: the one in work
    std::uint32_t running_ = 0;              // whose statement, rule or body runs: its file
    std::size_t nodes_left_ = kSyntaxNodes;  // of the trees of all files together
    std::optional<Place> reading_;           // the file that is parsed, as long as it is
    Evaluation result_;
    Lasting lasting_;
};

// The part of a full name behind the last "!", if its type has one there. Valid as long as `name`.
std::string_view short_part(const ConfigType& type, std::string_view name) noexcept;

}  // namespace endpointd::dsl
