#pragma once
// A parent's pause: attributes of a host or service that `pause` lets it switch off, and when
// they are on again by themselves. The one rule of who ends a pause and of who shows it. Pure; any thread.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/services.hpp"
#include "policy/plan.hpp"

namespace endpointd::cluster {

// What of a modification takes `pause` and is switched off, in whichever form a parent writes that; empty: it is no pause.
std::vector<std::string> switched_off(const policy::Modification& modification);

// When what `parent` switched off at `since` is on again, by the grants in `rules`; both in seconds since 1970. None: it
// has no end. Of several grants of `pause` that cover the object the longest counts.
std::optional<double> end_of_pause(const Rules& rules, const std::string& parent, std::string_view type, std::string_view name,
                                   double since);
// None as well: it is no pause.
std::optional<double> end_of_pause(const Rules& rules, const policy::Modification& modification);

}  // namespace endpointd::cluster
