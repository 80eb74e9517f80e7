#include "dsl/zones_parser.hpp"

#include <algorithm>

#include "base/units.hpp"
#include "dsl/lexer.hpp"

namespace endpointd::dsl {

namespace {

class Parser {
public:
    Parser(const Source& source, std::span<const std::string_view> types, Findings& findings)
        : source_(source), types_(types), findings_(findings), lexer_(source, findings) {
        step();
    }

    std::optional<ZonesTree> run() {
        while (!failed_) {
            skip_separators();
            if (token_.kind == TokenKind::end) return std::move(tree_);
            statement();
        }
        return std::nullopt;
    }

private:
    void step() {
        token_ = lexer_.next();
        if (token_.kind == TokenKind::error) failed_ = true;
    }

    void fail(const Token& token, std::string_view expected, std::string_view hint = {}) {
        if (!failed_)
            findings_.errors.push_back(source_.finding(token.at, "expected " + std::string(expected) + ", got " + in_words(token), hint));
        failed_ = true;
    }

    bool take_symbol(std::string_view symbol) {
        if (failed_ || !token_.is_symbol(symbol)) return false;
        step();
        return true;
    }

    bool is_separator() const { return token_.kind == TokenKind::newline || token_.is_symbol(";") || token_.is_symbol(","); }
    void skip_separators() {
        while (!failed_ && is_separator()) step();
    }
    void skip_newlines() {
        while (!failed_ && token_.kind == TokenKind::newline) step();
    }

    void statement() {
        const Token first = token_;
        if (first.is_keyword("object")) return object();
        if (first.is_keyword("const")) return constant();
        if (first.is_keyword("template") || first.is_keyword("apply")) return skip_definition();
        if (first.kind != TokenKind::keyword && first.kind != TokenKind::identifier)
            return fail(first, "a statement", "such as: object Endpoint \"name\" { }");
        skip_rest("'" + escaped(first.text, 64) + "'", first.at);
    }

    void constant() {
        step();
        ZonesAssignment constant{token_.text, token_.at, {}};
        if (token_.kind != TokenKind::identifier) return fail(token_, "the name of a constant");
        step();
        if (!take_symbol("=")) return fail(token_, "'='");
        constant.value = expression(0);
        end_of_statement();
        if (!failed_) tree_.constants.push_back(std::move(constant));
    }

    void object() {
        ZonesObject object;
        object.at = token_.at;
        step();
        if (token_.kind != TokenKind::identifier) return fail(token_, "an object's type", "such as Endpoint or Zone");
        object.type = token_.text;
        step();
        if (std::find(types_.begin(), types_.end(), object.type) == types_.end())
            return skip_named("object " + escaped(object.type, 64), object.at);
        object.name = expression(0);
        if (!take_symbol("{")) return fail(token_, "'{'");
        body(object);
        end_of_statement();
        if (!failed_) tree_.objects.push_back(std::move(object));
    }

    void body(ZonesObject& object) {
        while (true) {
            skip_separators();
            if (failed_ || take_symbol("}")) return;
            ZonesAssignment attribute{token_.text, token_.at, {}};
            if (token_.kind != TokenKind::identifier) return fail(token_, "an attribute or '}'", "only 'attribute = value' is read here");
            step();
            if (!take_symbol("=")) return fail(token_, "'='");
            attribute.value = expression(0);
            if (failed_) return;
            if (!is_separator() && !token_.is_symbol("}")) return fail(token_, "the end of the line or '}'");
            object.attributes.push_back(std::move(attribute));
        }
    }

    void end_of_statement() {
        if (!failed_ && !is_separator() && token_.kind != TokenKind::end) fail(token_, "the end of the line");
    }

    // `template Host "x" ...`, `apply Service "x" ...`
    void skip_definition() {
        std::string what = token_.text;
        const Position at = token_.at;
        step();
        if (token_.kind == TokenKind::identifier) {
            what += ' ' + escaped(token_.text, 64);
            step();
        }
        skip_named(std::move(what), at);
    }

    void skip_named(std::string what, Position at) {
        if (token_.kind == TokenKind::string) what += " \"" + escaped(token_.text, 64) + '"';
        else if (token_.kind == TokenKind::identifier) what += ' ' + escaped(token_.text, 64);
        skip_rest(what, at);
    }

    // To the end of the statement: a line end or `;` outside all brackets.
    void skip_rest(const std::string& what, Position at) {
        while (!failed_ && token_.kind != TokenKind::end &&
               !(lexer_.depth() == 0 && (token_.kind == TokenKind::newline || token_.is_symbol(";"))))
            step();
        if (!failed_)
            findings_.warnings.push_back({source_.path(), at.line, at.column, std::nullopt,
                                          what + " is skipped: this version reads constants and Endpoint and Zone objects only"});
    }

    ZonesExpression expression(std::size_t depth) {
        ZonesExpression left = term(depth);
        if (failed_ || !token_.is_symbol("+")) return left;
        ZonesExpression sum;
        sum.kind = ZonesExpression::Kind::sum;
        sum.at = left.at;
        sum.items.push_back(std::move(left));
        while (take_symbol("+")) sum.items.push_back(term(depth));
        return sum;
    }

    ZonesExpression term(std::size_t depth) {
        ZonesExpression made;
        made.at = token_.at;
        if (failed_) return made;
        if (depth == kExpressionDepth) {
            findings_.errors.push_back(source_.finding(token_.at, "expression nested too deep"));
            failed_ = true;
            return made;
        }
        const Token token = token_;
        if (take_symbol("[")) return array(std::move(made), depth);
        if (take_symbol("(")) {
            made = expression(depth + 1);
            if (!take_symbol(")")) fail(token_, "')'");
            return made;
        }
        const bool negative = take_symbol("-");
        if (token_.kind == TokenKind::number) {
            made.kind = ZonesExpression::Kind::number;
            made.number = negative ? -token_.number : token_.number;
        } else if (negative) {
            fail(token_, "a number");
        } else if (token.kind == TokenKind::string) {
            made.kind = ZonesExpression::Kind::string;
            made.text = token.text;
        } else if (token.kind == TokenKind::identifier) {
            made.kind = ZonesExpression::Kind::identifier;
            made.text = token.text;
        } else if (token.is_keyword("true") || token.is_keyword("false")) {
            made.kind = ZonesExpression::Kind::boolean;
            made.boolean = token.text == "true";
        } else if (!token.is_keyword("null")) {
            fail(token, "a value", "values are strings, numbers, true, false, null, [ ... ] and constants");
        }
        if (!failed_) step();
        return made;
    }

    // Line ends may stand behind `[` and `,` and before `]` (protocol, 10.1).
    ZonesExpression array(ZonesExpression made, std::size_t depth) {
        made.kind = ZonesExpression::Kind::array;
        skip_newlines();
        while (!failed_ && !token_.is_symbol("]")) {
            made.items.push_back(expression(depth + 1));
            skip_newlines();
            if (!take_symbol(",")) break;
            skip_newlines();
        }
        if (!take_symbol("]")) fail(token_, "',' or ']'");
        return made;
    }

    const Source& source_;
    std::span<const std::string_view> types_;
    Findings& findings_;
    Lexer lexer_;
    Token token_;
    ZonesTree tree_;
    bool failed_ = false;
};

}  // namespace

std::optional<ZonesTree> parse_zones(const Source& source, std::span<const std::string_view> types, Findings& findings) {
    return Parser(source, types, findings).run();
}

}  // namespace endpointd::dsl
