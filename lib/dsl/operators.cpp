// The operators (protocol, 10.2), with upstream's idea of what goes with what.

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "dsl/interpreter.hpp"

namespace endpointd::dsl {

namespace {

// Bytes of a text that an error shows.
constexpr std::size_t kQuoted = 64;

// What counts as 0 beside a number: null, and "" as well, but not where `+` and `-` would join texts.
bool is_number_or_null(const Value& value) { return value.is_null() || value.number(); }
bool counts(const Value& value) { return value.is_empty() || value.number(); }
double number_of(const Value& value) { return value.number() ? *value.number() : 0; }
bool both_null(const Value& left, const Value& right) { return left.is_null() && right.is_null(); }
bool are_numbers(const Value& left, const Value& right) {
    return is_number_or_null(left) && is_number_or_null(right) && !both_null(left, right);
}

}  // namespace

void Interpreter::operator_error(std::string_view op, const Value& left, const Value& right) const {
    fail("operator " + std::string(op) + " cannot be applied to values of type '" + std::string(type_name(left)) + "' and '" +
         std::string(type_name(right)) + "'");
}

std::string Interpreter::to_text(const Value& value) const {
    if (value.is_null()) return {};
    if (const std::string* text = value.string()) return *text;
    if (const double* number = value.number()) return number_text(*number);
    if (const bool* boolean = value.boolean()) return *boolean ? "true" : "false";
    fail("a value of type '" + std::string(type_name(value)) + "' is no text");
}

double Interpreter::to_number(const Value& value) const {
    if (value.is_empty()) return 0;
    if (const double* number = value.number()) return *number;
    if (const bool* boolean = value.boolean()) return *boolean ? 1 : 0;
    if (const std::string* text = value.string()) {
        const auto number = text->empty() ? 0.0 : number_from(*text);
        if (number) return *number;
        fail("'" + text->substr(0, kQuoted) + (text->size() > kQuoted ? "..." : "") + "' is no number");
    }
    fail("a value of type '" + std::string(type_name(value)) + "' is no number");
}

int Interpreter::to_integer(const Value& value) const {
    const double number = std::trunc(number_of(value));
    if (!(number >= std::numeric_limits<int>::min() && number <= std::numeric_limits<int>::max()))
        fail("the number " + number_text(number_of(value)) + " is too large for this operator");
    return static_cast<int>(number);
}

Value Interpreter::operation(const Node& node, Frame& frame) {
    const std::string& first = node.words.front();
    if (first == "in" || first == "!in") {
        // Upstream does not look at the left side when there is nothing to be in.
        Value right = evaluate(node.children[1], frame);
        if (right.is_empty()) return rest_of(node, 2, Value(first == "!in"), frame);
        Value left = evaluate(node.children.front(), frame);
        at_ = node.children[1].at;
        return rest_of(node, 2, binary(first, left, right), frame);
    }
    Value left = evaluate(node.children.front(), frame);
    if (first == "&&" || first == "||") {
        for (std::size_t i = 1; i < node.children.size(); ++i) {
            if (truth(left) == (first == "||")) return left;
            left = evaluate(node.children[i], frame);
        }
        return left;
    }
    return rest_of(node, 1, std::move(left), frame);
}

// The operators of one level from the operand `i` on.
Value Interpreter::rest_of(const Node& node, std::size_t i, Value left, Frame& frame) {
    for (; i < node.children.size(); ++i) {
        const std::string& op = node.words[i - 1];
        const Value right = evaluate(node.children[i], frame);
        at_ = node.children[i].at;
        left = binary(op, left, right);
        heap_.budget().step();
    }
    return left;
}

Value Interpreter::binary(std::string_view op, const Value& left, const Value& right) {
    if (op == "+") return add(left, right);
    if (op == "-") return subtract(left, right);
    if (op == "==") return Value(equal(left, right, heap_.budget()));
    if (op == "!=") return Value(!equal(left, right, heap_.budget()));
    if (op == "in") return Value(contains(right, left));
    if (op == "!in") return Value(!contains(right, left));
    if (op == "<") return Value(order(op, left, right, 0) < 0);
    if (op == ">") return Value(order(op, left, right, 0) > 0);
    if (op == "<=") return Value(order(op, left, right, 0) <= 0);
    if (op == ">=") return Value(order(op, left, right, 0) >= 0);
    return arithmetic(op, left, right);
}

Value Interpreter::add(const Value& left, const Value& right) {
    if (are_numbers(left, right)) return Value(number_of(left) + number_of(right));
    const auto has_text = [](const Value& value) { return value.is_null() || value.string() || value.number(); };
    if (has_text(left) && has_text(right) && !both_null(left, right)) return heap_.text(to_text(left) + to_text(right));
    if (left.date_time() && right.number()) return Value(DateTime{left.date_time()->at + *right.number()});
    if ((left.array() || left.is_empty()) && (right.array() || right.is_empty()) && (left.array() || right.array())) {
        std::vector<Value> items;
        heap_.budget().take(((left.array() ? left.array()->items.size() : 0) + (right.array() ? right.array()->items.size() : 0)) *
                            sizeof(Value));
        if (left.array()) items = left.array()->items;
        if (right.array()) items.insert(items.end(), right.array()->items.begin(), right.array()->items.end());
        return Value(heap_.array(std::move(items)));
    }
    if ((left.dictionary() || left.is_empty()) && (right.dictionary() || right.is_empty()) && (left.dictionary() || right.dictionary())) {
        Dictionary* const made = heap_.dictionary();
        for (const Dictionary* part : {left.dictionary(), right.dictionary()}) {
            if (!part) continue;
            heap_.budget().step(part->items.size());
            for (const auto& [key, value] : part->items) heap_.set(*made, key, value);
        }
        return Value(made);
    }
    operator_error("+", left, right);
}

Value Interpreter::subtract(const Value& left, const Value& right) {
    if (are_numbers(left, right)) return Value(number_of(left) - number_of(right));
    if (left.date_time() && right.date_time()) return Value(left.date_time()->at - right.date_time()->at);
    if (left.date_time() && right.number()) return Value(DateTime{left.date_time()->at - *right.number()});
    if ((left.array() || left.is_empty()) && right.array()) {
        Array* const made = heap_.array();
        if (!left.array()) return Value(made);
        for (const Value& item : left.array()->items) {
            heap_.budget().step(1 + right.array()->items.size());
            const bool out =
                std::ranges::any_of(right.array()->items, [&](const Value& other) { return equal(item, other, heap_.budget()); });
            if (!out) heap_.append(*made, item);
        }
        return Value(made);
    }
    operator_error("-", left, right);
}

Value Interpreter::arithmetic(std::string_view op, const Value& left, const Value& right) {
    const bool divides = op == "/" || op == "%";
    if (divides && right.is_empty()) fail("the right side of operator " + std::string(op) + " is empty");
    // Upstream takes what reads as a number left of % alone.
    if (op == "%" && right.number() && (left.boolean() || (left.string() && !left.is_empty())))
        return arithmetic(op, Value(to_number(left)), right);
    if (!counts(left) || !counts(right) || (left.is_empty() && right.is_empty())) operator_error(op, left, right);
    const double a = number_of(left), b = number_of(right);
    if (op == "*") return Value(a * b);
    if (divides && b == 0) fail("the right side of operator " + std::string(op) + " is 0");
    if (op == "/") return Value(a / b);
    const int x = to_integer(left), y = to_integer(right);
    if (op == "%") {
        if (y == 0) fail("the right side of operator % is 0");
        return Value(y == -1 ? 0.0 : static_cast<double>(x % y));
    }
    if (op == "&") return Value(static_cast<double>(x & y));
    if (op == "|") return Value(static_cast<double>(x | y));
    if (op == "^") return Value(static_cast<double>(x ^ y));
    if (y < 0 || y > 31) fail("a shift by " + std::to_string(y));
    if (op == "<<") return Value(static_cast<double>(static_cast<int>(static_cast<unsigned>(x) << y)));
    return Value(static_cast<double>(x >> y));
}

bool Interpreter::contains(const Value& right, const Value& left) {
    if (right.is_null() || (right.string() && right.string()->empty())) return false;
    if (!right.array()) fail("the right side of 'in' is no array but a value of type '" + std::string(type_name(right)) + "'");
    heap_.budget().step(right.array()->items.size());
    return std::ranges::any_of(right.array()->items, [&](const Value& item) { return equal(item, left, heap_.budget()); });
}

int Interpreter::order(std::string_view op, const Value& left, const Value& right, unsigned depth) {
    const auto of = [](double a, double b) { return a < b ? -1 : a > b ? 1 : 0; };
    if (left.string() && right.string()) {
        heap_.budget().handled(std::min(left.string()->size(), right.string()->size()));
        return left.string()->compare(*right.string());
    }
    if (counts(left) && counts(right) && !(left.is_empty() && right.is_empty())) return of(number_of(left), number_of(right));
    if (left.date_time() && right.date_time()) return of(left.date_time()->at, right.date_time()->at);
    if (left.array() && right.array() && depth < kCompareDepth && (op == "<" || op == ">")) {
        const auto &x = left.array()->items, &y = right.array()->items;
        // The shorter one goes on with nulls, and so counts as one that goes on with zeroes.
        for (std::size_t i = 0; i < std::max(x.size(), y.size()); ++i) {
            heap_.budget().step();
            if (const int found = order(op, i < x.size() ? x[i] : Value(), i < y.size() ? y[i] : Value(), depth + 1)) return found;
        }
        return 0;
    }
    operator_error(op, left, right);
}

Value Interpreter::prefix(const Node& node, Frame& frame) {
    const Node& operand = node.children.front();
    // A reference is to the field, not to its value: the innermost sign decides.
    Value value;
    std::size_t left = node.words.size();
    if (node.words.back() == "&") {
        const Target place = target(operand, frame, false);
        value = Value(heap_.reference(place.parent, to_text(place.field)));
        --left;
    } else {
        value = evaluate(operand, frame);
    }
    while (left-- > 0) {
        heap_.budget().step();
        const std::string& sign = node.words[left];
        at_ = node.at;
        if (sign == "!") value = Value(!truth(value));
        else if (sign == "-") value = subtract(Value(0.0), value);
        else if (sign == "~") {
            value = Value(static_cast<double>(~to_integer(Value(to_number(value)))));
        } else if (sign == "*") {
            if (!value.reference()) fail("a value of type '" + std::string(type_name(value)) + "' is no reference");
            value = field_named(value.reference()->parent, value.reference()->field);
        } else if (sign == "&") {
            fail("a reference to a value that has no name");
        }
    }
    return value;
}

}  // namespace endpointd::dsl
