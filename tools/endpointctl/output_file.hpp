#pragma once
// What a verb writes where `-o` says: whole or not at all. Blocking; keeps nothing.

#include <cstdint>
#include <string>

#include "context.hpp"

namespace endpointd::ctl {

enum class IfThere : std::uint8_t { refuse, replace };

// Readable by everybody, written by its owner. False: it could not be written, which was reported.
bool write_output(const Context& context, const std::string& path, const std::string& text, IfThere if_there);

}  // namespace endpointd::ctl
