#pragma once
// Walks the tree: expressions and statements of the language (protocol, 10.2 and
// 10.3), one frame per body or call. Knows nothing of files, policy or order; what a
// definition does is asked of its Definitions. Belongs to one evaluation; one thread.

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dsl/ast.hpp"
#include "dsl/evaluation.hpp"
#include "dsl/function.hpp"
#include "dsl/heap.hpp"
#include "dsl/value.hpp"

namespace endpointd::dsl {

// An error of the configuration: thrown by whatever finds it, caught by `except` and
// by whoever runs a statement or body. Never leaves lib/dsl.
struct ScriptError {
    Why why = Why::evaluation;
    std::string message;
    std::uint32_t file = 0;
    Position at;
    std::optional<Why> cause;  // with Why::depends
};

struct Frame {
    Value self;                       // `this`
    Dictionary* locals = nullptr;     // never null while it runs
    std::uint32_t file = 0;           // that the running text stands in
    std::vector<Namespace*> imports;  // `using`
};

// How a statement ended.
enum class Flow : std::uint8_t { next, leave_loop, next_round, leave_body };

struct Outcome {
    Value value;
    Flow flow = Flow::next;
};

// What the statements that define something do, and what is asked of objects.
class Definitions {
public:
    virtual ~Definitions() = default;
    virtual void define(const Node& definition, Frame& frame) = 0;  // NodeKind::definition
    virtual void apply(const Node& rule, Frame& frame) = 0;         // NodeKind::apply
    // What is imported may end the body that imports it, with `return`.
    virtual Flow import(const std::string& name, Frame& frame) = 0;
    virtual void include(const Node& include, Frame& frame) = 0;
    // get_object() and its kin: what is committed already; null: nothing of that name.
    virtual Instance* find(const ConfigType& type, std::string_view name) = 0;
    virtual std::vector<Instance*> all(const ConfigType& type) = 0;
};

class Interpreter {
public:
    // `definitions` and `heap` must outlive it.
    Interpreter(Heap& heap, Definitions& definitions, Authority authority);

    Value evaluate(const Node& expression, Frame& frame);
    // Statements of a block, in the frame's own scope. The value is that of the last expression or of `return`.
    Outcome run(const Node& block, Frame& frame);
    Outcome run_statement(const Node& statement, Frame& frame);

    // For functions of ours.
    Value call(const Function& function, const Value& self, std::vector<Value> arguments);
    [[noreturn]] void fail(std::string message, Why why = Why::evaluation) const;
    // The text of a value as `"" + value` makes it; an error for what has none.
    std::string to_text(const Value& value) const;
    // The number of a value, as upstream converts (null: 0, "5": 5); an error for what has none.
    double to_number(const Value& value) const;
    // `left op right` for an arithmetic, bitwise or comparing operator; an error where it cannot be applied.
    Value binary(std::string_view op, const Value& left, const Value& right);
    Definitions& definitions() noexcept { return definitions_; }
    Heap& heap() noexcept { return heap_; }
    Namespace& globals() noexcept { return *globals_; }
    const TypeValue* type_of(const Value& value) const;
    const TypeValue* type_named(std::string_view name) const;

    // Field of a value, by the rules of `a.b`: null of null, prototypes, errors.
    Value field(const Value& of, const Value& name);
    void set_field(const Value& of, const Value& name, Value value);

    // A global that exists before any text: the text can read it, never write it.
    void provide(std::string name, Value value);
    // Names that a refused statement was about: reading one is an error that says so.
    void poison(const Node& statement, Why cause);
    // Where the walk is: file and place.
    std::pair<std::uint32_t, Position> where() const noexcept { return {file_, at_}; }
    // A new frame for a body, with the variables of `closed` in it.
    Frame frame(Value self, const Dictionary* closed, std::uint32_t file);
    // `use(...)` of a definition or function, from the children behind `first`; null: there is none.
    Dictionary* close_over(const Node& node, std::size_t first, Frame& frame);

private:
    class Level;  // one more evaluation within another, for as long as it lives
    struct Found {
        Value value;
        Value owner;  // `this` of a call
    };
    // Where an assignment goes: the field of something.
    struct Target {
        Value parent;
        Value field;
    };

    Value evaluate_here(const Node& node, Frame& frame);
    Value chain(const Node& node, Frame& frame);
    Value conditional(const Node& node, Frame& frame);
    Found name(const std::string& name, Frame& frame);
    bool has_field(const Value& of, const std::string& name) const;
    Value field_named(const Value& of, const std::string& name);
    Value field_of_object(Instance& object, const std::string& name);
    Value default_of(const Field& field);
    void set_attribute(Instance& object, const std::string& name, Value value);
    void set_global(Namespace& space, const std::string& name, Value value, bool constant);
    bool replaces_offered(const std::string& name, const Value& value);
    Function* native(const Builtin& row);
    bool provided(std::string_view name) const;

    Value operation(const Node& node, Frame& frame);
    Value rest_of(const Node& node, std::size_t i, Value left, Frame& frame);
    Value add(const Value& left, const Value& right);
    Value subtract(const Value& left, const Value& right);
    Value arithmetic(std::string_view op, const Value& left, const Value& right);
    bool contains(const Value& right, const Value& left);
    int order(std::string_view op, const Value& left, const Value& right, unsigned depth);
    Value prefix(const Node& node, Frame& frame);
    int to_integer(const Value& value) const;
    [[noreturn]] void operator_error(std::string_view op, const Value& left, const Value& right) const;

    Value dictionary(const Node& node, Frame& frame);
    Value make_function(const Node& node, Frame& frame);
    Outcome branch(const Node& node, Frame& frame);
    Outcome loop(const Node& node, Frame& frame);
    Outcome loop_over(const Node& node, Frame& frame);
    Outcome attempt(const Node& node, Frame& frame);
    Outcome leave(const Node& node, Frame& frame);
    void assign(const Node& node, Frame& frame, bool to_this);
    Target target(const Node& node, Frame& frame, bool to_this);
    Value step_into(const Value& parent, const Value& field, bool make);
    void constant(const Node& node, Frame& frame);
    [[noreturn]] void refuse(std::string_view what) const;

    Heap& heap_;
    Definitions& definitions_;
    Authority authority_;
    Namespace* globals_ = nullptr;
    Namespace* types_ = nullptr;
    std::map<std::string, TypeValue*, std::less<>> type_values_;
    std::deque<TypeValue> type_store_;
    std::map<const Builtin*, Function*> natives_;
    std::map<std::string, Why, std::less<>> poisoned_;
    std::set<std::string, std::less<>> written_;  // globals that the text made
    unsigned depth_ = 0;
    std::uint32_t file_ = 0;  // where the walk is, for errors
    Position at_;
};

}  // namespace endpointd::dsl
