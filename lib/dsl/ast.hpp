#pragma once
// The tree of one file of the configuration language (protocol, 10.3): everything
// that was written, and nothing evaluated. A plain value that owns all it holds;
// any thread may read it.
//
// What a file can make long is flat here: operators of one level, calls and
// indexes behind each other, and the branches of an `else if` are one node with
// many children. The tree is therefore no deeper than brackets in the text are
// (kSyntaxDepth times the levels of operators), and may be walked by recursion.

#include <cstdint>
#include <string>
#include <vector>

#include "dsl/source.hpp"

namespace endpointd::dsl {

// What a node is, and what its members are. A member that is not named is empty.
enum class NodeKind : std::uint8_t {
    none,  // stands where something optional was left out

    // --- Expressions ---
    null,
    boolean,      // flag
    number,       // number, in seconds where it had a unit
    string,       // text
    name,         // text: an identifier
    scope,        // text: this, globals or locals
    place,        // text: current_filename or current_line
    array,        // children: the elements
    dictionary,   // children: statements
    chain,        // children: what it starts from, then field, index and call in the order written
    field,        // text: `.text`
    index,        // children: [ expression ]
    call,         // children: the arguments
    prefix,       // words: ! ~ & * + - as written, outermost first; children: [ operand ]
    operation,    // children: the operands; words[i] stands between children[i] and children[i + 1]
    conditional,  // a ? b : c ? d : e; children: condition, value, condition, value, ..., otherwise
    function,     // text: its name or ""; words: parameters; flag: written {{ }}; children: body, then use
    branch,       // children: condition, block, condition, block, ...; flag: a last block for otherwise

    // --- Statements ---
    block,         // children: statements
    assignment,    // text: = += -= *= /= %= ^= &= |=; children: target (name, string, scope or chain), value
    constant,      // text: name; children: [ value ]
    variable,      // text: name; children: [ value or none ]
    use,           // text: name; children: [ value or none ]: what a body takes along
    definition,    // text: object or template; flag: ignore_on_error or default; children: type, name or none, body, use...
    apply,         // words: loop variables; flag: ignore_on_error; children: type, name or none, `for` term or none,
                   // target or none, body, use...
    assign_where,  // children: [ expression ]
    ignore_where,  // children: [ expression ]
    import,        // children: [ name ]
    include,       // text: include, include_recursive or include_zones; flag: <path>; children: the arguments
    library,       // children: [ name ]
    using_scope,   // children: [ scope ]
    name_space,    // children: name, block
    loop,          // text: while or for; words: loop variables; children: condition or term, block
    leave,         // text: return, break, continue or throw; children: [ value or none ]
    attempt,       // children: block, block of except
    debugger,
};

struct Node {
    NodeKind kind = NodeKind::none;
    bool flag = false;
    Position at;
    Position end;  // of a statement: right behind its last token
    double number = 0;
    std::string text;
    std::vector<std::string> words;
    std::vector<Node> children;
};

}  // namespace endpointd::dsl
