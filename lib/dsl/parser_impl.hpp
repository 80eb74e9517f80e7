#pragma once
// The descent itself, in two files: expressions (parser.cpp) and statements
// (parser_statements.cpp). Not for others: use parser.hpp. Lives for one parse.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dsl/ast.hpp"
#include "dsl/lexer.hpp"
#include "dsl/parser.hpp"

namespace endpointd::dsl {

class Parser {
public:
    // Both must outlive the parser.
    Parser(const Source& source, Findings& findings) : source_(source), findings_(findings), lexer_(source, findings) { step(); }

    std::optional<Node> run();
    void allow(std::size_t nodes) { most_nodes_ = nodes; }
    std::size_t nodes() const noexcept { return nodes_; }

private:
    // One more level of the descent for as long as it lives.
    class Depth {
    public:
        explicit Depth(Parser& parser) : parser_(parser) {
            if (++parser_.depth_ > kSyntaxDepth)
                parser_.fail_at(parser_.token_.at, "nested too deep", "expressions and blocks within each other");
        }
        ~Depth() { --parser_.depth_; }
        Depth(const Depth&) = delete;
        Depth& operator=(const Depth&) = delete;

    private:
        Parser& parser_;
    };

    void step();
    void fail_at(Position at, std::string_view message, std::string_view hint = {});
    // "expected <what>, got <the token>".
    void fail(std::string_view expected, std::string_view hint = {});
    void count_node();
    Node make(NodeKind kind, Position at);

    bool take_symbol(std::string_view symbol);
    bool take_keyword(std::string_view word);
    bool is_separator() const;
    void skip_newlines();

    Node expression();
    Node operation(Node left, int loosest);
    Node conditional(Node condition);
    Node operand();
    Node postfix(Node start);
    Node primary();
    Node keyword_value(Node made);
    Node bracket_value(Node made);
    Node parenthesised();
    Node arrow(Position at, std::vector<std::string> parameters);
    void list(std::vector<Node>& into, std::string_view close);

    void statements(std::vector<Node>& into, std::string_view close);
    void refuse_unused(const std::vector<Node>& written);
    Node statement();
    Node written_statement();
    Node keyword_statement();
    Node block();
    Node branch();
    Node function();
    Node named_value(NodeKind kind);
    Node definition();
    Node apply();
    Node include();
    Node where();
    Node loop();
    Node leave();
    Node attempt();
    void apply_for(Node& rule);
    Node one_argument(NodeKind kind);
    void uses(std::vector<Node>& into);
    bool parameter(std::vector<std::string>& into);

    const Source& source_;
    Findings& findings_;
    Lexer lexer_;
    Token token_;
    Position ended_;  // right behind the token before `token_`
    std::size_t depth_ = 0;
    std::size_t nodes_ = 0, most_nodes_ = kSyntaxNodes;
    bool failed_ = false;
};

}  // namespace endpointd::dsl
