#pragma once
// The runner's own judgement of a request, whatever the daemon has already
// decided: the command exists, is of that kind and has a plugin, the parameters
// pass their rules, and argv is built from the catalog. Pure; any thread.

#include <boost/system/result.hpp>

#include "base/clock.hpp"
#include "catalog/catalog.hpp"
#include "catalog/invocation.hpp"
#include "exec/outcome.hpp"
#include "exec/run_request.hpp"

namespace endpointd::exec {

struct AdmittedRun {
    const catalog::Command* command;  // of the catalog given
    json::Object parameters;          // admitted, defaults included
    catalog::Invocation invocation;
    Duration timeout;
};

[[noreturn]] void throw_exception_from_error(const Outcome& outcome, const boost::source_location& where);

// The error is a refused Outcome. `default_timeout` is for a command without one;
// what the request asks for can only shorten it.
boost::system::result<AdmittedRun, Outcome> admit_run(const catalog::Catalog& catalog, const RunRequest& request, Duration default_timeout);

}  // namespace endpointd::exec
