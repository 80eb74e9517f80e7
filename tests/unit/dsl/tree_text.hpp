#pragma once
// A tree as one line of text, for tests to compare: (kind members children).

#include <string>

#include "base/units.hpp"
#include "dsl/ast.hpp"

namespace endpointd::dsl {

inline std::string tree_text(const Node& node) {
    static constexpr const char* kNames[] = {
        "-",     "null",   "bool",   "num",     "str",     "name",  "scope",     "place",  "array", "dict", "chain",   ".",      "[]",
        "call",  "prefix", "op",     "?:",      "fn",      "if",    "block",     "assign", "const", "var",  "use",     "define", "apply",
        "where", "ignore", "import", "include", "library", "using", "namespace", "loop",   "leave", "try",  "debugger"};
    const std::string kind = kNames[static_cast<std::size_t>(node.kind)];
    if (node.kind == NodeKind::none) return "-";
    std::string text = "(" + kind;
    if (node.kind == NodeKind::number) text += " " + number_text(node.number);
    if (!node.text.empty() || node.kind == NodeKind::string)
        text += " " + (node.kind == NodeKind::string ? "'" + node.text + "'" : node.text);
    for (const std::string& word : node.words) text += " " + word;
    if (node.flag) text += " !";
    for (const Node& child : node.children) text += " " + tree_text(child);
    return text + ")";
}

}  // namespace endpointd::dsl
