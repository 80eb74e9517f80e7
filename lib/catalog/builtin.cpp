#include "catalog/builtin.hpp"

namespace endpointd::catalog {

// Nothing here reaches a command line, so texts may begin with '-'. Parameters
// are named as in Icinga's template library.
constinit const std::string_view kBuiltinCatalog = R"json({
  "commands": {
    "dummy": {
      "kind": "check",
      "description": "Returns the state and text that it is given",
      "parameters": {
        "dummy_state": { "type": "integer", "min": 0, "max": 3, "default": 0 },
        "dummy_text": { "pattern": ".*", "default": "" }
      }
    },
    "icinga": {
      "kind": "check",
      "description": "Health and counters of this daemon",
      "parameters": {
        "icinga_min_version": { "pattern": "[0-9A-Za-z.+~-]*", "max_length": 64 },
        "icinga_perfdata": { "enum": [true, false, 0, 1] },
        "icinga_verbose": { "enum": [true, false, 0, 1] }
      }
    },
    "cluster": {
      "kind": "check",
      "description": "Whether every endpoint that should be connected is"
    },
    "cluster-zone": {
      "kind": "check",
      "description": "Whether an endpoint of a zone is connected",
      "parameters": {
        "cluster_zone": { "pattern": ".+", "max_length": 255 },
        "cluster_lag_warning": { "type": "number", "min": 0 },
        "cluster_lag_critical": { "type": "number", "min": 0 }
      }
    }
  }
})json";

}  // namespace endpointd::catalog
