#include "dsl/written.hpp"

#include <vector>

#include "dsl/parser.hpp"

namespace endpointd::dsl {

namespace {

bool names(const Node& node, std::string_view name) {
    return (node.kind == NodeKind::name || node.kind == NodeKind::field || node.kind == NodeKind::string) && node.text == name;
}

// How much of "vars.x" a target says: 2 all, 1 `vars` alone, 0 nothing.
int agreement(const Node& target, std::string_view whole, std::string_view part) {
    if (names(target, whole)) return part.empty() ? 2 : 1;
    if (target.kind != NodeKind::chain) return 0;
    std::size_t at = target.children.front().kind == NodeKind::scope && target.children.front().text == "this" ? 1 : 0;
    if (at >= target.children.size() || !names(target.children[at], whole)) return 0;
    if (part.empty() || ++at >= target.children.size()) return part.empty() ? 2 : 1;
    const Node& step = target.children[at];
    return names(step, part) || (step.kind == NodeKind::index && names(step.children.front(), part)) ? 2 : 0;
}

bool is_definition(const Node& node) { return node.kind == NodeKind::definition || node.kind == NodeKind::apply; }

}  // namespace

std::optional<Position> written_in(const Node& body, std::string_view attribute) {
    const std::size_t dot = attribute.find('.');
    const std::string_view whole = attribute.substr(0, dot);
    const std::string_view part = dot == std::string_view::npos ? std::string_view() : attribute.substr(dot + 1);
    std::optional<Position> found;
    int best = 1;
    std::vector<const Node*> left = {&body};
    while (!left.empty()) {
        const Node& node = *left.back();
        left.pop_back();
        if (node.kind == NodeKind::assignment) {
            if (const int now = agreement(node.children.front(), whole, part); now >= best) {
                best = now;
                found = node.at;
            }
            continue;
        }
        if (is_definition(node) || node.kind == NodeKind::function) continue;
        for (auto child = node.children.rbegin(); child != node.children.rend(); ++child) left.push_back(&*child);
    }
    return found;
}

std::optional<std::uint32_t> line_within(const std::string& statement, std::string_view attribute) {
    const SourceFile file{{}, {}, statement};
    Findings findings;
    const auto tree = parse(Source(file), findings);
    if (!tree || tree->children.size() != 1 || !is_definition(tree->children.front())) return std::nullopt;
    const Node& definition = tree->children.front();
    const Node& body = definition.children[definition.kind == NodeKind::apply ? 4 : 2];
    const auto place = written_in(body, attribute);
    return place ? std::optional(place->line) : std::nullopt;
}

}  // namespace endpointd::dsl
