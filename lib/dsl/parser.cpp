#include "dsl/parser.hpp"

#include <algorithm>
#include <span>
#include <utility>

#include "dsl/lexer.hpp"
#include "dsl/parser_impl.hpp"

namespace endpointd::dsl {

namespace {

// One loosest to one tightest: protocol, 10.2, levels 15 to 5.
struct Operator {
    std::string_view text;
    int level;
    bool chains = true;
};
constexpr int kLoosest = 15, kTightest = 5;
constexpr Operator kOperators[] = {
    {"||", 15}, {"&&", 14}, {"|", 13},       {"^", 12},        {"&", 11},       {"==", 10, false}, {"!=", 10, false},
    {"in", 9},  {"!in", 9}, {"<", 8, false}, {"<=", 8, false}, {">", 8, false}, {">=", 8, false},  {"<<", 7},
    {">>", 7},  {"+", 6},   {"-", 6},        {"*", 5},         {"/", 5},        {"%", 5},
};

const Operator* operator_of(const Token& token) {
    if (token.kind != TokenKind::symbol && token.kind != TokenKind::keyword) return nullptr;
    const auto* const found =
        std::find_if(std::begin(kOperators), std::end(kOperators), [&](const Operator& o) { return o.text == token.text; });
    return found == std::end(kOperators) ? nullptr : found;
}

constexpr std::string_view kPrefixes[] = {"!", "~", "&", "*", "+", "-"};

}  // namespace

Node Parser::expression() {
    const Depth depth(*this);
    if (failed_) return {};
    if (token_.kind == TokenKind::identifier) {
        // `x => ...`: the only place where a name is not yet an expression.
        Token name = token_;
        step();
        if (token_.is_symbol("=>")) return arrow(name.at, {std::move(name.text)});
        Node first = make(NodeKind::name, name.at);
        first.text = std::move(name.text);
        return conditional(operation(postfix(std::move(first)), kLoosest));
    }
    return conditional(operation(operand(), kLoosest));
}

// Behind a first operand: the operators up to `loosest`, each level one flat node.
Node Parser::operation(Node left, int loosest) {
    int last = 0;  // the level that `left` was folded at, here
    while (!failed_) {
        const Operator* const found = operator_of(token_);
        if (!found || found->level > loosest) break;
        if (found->level == last && !found->chains) {
            fail("the end of the comparison", "a < b < c has no meaning; use && or parentheses");
            break;
        }
        Token sign = token_;
        step();
        Node right = operand();
        // What binds tighter belongs to the right side.
        if (found->level > kTightest) right = operation(std::move(right), found->level - 1);
        if (last != found->level) {
            Node folded = make(NodeKind::operation, left.at);
            folded.children.push_back(std::move(left));
            left = std::move(folded);
            last = found->level;
        }
        left.words.push_back(std::move(sign.text));
        left.children.push_back(std::move(right));
    }
    return left;
}

Node Parser::conditional(Node condition) {
    if (failed_ || !token_.is_symbol("?")) return condition;
    Node choice = make(NodeKind::conditional, condition.at);
    choice.children.push_back(std::move(condition));
    while (take_symbol("?")) {
        choice.children.push_back(expression());
        if (!take_symbol(":")) {
            fail("':'");
            return choice;
        }
        choice.children.push_back(operation(operand(), kLoosest));
    }
    return choice;
}

Node Parser::operand() {
    Node prefix;
    prefix.at = token_.at;
    while (!failed_ && token_.kind == TokenKind::symbol && std::ranges::find(kPrefixes, token_.text) != std::end(kPrefixes)) {
        prefix.words.push_back(token_.text);
        count_node();
        step();
    }
    Node value = postfix(primary());
    if (prefix.words.empty()) return value;
    prefix.kind = NodeKind::prefix;
    prefix.children.push_back(std::move(value));
    return prefix;
}

Node Parser::postfix(Node start) {
    Node chain;
    while (!failed_ && (token_.is_symbol(".") || token_.is_symbol("(") || token_.is_symbol("["))) {
        if (chain.kind == NodeKind::none) {
            chain = make(NodeKind::chain, start.at);
            chain.children.push_back(std::move(start));
        }
        const Position at = token_.at;
        if (take_symbol(".")) {
            Node field = make(NodeKind::field, at);
            // Behind a dot any word is a name.
            if (token_.kind != TokenKind::identifier && token_.kind != TokenKind::keyword) fail("a name behind '.'");
            field.text = token_.text;
            step();
            chain.children.push_back(std::move(field));
        } else if (take_symbol("(")) {
            Node call = make(NodeKind::call, at);
            list(call.children, ")");
            chain.children.push_back(std::move(call));
        } else {
            step();
            Node index = make(NodeKind::index, at);
            skip_newlines();
            index.children.push_back(expression());
            skip_newlines();
            if (!take_symbol("]")) fail("']'");
            chain.children.push_back(std::move(index));
        }
    }
    return chain.kind == NodeKind::none ? std::move(start) : std::move(chain);
}

// Expressions with commas between, up to `close`, which is taken.
void Parser::list(std::vector<Node>& into, std::string_view close) {
    skip_newlines();
    while (!failed_ && !token_.is_symbol(close)) {
        into.push_back(expression());
        skip_newlines();
        if (!take_symbol(",")) break;
        skip_newlines();
    }
    if (!take_symbol(close)) fail("',' or '" + std::string(close) + "'");
}

Node Parser::primary() {
    if (failed_) return {};
    const Token token = token_;
    Node made = make(NodeKind::none, token.at);
    switch (token.kind) {
        case TokenKind::number:
            made.kind = NodeKind::number;
            made.number = token.number;
            break;
        case TokenKind::string:
            made.kind = NodeKind::string;
            made.text = token.text;
            break;
        case TokenKind::identifier:
            made.kind = NodeKind::name;
            made.text = token.text;
            break;
        case TokenKind::keyword:
            return keyword_value(std::move(made));
        case TokenKind::symbol:
            return bracket_value(std::move(made));
        default:
            fail("a value");
            return made;
    }
    step();
    return made;
}

Node Parser::keyword_value(Node made) {
    const std::string& word = token_.text;
    if (word == "if") return branch();
    if (word == "function") return function();
    if (word == "true" || word == "false") {
        made.kind = NodeKind::boolean;
        made.flag = word == "true";
    } else if (word == "null") {
        made.kind = NodeKind::null;
    } else if (word == "this" || word == "globals" || word == "locals") {
        made.kind = NodeKind::scope;
        made.text = word;
    } else if (word == "current_filename" || word == "current_line") {
        made.kind = NodeKind::place;
        made.text = word;
    } else {
        fail("a value", "a name that is a keyword is written @" + word);
        return made;
    }
    step();
    return made;
}

Node Parser::bracket_value(Node made) {
    if (take_symbol("[")) {
        made.kind = NodeKind::array;
        list(made.children, "]");
    } else if (token_.is_symbol("{")) {
        made = block();
        made.kind = NodeKind::dictionary;
    } else if (take_symbol("{{")) {
        made.kind = NodeKind::function;
        made.flag = true;
        Node body = make(NodeKind::block, made.at);
        statements(body.children, "}}");
        made.children.push_back(std::move(body));
    } else if (token_.is_symbol("(")) {
        return parenthesised();
    } else {
        fail("a value");
    }
    return made;
}

// `( expression )`, or the parameters of `(a, b) => expression`.
Node Parser::parenthesised() {
    const Position at = token_.at;
    step();
    std::vector<Node> items;
    list(items, ")");
    if (failed_) return {};
    if (!token_.is_symbol("=>")) {
        if (items.size() == 1) return std::move(items.front());
        fail("'=>'", "parentheses hold one expression, or the parameters of a function");
        return {};
    }
    std::vector<std::string> parameters;
    for (Node& item : items) {
        if (item.kind != NodeKind::name) {
            fail_at(item.at, "a parameter is a name");
            return {};
        }
        parameters.push_back(std::move(item.text));
    }
    return arrow(at, std::move(parameters));
}

Node Parser::arrow(Position at, std::vector<std::string> parameters) {
    Node made = make(NodeKind::function, at);
    made.words = std::move(parameters);
    step();
    // A bracket here begins a body, not a dictionary.
    made.children.push_back(token_.is_symbol("{") ? block() : expression());
    return made;
}

std::optional<Node> parse(const Source& source, Findings& findings) { return Parser(source, findings).run(); }

std::optional<Node> parse(const Source& source, Findings& findings, std::size_t& nodes_left) {
    Parser parser(source, findings);
    parser.allow(nodes_left);
    auto made = parser.run();
    nodes_left -= parser.nodes();
    return made;
}

}  // namespace endpointd::dsl
