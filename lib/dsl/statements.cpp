// Expressions and statements of the tree.

#include <utility>

#include "dsl/interpreter_level.hpp"
#include "dsl/natives.hpp"

namespace endpointd::dsl {

Value Interpreter::evaluate(const Node& node, Frame& frame) {
    const Level level(*this);
    heap_.budget().step();
    at_ = node.at;
    file_ = frame.file;
    return evaluate_here(node, frame);
}

Value Interpreter::evaluate_here(const Node& node, Frame& frame) {
    switch (node.kind) {
        case NodeKind::none:
        case NodeKind::null:
            return {};
        case NodeKind::boolean:
            return Value(node.flag);
        case NodeKind::number:
            return Value(node.number);
        case NodeKind::string:
            return heap_.text(node.text);
        case NodeKind::name:
            return name(node.text, frame).value;
        case NodeKind::scope:
            if (node.text == "this") return frame.self;
            return node.text == "locals" ? Value(frame.locals) : Value(globals_);
        case NodeKind::place:
            if (node.text == "current_line") return Value(static_cast<double>(node.at.line));
            refuse("current_filename, which is a path of the sender's");
        case NodeKind::array: {
            Array* const made = heap_.array();
            for (const Node& child : node.children) heap_.append(*made, evaluate(child, frame));
            return Value(made);
        }
        case NodeKind::dictionary:
            return dictionary(node, frame);
        case NodeKind::chain:
            return chain(node, frame);
        case NodeKind::prefix:
            return prefix(node, frame);
        case NodeKind::operation:
            return operation(node, frame);
        case NodeKind::conditional:
            return conditional(node, frame);
        case NodeKind::function:
            return make_function(node, frame);
        case NodeKind::branch:
            return branch(node, frame).value;
        default:
            return run_statement(node, frame).value;
    }
}

Value Interpreter::conditional(const Node& node, Frame& frame) {
    std::size_t i = 0;
    for (; i + 1 < node.children.size(); i += 2)
        if (truth(evaluate(node.children[i], frame))) return evaluate(node.children[i + 1], frame);
    return evaluate(node.children[i], frame);
}

// a.b[c](d): from left to right; a call gets what stands left of its last dot as `this`.
Value Interpreter::chain(const Node& node, Frame& frame) {
    const Node& start = node.children.front();
    Value self;
    Value value;
    if (start.kind == NodeKind::name) {
        Found found = name(start.text, frame);
        value = std::move(found.value);
        self = std::move(found.owner);
    } else {
        value = evaluate(start, frame);
    }
    for (std::size_t i = 1; i < node.children.size(); ++i) {
        const Node& part = node.children[i];
        heap_.budget().step();
        if (part.kind == NodeKind::call) {
            std::vector<Value> arguments;
            arguments.reserve(part.children.size());
            for (const Node& child : part.children) arguments.push_back(evaluate(child, frame));
            at_ = node.at;
            file_ = frame.file;
            if (const TypeValue* type = value.type()) {
                Call made{*this, heap_, self, arguments};
                value = construct(*type, made);
            } else if (const Function* function = value.function()) {
                value = call(*function, self, std::move(arguments));
            } else {
                fail("a value of type '" + std::string(type_name(value)) + "' cannot be called");
            }
            self = Value();
            file_ = frame.file;
            continue;
        }
        Value next;
        if (part.kind == NodeKind::field) {
            at_ = part.at;
            next = field_named(value, part.text);
        } else {
            const Value index = evaluate(part.children.front(), frame);
            at_ = part.at;
            next = field(value, index);
        }
        self = std::move(value);
        value = std::move(next);
    }
    return value;
}

// All keys go to the new dictionary; the scope stays (protocol, 10.3).
Value Interpreter::dictionary(const Node& node, Frame& frame) {
    Dictionary* const made = heap_.dictionary();
    Value outer = std::exchange(frame.self, Value(made));
    try {
        for (const Node& child : node.children) {
            if (child.kind == NodeKind::assignment) {
                at_ = child.at;
                assign(child, frame, true);
            } else if (run_statement(child, frame).flow != Flow::next) {
                fail("a dictionary cannot be left in the middle");
            }
        }
    } catch (...) {
        frame.self = std::move(outer);
        throw;
    }
    frame.self = std::move(outer);
    return Value(made);
}

Value Interpreter::make_function(const Node& node, Frame& frame) {
    Function made;
    made.name = node.text;
    made.node = &node;
    made.file = frame.file;
    made.closed = close_over(node, 1, frame);
    Value value(heap_.function(std::move(made)));
    if (!node.text.empty()) {
        if (frame.self.name_space() == globals_) set_global(*globals_, node.text, value, true);
        else set_field(frame.self, heap_.text(node.text), value);
    }
    return value;
}

Outcome Interpreter::run(const Node& block, Frame& frame) {
    Outcome last;
    for (const Node& statement : block.children) {
        last = run_statement(statement, frame);
        if (last.flow != Flow::next) return last;
    }
    return last;
}

Outcome Interpreter::run_statement(const Node& node, Frame& frame) {
    switch (node.kind) {
        case NodeKind::branch:
        case NodeKind::loop:
        case NodeKind::attempt:
        case NodeKind::leave:
        case NodeKind::assignment:
        case NodeKind::constant:
        case NodeKind::variable:
        case NodeKind::definition:
        case NodeKind::apply:
        case NodeKind::import:
        case NodeKind::include:
        case NodeKind::block:
        case NodeKind::library:
        case NodeKind::using_scope:
        case NodeKind::name_space:
        case NodeKind::debugger:
        case NodeKind::assign_where:
        case NodeKind::ignore_where:
            break;
        default:
            return {evaluate(node, frame), Flow::next};
    }
    const Level level(*this);
    heap_.budget().step();
    at_ = node.at;
    file_ = frame.file;
    switch (node.kind) {
        case NodeKind::branch:
            return branch(node, frame);
        case NodeKind::loop:
            return node.text == "for" ? loop_over(node, frame) : loop(node, frame);
        case NodeKind::attempt:
            return attempt(node, frame);
        case NodeKind::leave:
            return leave(node, frame);
        case NodeKind::assignment:
            assign(node, frame, false);
            return {};
        case NodeKind::constant:
            constant(node, frame);
            return {};
        case NodeKind::variable:
            if (node.children.front().kind != NodeKind::none) {
                Value value = evaluate(node.children.front(), frame);
                heap_.set(*frame.locals, node.text, std::move(value));
            }
            return {};
        case NodeKind::definition:
            definitions_.define(node, frame);
            return {};
        case NodeKind::apply:
            definitions_.apply(node, frame);
            return {};
        case NodeKind::import: {
            const Value template_name = evaluate(node.children.front(), frame);
            at_ = node.at;
            if (!template_name.string()) fail("the name of an import is a text");
            return {{}, definitions_.import(*template_name.string(), frame)};
        }
        case NodeKind::include:
            definitions_.include(node, frame);
            return {};
        case NodeKind::block:
            return run(node, frame);
        case NodeKind::library:
            if (authority_ == Authority::pushed) refuse("library");
            return {};
        case NodeKind::using_scope:
            refuse("using");
        case NodeKind::name_space:
            refuse("namespace");
        default:  // debugger; assign and ignore, which whoever runs the body has taken out
            return {};
    }
}

void Interpreter::refuse(std::string_view what) const { fail("not taken in configuration here: " + std::string(what), Why::statement); }

Outcome Interpreter::branch(const Node& node, Frame& frame) {
    const std::size_t pairs = node.children.size() - (node.flag ? 1 : 0);
    for (std::size_t i = 0; i + 1 < pairs; i += 2)
        if (truth(evaluate(node.children[i], frame))) return run(node.children[i + 1], frame);
    return node.flag ? run(node.children.back(), frame) : Outcome{};
}

Outcome Interpreter::loop(const Node& node, Frame& frame) {
    while (truth(evaluate(node.children.front(), frame))) {
        Outcome round = run(node.children.back(), frame);
        if (round.flow == Flow::leave_body) return round;
        if (round.flow == Flow::leave_loop) break;
    }
    return {};
}

Outcome Interpreter::loop_over(const Node& node, Frame& frame) {
    const Value over = evaluate(node.children.front(), frame);
    const Node& block = node.children.back();
    const bool pairs = node.words.size() == 2;
    at_ = node.at;
    // A copy: the loop's body may change what it runs over.
    std::vector<std::pair<Value, Value>> rounds;
    if (const Array* array = over.array()) {
        if (pairs) fail("a dictionary is needed for two loop variables");
        heap_.budget().take(array->items.size() * sizeof(rounds.front()));
        for (const Value& item : array->items) rounds.emplace_back(item, Value());
    } else if (const Dictionary* dictionary = over.dictionary()) {
        if (!pairs) fail("an array is needed for one loop variable");
        heap_.budget().take(dictionary->items.size() * sizeof(rounds.front()));
        for (const auto& [key, value] : dictionary->items) rounds.emplace_back(heap_.text(key), value);
    } else {
        fail("a loop runs over an array or a dictionary, not over a value of type '" + std::string(type_name(over)) + "'");
    }
    for (auto& [key, value] : rounds) {
        heap_.budget().step();
        heap_.set(*frame.locals, node.words.front(), std::move(key));
        if (pairs) heap_.set(*frame.locals, node.words.back(), std::move(value));
        Outcome round = run(block, frame);
        if (round.flow == Flow::leave_body) return round;
        if (round.flow == Flow::leave_loop) break;
    }
    return {};
}

// Errors of the configuration are its own to handle; what it may not do, and running
// out of limits, is not.
Outcome Interpreter::attempt(const Node& node, Frame& frame) {
    const Value self = frame.self;
    try {
        return run(node.children.front(), frame);
    } catch (const ScriptError& error) {
        if (error.why != Why::evaluation && error.why != Why::attribute) throw;
    }
    frame.self = self;
    return run(node.children.back(), frame);
}

Outcome Interpreter::leave(const Node& node, Frame& frame) {
    if (node.text == "break") return {Value(), Flow::leave_loop};
    if (node.text == "continue") return {Value(), Flow::next_round};
    Value value = evaluate(node.children.front(), frame);
    if (node.text == "return") return {std::move(value), Flow::leave_body};
    at_ = node.at;
    fail(to_text(value));
}

void Interpreter::constant(const Node& node, Frame& frame) {
    Value value = evaluate(node.children.front(), frame);
    at_ = node.at;
    set_global(*globals_, node.text, std::move(value), true);
}

void Interpreter::assign(const Node& node, Frame& frame, bool to_this) {
    const Target place = target(node.children.front(), frame, to_this);
    Value value;
    if (node.text == "=") {
        value = evaluate(node.children.back(), frame);
        at_ = node.at;
    } else {
        const Value before = field(place.parent, place.field);
        const Value right = evaluate(node.children.back(), frame);
        at_ = node.at;
        value = binary(std::string_view(node.text).substr(0, node.text.size() - 1), before, right);
    }
    file_ = frame.file;
    set_field(place.parent, place.field, std::move(value));
}

// The field of a value, made a dictionary where there is nothing yet.
Value Interpreter::step_into(const Value& parent, const Value& field_name, bool make) {
    Value found = field(parent, field_name);
    if (!make || !found.is_null()) return found;
    Value made(heap_.dictionary());
    set_field(parent, field_name, made);
    // What was set may be a copy of its own.
    return field(parent, field_name);
}

Interpreter::Target Interpreter::target(const Node& node, Frame& frame, bool to_this) {
    if (node.kind == NodeKind::name || node.kind == NodeKind::string) {
        if (node.kind == NodeKind::string && !to_this) fail("nothing can be assigned to a text");
        if (to_this) return {frame.self, heap_.text(node.text)};
        if (const auto bad = poisoned_.find(node.text); bad != poisoned_.end() && !frame.self.instance())
            throw ScriptError{Why::depends, "'" + node.text + "' depends on a statement that was refused", file_, at_, bad->second};
        if (frame.locals->items.contains(node.text)) return {Value(frame.locals), heap_.text(node.text)};
        if (has_field(frame.self, node.text)) return {frame.self, heap_.text(node.text)};
        if (globals_->items.contains(node.text)) return {Value(globals_), heap_.text(node.text)};
        return {frame.self, heap_.text(node.text)};
    }
    if (node.kind == NodeKind::prefix && node.words.front() == "*") {
        const Value reference = node.words.size() == 1 ? evaluate(node.children.front(), frame) : Value();
        if (!reference.reference()) fail("a value of type '" + std::string(type_name(reference)) + "' is no reference");
        return {reference.reference()->parent, heap_.text(reference.reference()->field)};
    }
    if (node.kind != NodeKind::chain || node.children.back().kind == NodeKind::call) fail("nothing can be assigned to this");
    // Everything but the last part is looked up, and made where it is not there.
    const Node& start = node.children.front();
    const std::size_t last = node.children.size() - 1;
    Value parent;
    if (start.kind == NodeKind::name || (start.kind == NodeKind::string && to_this)) {
        const Target first = target(start, frame, to_this);
        const bool calls = node.children[1].kind == NodeKind::call;
        parent = calls ? name(start.text, frame).value : step_into(first.parent, first.field, true);
    } else {
        parent = evaluate(start, frame);
    }
    for (std::size_t i = 1; i <= last; ++i) {
        const Node& part = node.children[i];
        heap_.budget().step();
        if (part.kind == NodeKind::call) fail("nothing can be assigned to the value of a call; keep it in a variable first");
        Value key = part.kind == NodeKind::field ? heap_.text(part.text) : evaluate(part.children.front(), frame);
        at_ = part.at;
        if (i == last) return {std::move(parent), std::move(key)};
        parent = step_into(parent, key, true);
    }
    return {std::move(parent), Value()};
}

}  // namespace endpointd::dsl
