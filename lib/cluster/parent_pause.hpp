#pragma once
// A parent's pause: attributes of a host or service that `pause` lets it switch off, and when
// they are on again by themselves. The one rule of who ends a pause and of who shows it. Pure; any thread.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/services.hpp"

namespace endpointd::cluster {

// The paths among `modified` (path to value) that are a pause of a host or service; empty: it is none.
std::vector<std::string> paused_attributes(std::string_view type, const json::Object& modified);

// When what `parent` switched off at `since` is on again, by the grants in `rules`; both in seconds since 1970. None: it
// has no end. Of several grants of `pause` that cover the object the longest counts.
std::optional<double> end_of_pause(const Rules& rules, const std::string& parent, std::string_view type, std::string_view name,
                                   double since);

}  // namespace endpointd::cluster
