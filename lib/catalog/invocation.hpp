#pragma once
// From a request's macros to the argv of a process, in two steps that the daemon
// does first and the runner does again: admit() judges each parameter by its
// rule, build() puts the admitted ones together as Icinga would (protocol, 6.5).
// Pure; any thread.

#include <string>
#include <vector>

#include <boost/system/result.hpp>

#include "base/assert.hpp"
#include "catalog/catalog.hpp"
#include "catalog/command.hpp"
#include "json/value.hpp"

namespace endpointd::catalog {

// Bytes of one string of argv or environment, its end included: the kernel's
// MAX_ARG_STRLEN, beyond which execve fails.
inline constexpr std::size_t kArgumentBytes = 128 * 1024;

// Why a request is not run. `text` is what the parent is told after "endpointd: ";
// it never holds a value.
struct Refusal {
    enum class Kind {
        parameter,         // a value breaks its rule
        tuple,             // the parameters are no listed combination
        missing_required,  // an argument needs a parameter that is not there; not audited
        too_large,         // too many parameters, or more than the kernel takes
    };
    Kind kind;
    std::string parameter;  // the one concerned; empty where it is all of them
    std::string text;
};

[[noreturn]] inline void throw_exception_from_error(const Refusal& refusal, const boost::source_location& where) {
    assertion_failed(refusal.text.c_str(), where.file_name(), static_cast<int>(where.line()));
}

template <class T>
using Attempt = boost::system::result<T, Refusal>;

struct Admission {
    json::Object parameters;           // admitted values, and the defaults of those that were not sent or null
    std::vector<std::string> dropped;  // macros that are no parameters, sorted: the caller audits them
    std::vector<std::string> inner;    // commands it runs inside: who asks must be allowed these as well
};

// `macros` is the message's, or what a former admit() returned: admitting again
// changes nothing. Tuples are compared after the defaults are in.
//
// Where `command` takes a command, the one asked for is judged by its own rules as
// if it were asked for directly, over what is left of `macros` and what the
// wrapper admitted: a parameter that both have passes both rules, and the
// wrapper's default counts for both. `command` is of `catalog`.
Attempt<Admission> admit(const Catalog& catalog, const Command& command, const json::Object& macros);

// The command that `parameters` ask `command` to run inside; null: none, or none that may. Judges nothing else.
const Command* inner_command(const Catalog& catalog, const Command& command, const json::Object& parameters);

struct Invocation {
    std::vector<std::string> argv;  // [0] is the path; empty for a built-in command
    std::vector<std::string> env;   // "NAME=VALUE", the command's own variables, sorted
    // Commands whose argv stands in this one, valid as long as the catalog: their
    // plugins are held to the same checks before the wrapper runs.
    std::vector<const Command*> inner;
};

// `parameters` are those of an Admission of the same command and catalog.
Attempt<Invocation> build(const Catalog& catalog, const Command& command, const json::Object& parameters);

}  // namespace endpointd::catalog
