// DateTime: a given time as a value. Now and the parts of a day are the host's
// clock and time zone, and stay out of reach.

#include "dsl/natives.hpp"
#include "dsl/natives_impl.hpp"

namespace endpointd::dsl {

namespace {

constexpr Builtin kDateTime[] = {{"format", 1, nullptr, 1}};

}  // namespace

std::span<const Builtin> date_time_methods() noexcept { return kDateTime; }

}  // namespace endpointd::dsl
