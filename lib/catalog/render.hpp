#pragma once
// Commands as endpointctl's JSON shows them. Pure; any thread.

#include "base/clock.hpp"
#include "catalog/catalog.hpp"
#include "catalog/invocation.hpp"
#include "json/value.hpp"

namespace endpointd::catalog {

// {"commands": [...]}, by name: the answer of `catalog list`.
json::Value list_view(const Catalog& catalog);

// One of them with its "entry" as written: `catalog show`.
json::Value show_view(const Command& command);

// What would be run: `catalog render`. `default_timeout` is runner.timeout, for a
// command without one.
json::Value render_view(const Command& command, const Invocation& invocation, Duration default_timeout);

}  // namespace endpointd::catalog
