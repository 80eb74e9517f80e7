#pragma once
// `audit show --diff`: what a record says was pushed, against what is in force under that
// name. Pure; what is in force is handed in.

#include <optional>
#include <string>

#include "json/value.hpp"

namespace endpointd::ctl {

// `record` as in `audit show`; `command` as in `catalog show`, `object` as in `objects show` with its text; null where
// nothing of that name is in force. None: nothing was kept of what was sent. Empty: no difference.
std::optional<std::string> diff_of(const json::Value& record, const json::Value& command, const json::Value& object);

}  // namespace endpointd::ctl
