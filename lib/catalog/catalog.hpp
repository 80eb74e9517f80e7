#pragma once
// The local catalog: every command that can ever be started, read from
// catalog.d, and the four that are built in. Immutable; whoever loaded it owns
// it, any thread may read it. Commands are valid as long as it lives.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/findings.hpp"
#include "catalog/command.hpp"

namespace endpointd::catalog {

class Catalog {
public:
    // Everything found wrong is appended to `findings`; a catalog that came with an
    // error is not to be used. SourceFile::name is relative to catalog.d.
    static Catalog load(const std::vector<SourceFile>& files, Findings& findings);

    // Null: not in the catalog.
    const Command* find(std::string_view name) const noexcept;

    // By name.
    const std::map<std::string, Command, std::less<>>& commands() const noexcept { return commands_; }

    // The names and texts of all files, the same for the same files in any order:
    // daemon and runner compare its digest. Begins with a version.
    std::string canonical_text() const;

private:
    std::map<std::string, Command, std::less<>> commands_;
    std::map<std::string, std::string> texts_;  // by the file's name
};

}  // namespace endpointd::catalog
