// The configuration language from any bytes: no crash, a tree or an error but
// never neither, an error within the text, and a tree that is as deep as the
// parser promises and holds what each kind of node promises.

#include <cstdint>

#include "base/assert.hpp"
#include "dsl/director.hpp"
#include "dsl/parser.hpp"

using namespace endpointd;

namespace {

// Levels of operators, and what stands between one expression and the next within it.
constexpr std::size_t kPerLevel = 20;

std::size_t check(const dsl::Node& node, std::size_t depth) {
    using dsl::NodeKind;
    EP_ASSERT(depth < dsl::kSyntaxDepth * kPerLevel);
    const std::size_t children = node.children.size();
    switch (node.kind) {
        case NodeKind::operation:
            EP_ASSERT(children == node.words.size() + 1 && children >= 2);
            break;
        case NodeKind::chain:
            EP_ASSERT(children >= 2);
            break;
        case NodeKind::prefix:
            EP_ASSERT(children == 1 && !node.words.empty());
            break;
        case NodeKind::conditional:
            EP_ASSERT(children >= 3 && children % 2 == 1);
            break;
        case NodeKind::branch:
            EP_ASSERT(children >= 2 && (children % 2 == 1) == node.flag);
            break;
        case NodeKind::assignment:
        case NodeKind::attempt:
        case NodeKind::name_space:
        case NodeKind::loop:
            EP_ASSERT(children == 2);
            break;
        case NodeKind::definition:
            EP_ASSERT(children >= 3 && node.children[2].kind == NodeKind::block);
            break;
        case NodeKind::apply:
            EP_ASSERT(children >= 5 && node.children[4].kind == NodeKind::block);
            break;
        case NodeKind::function:
        case NodeKind::include:
            EP_ASSERT(children >= 1);
            break;
        case NodeKind::constant:
        case NodeKind::variable:
        case NodeKind::use:
        case NodeKind::index:
        case NodeKind::import:
        case NodeKind::leave:
            EP_ASSERT(children == 1);
            break;
        default:
            break;
    }
    std::size_t nodes = 1;
    for (const dsl::Node& child : node.children) nodes += check(child, depth + 1);
    return nodes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const SourceFile file{"fuzz.conf", "fuzz.conf", std::string(reinterpret_cast<const char*>(data), size)};
    Findings findings;
    const std::optional<dsl::Node> tree = dsl::parse(dsl::Source(file), findings);
    EP_ASSERT(tree.has_value() == findings.ok());
    if (tree) EP_ASSERT(check(*tree, 0) <= dsl::kSyntaxNodes);
    if (tree)
        for (const dsl::Node& statement : tree->children) {
            const auto known = dsl::recognise(statement);
            if (!known) continue;
            for (const dsl::Node& own : known->block.children)
                EP_ASSERT(own.kind == dsl::NodeKind::constant || (own.kind == dsl::NodeKind::definition && own.text == "template"));
        }
    for (const Finding& finding : findings.errors) EP_ASSERT(finding.line >= 1 && finding.column >= 1 && !finding.message.empty());
    return 0;
}
