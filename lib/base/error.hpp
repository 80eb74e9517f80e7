#pragma once
// What went wrong when somebody else caused it: a closed set of codes that may
// go outward, and a text for our own log. The text may quote foreign bytes; the
// log escapes it, and nothing sends it to a peer.

#include <string>
#include <string_view>

namespace endpointd {

enum class Errc {
    malformed,      // bytes that do not follow their format
    too_large,      // a named limit was passed
    not_found,      // a file, command, record or object does not exist
    not_permitted,  // ownership, mode or capability says no
    invalid,        // well-formed, but the meaning is wrong
    unavailable,    // the other side is not there (any more)
    timed_out,      // it took longer than its deadline
    io,             // the operating system refused; the text holds why
};

std::string_view name_of(Errc code) noexcept;

struct Error {
    Errc code;
    std::string text;
};

// The text of errno `number` behind `what`: "open x: Permission denied".
Error system_error(std::string_view what, int number);

}  // namespace endpointd
