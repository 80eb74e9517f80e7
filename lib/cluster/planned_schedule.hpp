#pragma once
// The objects of a plan as the scheduler wants them: what of their attributes counts for
// checks. Pure; any thread.

#include <string>
#include <string_view>

#include "policy/plan.hpp"
#include "schedule/scheduler.hpp"

namespace endpointd::cluster {

// Whose hosts and services this node checks: those of its own zone, and those in none.
schedule::Schedule schedule_of(const policy::Plan& plan, std::string_view local_zone);

// The bits of `states = [ OK, Warning ]`: numbers as the language's constants have them, or names.
unsigned state_bits(const json::Value* list) noexcept;

}  // namespace endpointd::cluster
