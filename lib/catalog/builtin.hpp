#pragma once
// The commands that need no plugin, as entries of the catalog like the rest.

#include <string_view>

namespace endpointd::catalog {

// A catalog file without "command": what the daemon itself answers to.
extern const std::string_view kBuiltinCatalog;

}  // namespace endpointd::catalog
