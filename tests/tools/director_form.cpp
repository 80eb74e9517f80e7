// Prints what each statement of a file is for lib/dsl/director.cpp: known, and as
// what, or else its form, which a new row of the table there has to match.
//
//   director_form 001-director-basics.conf

#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

#include "dsl/director.hpp"
#include "dsl/parser.hpp"

using namespace endpointd;

int main(int count, char** arguments) {
    if (count != 2) {
        std::fputs("usage: director_form FILE\n", stderr);
        return 2;
    }
    std::ifstream stream(arguments[1]);
    const SourceFile file{arguments[1], arguments[1], {std::istreambuf_iterator<char>(stream), {}}};
    Findings findings;
    const auto tree = stream ? dsl::parse(dsl::Source(file), findings) : std::nullopt;
    if (!tree) {
        std::fprintf(stderr, "%s: %s\n", arguments[1],
                     findings.errors.empty() ? "cannot be read" : findings.errors.front().message.c_str());
        return 1;
    }
    constexpr std::size_t kMost = 1024 * 1024;
    for (const dsl::Node& statement : tree->children) {
        const auto known = dsl::recognise(statement);
        const std::string text = known ? "known: " + std::string(known->what) : dsl::form_of(statement, kMost).value_or("(too long)");
        std::printf("%u: %s\n", statement.at.line, text.c_str());
    }
}
