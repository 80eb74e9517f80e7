#pragma once
// A definition to an entry of the catalog, or the reason why it cannot be one.
// Pure.

#include <string>
#include <vector>

#include "import_definitions.hpp"
#include "json/value.hpp"

namespace endpointd::ctl {

struct ImportedEntry {
    json::Object entry;
    std::string refused;             // why there is no entry; empty: there is one
    std::vector<std::string> notes;  // what an operator should know of it
};

// An entry that is made loads: it was judged by the catalog itself.
ImportedEntry entry_of(const Definition& definition);

}  // namespace endpointd::ctl
