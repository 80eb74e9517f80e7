#pragma once
// The counters of `status` as Prometheus text (exposition format 0.0.4). Pure; any thread.

#include <string>

#include "json/value.hpp"

namespace endpointd::admin {

// `status` is the JSON shape of `status`; what is missing in it is left out.
std::string prometheus_text(const json::Value& status, bool healthy);

}  // namespace endpointd::admin
