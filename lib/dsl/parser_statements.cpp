// The statements of the language (protocol, 10.3), and what every part of the
// descent stands on.

#include <algorithm>
#include <utility>

#include "dsl/parser_impl.hpp"

namespace endpointd::dsl {

namespace {

constexpr std::string_view kAssignments[] = {"=", "+=", "-=", "*=", "/=", "%=", "^=", "&=", "|="};

// What may stand left of an assignment.
bool is_target(const Node& node) {
    switch (node.kind) {
        case NodeKind::name:
        case NodeKind::string:  // a key of a dictionary
            return true;
        case NodeKind::chain:
            return node.children.back().kind == NodeKind::field || node.children.back().kind == NodeKind::index;
        case NodeKind::prefix:
            return node.words.front() == "*";  // through a reference
        default:
            return false;
    }
}

// A value nobody looks at is a slip of the pen, unless making it does something.
bool has_no_effect(const Node& node) {
    switch (node.kind) {
        case NodeKind::chain:
            return node.children.back().kind != NodeKind::call;
        case NodeKind::function:
            return node.text.empty();
        case NodeKind::branch:
        case NodeKind::conditional:
            return false;
        default:
            return node.kind < NodeKind::block;
    }
}

}  // namespace

void Parser::step() {
    ended_ = lexer_.position();
    token_ = lexer_.next();
    if (token_.kind == TokenKind::error) failed_ = true;
}

void Parser::fail_at(Position at, std::string_view message, std::string_view hint) {
    if (!failed_) findings_.errors.push_back(source_.finding(at, message, hint));
    failed_ = true;
}

void Parser::fail(std::string_view expected, std::string_view hint) {
    fail_at(token_.at, "expected " + std::string(expected) + ", got " + in_words(token_), hint);
}

void Parser::count_node() {
    if (nodes_ == most_nodes_) return fail_at(token_.at, "the configuration has too many parts", "at most " + std::to_string(kSyntaxNodes));
    ++nodes_;
}

Node Parser::make(NodeKind kind, Position at) {
    count_node();
    Node made;
    made.kind = kind;
    made.at = at;
    return made;
}

bool Parser::take_symbol(std::string_view symbol) {
    if (failed_ || !token_.is_symbol(symbol)) return false;
    step();
    return true;
}

bool Parser::take_keyword(std::string_view word) {
    if (failed_ || !token_.is_keyword(word)) return false;
    step();
    return true;
}

bool Parser::is_separator() const { return token_.kind == TokenKind::newline || token_.is_symbol(";") || token_.is_symbol(","); }

void Parser::skip_newlines() {
    while (!failed_ && token_.kind == TokenKind::newline) step();
}

std::optional<Node> Parser::run() {
    Node file = make(NodeKind::block, {});
    statements(file.children, {});
    if (failed_) return std::nullopt;
    return file;
}

// Up to `close`, which is taken; empty: up to the end of the file.
void Parser::statements(std::vector<Node>& into, std::string_view close) {
    const Depth depth(*this);
    while (!failed_) {
        while (!failed_ && is_separator()) step();
        if (failed_) return;
        if (close.empty() ? token_.kind == TokenKind::end : token_.is_symbol(close)) break;
        into.push_back(statement());
        if (failed_) return;
        const bool ends = close.empty() ? token_.kind == TokenKind::end : token_.is_symbol(close);
        if (ends || is_separator()) continue;
        // Two brackets that close at once are read as the end of a {{ function }}.
        if (close == "}" && token_.is_symbol("}}")) return fail("'}'", "write '} }'");
        return fail(close.empty() ? "the end of the line" : "the end of the line or '" + std::string(close) + "'");
    }
    if (!close.empty()) step();
    refuse_unused(into);
}

void Parser::refuse_unused(const std::vector<Node>& written) {
    for (std::size_t i = 0; i + 1 < written.size() && !failed_; ++i) {
        if (has_no_effect(written[i])) fail_at(written[i].at, "value computed is not used", "was '=' forgotten?");
    }
}

Node Parser::block() {
    Node made = make(NodeKind::block, token_.at);
    if (take_symbol("{")) statements(made.children, "}");
    else fail("'{'");
    return made;
}

Node Parser::statement() {
    Node made = written_statement();
    made.end = ended_;
    return made;
}

Node Parser::written_statement() {
    if (token_.kind == TokenKind::keyword) {
        Node made = keyword_statement();
        if (made.kind != NodeKind::none || failed_) return made;
    }
    Node left = expression();
    if (failed_ || token_.kind != TokenKind::symbol || std::ranges::find(kAssignments, token_.text) == std::end(kAssignments)) return left;
    if (!is_target(left)) {
        fail_at(left.at, "nothing can be assigned to this", "the left side is a name, a key, or a.b and a[b]");
        return left;
    }
    Node assignment = make(NodeKind::assignment, left.at);
    assignment.text = token_.text;
    step();
    assignment.children.push_back(std::move(left));
    assignment.children.push_back(expression());
    return assignment;
}

// None: the word begins an expression.
Node Parser::keyword_statement() {
    const std::string& word = token_.text;
    if (word == "object" || word == "template") return definition();
    if (word == "apply") return apply();
    if (word == "const") return named_value(NodeKind::constant);
    if (word == "var") return named_value(NodeKind::variable);
    if (word == "assign" || word == "ignore") return where();
    if (word == "import") return one_argument(NodeKind::import);
    if (word == "library") return one_argument(NodeKind::library);
    if (word == "using") return one_argument(NodeKind::using_scope);
    if (word == "include" || word == "include_recursive" || word == "include_zones") return include();
    if (word == "for" || word == "while") return loop();
    if (word == "return" || word == "break" || word == "continue" || word == "throw") return leave();
    if (word == "try") return attempt();
    if (word == "namespace") {
        Node made = one_argument(NodeKind::name_space);
        made.children.push_back(block());
        return made;
    }
    if (word == "debugger") {
        Node made = make(NodeKind::debugger, token_.at);
        step();
        return made;
    }
    return {};
}

Node Parser::one_argument(NodeKind kind) {
    Node made = make(kind, token_.at);
    step();
    made.children.push_back(kind == NodeKind::name_space ? postfix(primary()) : expression());
    return made;
}

Node Parser::named_value(NodeKind kind) {
    Node made = make(kind, token_.at);
    step();
    if (token_.kind != TokenKind::identifier) {
        fail(kind == NodeKind::constant ? "the name of a constant" : "the name of a variable");
        return made;
    }
    made.text = token_.text;
    step();
    if (take_symbol("=")) made.children.push_back(expression());
    else if (kind == NodeKind::constant) fail("'='");
    else made.children.push_back(make(NodeKind::none, token_.at));
    return made;
}

// `use(x, y = value)`
void Parser::uses(std::vector<Node>& into) {
    if (!take_keyword("use")) return;
    if (!take_symbol("(")) return fail("'('");
    while (!failed_ && !token_.is_symbol(")")) {
        Node taken = make(NodeKind::use, token_.at);
        if (token_.kind != TokenKind::identifier) return fail("the name of a variable");
        taken.text = token_.text;
        step();
        taken.children.push_back(take_symbol("=") ? expression() : make(NodeKind::none, token_.at));
        into.push_back(std::move(taken));
        if (!take_symbol(",")) break;
    }
    if (!take_symbol(")")) fail("',' or ')'");
}

Node Parser::definition() {
    Node made = make(NodeKind::definition, token_.at);
    made.text = token_.text;
    step();
    made.children.push_back(postfix(primary()));
    const bool named = !token_.is_symbol("{") && token_.kind != TokenKind::keyword;
    made.children.push_back(named ? expression() : make(NodeKind::none, token_.at));
    std::vector<Node> taken;
    uses(taken);
    made.flag = take_keyword(made.text == "template" ? "default" : "ignore_on_error");
    made.children.push_back(block());
    std::ranges::move(taken, std::back_inserter(made.children));
    return made;
}

Node Parser::apply() {
    Node made = make(NodeKind::apply, token_.at);
    step();
    made.children.push_back(postfix(primary()));
    const bool named = !token_.is_symbol("{") && token_.kind != TokenKind::keyword;
    made.children.push_back(named ? expression() : make(NodeKind::none, token_.at));
    apply_for(made);
    if (take_keyword("to")) {
        Node target = make(NodeKind::name, token_.at);
        if (token_.kind != TokenKind::identifier) fail("Host or Service");
        target.text = token_.text;
        step();
        made.children.push_back(std::move(target));
    } else {
        made.children.push_back(make(NodeKind::none, token_.at));
    }
    std::vector<Node> taken;
    uses(taken);
    made.flag = take_keyword("ignore_on_error");
    made.children.push_back(block());
    std::ranges::move(taken, std::back_inserter(made.children));
    return made;
}

bool Parser::parameter(std::vector<std::string>& into) {
    if (failed_ || token_.kind != TokenKind::identifier) {
        fail("a name");
        return false;
    }
    into.push_back(token_.text);
    step();
    return true;
}

// `for (x in term)` or `for (k => v in term)`, from the parenthesis on.
void Parser::apply_for(Node& rule) {
    if (!take_keyword("for")) {
        rule.children.push_back(make(NodeKind::none, token_.at));
        return;
    }
    if (!take_symbol("(")) return fail("'('");
    if (!parameter(rule.words)) return;
    if (take_symbol("=>") && !parameter(rule.words)) return;
    if (!take_keyword("in")) return fail("'in'");
    rule.children.push_back(expression());
    if (!take_symbol(")")) fail("')'");
}

Node Parser::loop() {
    Node made = make(NodeKind::loop, token_.at);
    made.text = token_.text;
    if (made.text == "for") {
        apply_for(made);
    } else {
        step();
        if (!take_symbol("(")) fail("'('");
        made.children.push_back(expression());
        if (!take_symbol(")")) fail("')'");
    }
    made.children.push_back(block());
    return made;
}

Node Parser::branch() {
    Node made = make(NodeKind::branch, token_.at);
    while (true) {
        step();  // if
        if (!take_symbol("(")) fail("'('");
        made.children.push_back(expression());
        if (!take_symbol(")")) fail("')'");
        made.children.push_back(block());
        if (!take_keyword("else")) return made;
        if (token_.is_keyword("if")) continue;
        made.children.push_back(block());
        made.flag = true;
        return made;
    }
}

Node Parser::function() {
    Node made = make(NodeKind::function, token_.at);
    step();
    if (token_.kind == TokenKind::identifier) {
        made.text = token_.text;
        step();
    }
    if (!take_symbol("(")) fail("'('");
    while (!failed_ && !token_.is_symbol(")")) {
        if (!parameter(made.words) || !take_symbol(",")) break;
    }
    if (!take_symbol(")")) fail("',' or ')'");
    std::vector<Node> taken;
    uses(taken);
    made.children.push_back(block());
    std::ranges::move(taken, std::back_inserter(made.children));
    return made;
}

Node Parser::where() {
    Node made = make(token_.text == "assign" ? NodeKind::assign_where : NodeKind::ignore_where, token_.at);
    step();
    if (!take_keyword("where")) fail("'where'");
    made.children.push_back(expression());
    return made;
}

Node Parser::include() {
    Node made = make(NodeKind::include, token_.at);
    made.text = token_.text;
    step();
    if (token_.kind == TokenKind::angle && made.text == "include") {
        made.flag = true;
        Node path = make(NodeKind::string, token_.at);
        path.text = token_.text;
        step();
        made.children.push_back(std::move(path));
        return made;
    }
    made.children.push_back(expression());
    while (made.text != "include" && take_symbol(",")) made.children.push_back(expression());
    return made;
}

Node Parser::leave() {
    Node made = make(NodeKind::leave, token_.at);
    made.text = token_.text;
    step();
    const bool bare = made.text == "break" || made.text == "continue" || is_separator() || token_.kind == TokenKind::end ||
                      token_.is_symbol("}") || token_.is_symbol("}}");
    if (bare && made.text == "throw") fail("a value");
    made.children.push_back(bare ? make(NodeKind::none, token_.at) : expression());
    return made;
}

Node Parser::attempt() {
    Node made = make(NodeKind::attempt, token_.at);
    step();
    made.children.push_back(block());
    if (!take_keyword("except")) fail("'except'");
    made.children.push_back(block());
    return made;
}

}  // namespace endpointd::dsl
