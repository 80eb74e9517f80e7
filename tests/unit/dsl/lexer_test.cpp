#include "dsl/lexer.hpp"

#include <gtest/gtest.h>

namespace endpointd::dsl {
namespace {

struct Scanned {
    std::vector<Token> tokens;  // up to the end or the error, neither included
    Findings findings;
};

Scanned scan(const std::string& text) {
    const SourceFile file{"zones.d/a.conf", "a.conf", text};
    const Source source(file);
    Scanned scanned;
    Lexer lexer(source, scanned.findings);
    while (true) {
        Token token = lexer.next();
        if (token.kind == TokenKind::end || token.kind == TokenKind::error) return scanned;
        scanned.tokens.push_back(std::move(token));
    }
}

std::string texts(const std::string& text) {
    std::string joined;
    for (const Token& token : scan(text).tokens)
        joined += (joined.empty() ? "" : " ") + (token.kind == TokenKind::newline ? "NL" : token.text);
    return joined;
}

Token only(const std::string& text) {
    const Scanned scanned = scan(text);
    EXPECT_TRUE(scanned.findings.ok()) << text;
    EXPECT_EQ(scanned.tokens.size(), 1u) << text;
    return scanned.tokens.empty() ? Token() : scanned.tokens.front();
}

std::string error(const std::string& text) {
    const Scanned scanned = scan(text);
    EXPECT_EQ(scanned.findings.errors.size(), 1u) << text;
    if (scanned.findings.errors.empty()) return {};
    const Finding& finding = scanned.findings.errors.front();
    return std::to_string(finding.line) + ":" + std::to_string(finding.column) + ": " + finding.message;
}

TEST(Lexer, ReadsEscapesOfAString) {
    EXPECT_EQ(only(R"("a\n\t\r\b\f\\\"b")").text, "a\n\t\r\b\f\\\"b");
    EXPECT_EQ(only(R"("\101\0601\377")").text, std::string("A01\xff"));
    EXPECT_EQ(only("\"a\\\nb\"").text, "a\nb");
    EXPECT_EQ(only("\"\"").kind, TokenKind::string);
}

TEST(Lexer, KeepsARawStringAsItIs) { EXPECT_EQ(only("{{{\n a\\n \"}} }}}").text, "\n a\\n \"}} "); }

TEST(Lexer, TurnsUnitsIntoSeconds) {
    EXPECT_EQ(only("90").number, 90);
    EXPECT_EQ(only("1.5").number, 1.5);
    EXPECT_EQ(only("250ms").number, 0.25);
    EXPECT_EQ(only("2s").number, 2);
    EXPECT_EQ(only("5m").number, 300);
    EXPECT_EQ(only("2h").number, 7200);
    EXPECT_EQ(only("1d").number, 86400);
}

TEST(Lexer, TellsNamesFromKeywords) {
    EXPECT_EQ(only("object").kind, TokenKind::keyword);
    EXPECT_EQ(only("objects").kind, TokenKind::identifier);
    const Token escaped = only("@object");
    EXPECT_EQ(escaped.kind, TokenKind::identifier);
    EXPECT_EQ(escaped.text, "object");
    EXPECT_EQ(texts("a !in b"), "a !in b");
    EXPECT_EQ(texts("!inside"), "! inside");
}

TEST(Lexer, SkipsComments) { EXPECT_EQ(texts("a // x\nb # y\r\nc /* \n * { */ d"), "a NL b NL c d"); }

TEST(Lexer, TakesTheLongestOperator) {
    EXPECT_EQ(texts("a<= b<< c==d =>e=f"), "a <= b << c == d => e = f");
    EXPECT_EQ(texts("{{ x }}"), "{{ x }}");
    EXPECT_EQ(texts("include <itl>"), "include itl");
    EXPECT_EQ(texts("a < b > c"), "a < b > c");
    EXPECT_EQ(only("<a=b>").kind, TokenKind::angle);  // as upstream: no space, so not a comparison
}

TEST(Lexer, LineEndsDoNotCountInParentheses) {
    EXPECT_EQ(texts("(a\nb)\nc"), "( a b ) NL c");
    EXPECT_EQ(texts("({\na\n}\n)\n"), "( { NL a NL } ) NL");
}

TEST(Lexer, ShowsTheLineAndACaret) {
    EXPECT_EQ(error("\n  a = \"x\\q\"\n"),
              "2:9: unknown escape in a string\n    a = \"x\\q\"\n          ^ a backslash itself is written \\\\");
}

TEST(Lexer, KeepsTheCaretInPlaceBehindForeignBytes) {
    EXPECT_EQ(error("\t\"\xc3\xa4\x1b\" \x80"),
              "1:8: a character that is not ASCII may stand in strings and comments only\n   \"?? \" ?\n         ^");
}

TEST(Lexer, ShowsPartOfALongLineOnly) {
    const std::string shown = error(std::string(1000, ' ') + "$" + std::string(1000, ' '));
    EXPECT_LT(shown.size(), 300u);
    EXPECT_NE(shown.find("1:1001: unexpected character"), std::string::npos);
}

TEST(Lexer, RefusesWhatIsNotInTheGrammar) {
    EXPECT_TRUE(error("\xef\xbb\xbfobject").starts_with("1:1: the file begins with a byte order mark"));
    EXPECT_TRUE(error(std::string("a\0b", 3)).starts_with("1:2: NUL byte outside a string"));
    EXPECT_TRUE(error("\"abc\ndef\"").starts_with("1:1: string without an end on its line"));
    EXPECT_TRUE(error("\"abc").starts_with("1:1: string without an end"));
    EXPECT_TRUE(error("\"abc\\").starts_with("1:5: unknown escape in a string"));
    EXPECT_TRUE(error("\"\\400\"").starts_with("1:2: octal escape out of range"));
    EXPECT_TRUE(error("\"\\9\"").starts_with("1:2: octal escape out of range"));
    EXPECT_TRUE(error("{{{ x }}").starts_with("1:1: string without an end"));
    EXPECT_TRUE(error("x /* y").starts_with("1:3: comment without an end"));
    EXPECT_TRUE(error("5parsecs").starts_with("1:2: a number cannot be followed by 'parsecs'"));
    EXPECT_TRUE(error(std::string(100, '1')).starts_with("1:1: number with too many digits"));
    EXPECT_TRUE(error("a $ b").starts_with("1:3: unexpected character"));
}

TEST(Lexer, RefusesUnbalancedBrackets) {
    EXPECT_TRUE(error("{ [ }").starts_with("1:5: '}' without its opening bracket"));
    EXPECT_TRUE(error("]").starts_with("1:1: ']' without its opening bracket"));
    EXPECT_TRUE(error("a {\n\n").starts_with("1:3: '{' is never closed"));
    EXPECT_TRUE(error(std::string(10000, '[')).starts_with("1:257: brackets nested too deep"));
}

TEST(Lexer, SaysNothingMoreAfterAnError) {
    const SourceFile file{"a.conf", "a.conf", "$ $ $"};
    const Source source(file);
    Findings findings;
    Lexer lexer(source, findings);
    for (int i = 0; i < 5; ++i) EXPECT_EQ(lexer.next().kind, TokenKind::error);
    EXPECT_EQ(findings.errors.size(), 1u);
}

// Each `<` may begin <text>: looking for its end anew each time would take hours here.
TEST(Lexer, IsLinearInOpenAngles) {
    std::string text = "1";
    for (int i = 0; i < 1'000'000; ++i) text += "<<1";
    const SourceFile file{"x", "x", text};
    const Source source(file);
    Findings findings;
    Lexer lexer(source, findings);
    std::size_t tokens = 0;
    while (lexer.next().kind != TokenKind::end && findings.ok()) ++tokens;
    EXPECT_TRUE(findings.ok());
    EXPECT_EQ(tokens, 2'000'001u);
}

TEST(Lexer, FindsEveryAngleOfALine) {
    const SourceFile file{"x", "x", "<a><b> <c d> <e>"};
    const Source source(file);
    Findings findings;
    Lexer lexer(source, findings);
    std::vector<std::string> angles;
    for (Token token = lexer.next(); token.kind != TokenKind::end && findings.ok(); token = lexer.next())
        if (token.kind == TokenKind::angle) angles.push_back(token.text);
    EXPECT_EQ(angles, (std::vector<std::string>{"a", "b", "e"}));
}

}  // namespace
}  // namespace endpointd::dsl
