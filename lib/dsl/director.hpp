#pragma once
// What the Icinga Director ships to every node beside its objects, in
// `001-director-basics.conf`: helpers that write to globals, which pushed
// configuration may not do, and a template that all of its services import. Its
// statements are known by their exact tree (places, comments and layout aside) and
// stand for statements of ours that do the same without such writes. One that
// differs in anything is not known, and judged like any other. Pure; any thread.
//
// The evaluator runs the block of a statement that is known in place of it, with
// nothing allowed beyond what pushed text may do anyway: it holds no more than `const`
// and `template`. Its nodes carry the place of the statement they stand for, and are
// kept as long as the file's own tree.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "dsl/ast.hpp"

namespace endpointd::dsl {

struct DirectorStatement {
    std::string_view what;  // "the template of overrides, with vars.overridenVar"; static
    Node block;             // NodeKind::block; without children: nothing is left to do
};

// Takes a top-level statement. Costs no more than the longest form known, whatever the size of the statement.
std::optional<DirectorStatement> recognise(const Node& statement);

// A tree as text, the same for two trees exactly if they differ in places at most:
// what `recognise` compares, and what a row of its table is made from. None: longer than `most`.
std::optional<std::string> form_of(const Node& node, std::size_t most);

}  // namespace endpointd::dsl
