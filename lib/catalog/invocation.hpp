#pragma once
// From a request's macros to the argv of a process, in two steps that the daemon
// does first and the runner does again: admit() judges each parameter by its
// rule, build() puts the admitted ones together as Icinga would (protocol, 6.5).
// Pure; any thread.

#include <string>
#include <vector>

#include <boost/system/result.hpp>

#include "base/assert.hpp"
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
};

// `macros` is the message's, or what a former admit() returned: admitting again
// changes nothing. Tuples are compared after the defaults are in.
Attempt<Admission> admit(const Command& command, const json::Object& macros);

struct Invocation {
    std::vector<std::string> argv;  // [0] is the path; empty for a built-in command
    std::vector<std::string> env;   // "NAME=VALUE", the command's own variables, sorted
};

// `parameters` are those of an Admission of the same command.
Attempt<Invocation> build(const Command& command, const json::Object& parameters);

}  // namespace endpointd::catalog
