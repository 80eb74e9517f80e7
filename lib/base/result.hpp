#pragma once
// Result<T>: a value, or the Error that somebody else caused. Test it before
// use; reading the value of a failed Result is our own bug and aborts.

#include <boost/system/result.hpp>

#include "base/assert.hpp"
#include "base/error.hpp"

namespace endpointd {

template <class T>
using Result = boost::system::result<T, Error>;

// Found by argument-dependent lookup when value() is called on an error.
[[noreturn]] inline void throw_exception_from_error(const Error& error, const boost::source_location& where) {
    assertion_failed(error.text.c_str(), where.file_name(), static_cast<int>(where.line()));
}

inline Error fail(Errc code, std::string text) { return {code, std::move(text)}; }

}  // namespace endpointd
