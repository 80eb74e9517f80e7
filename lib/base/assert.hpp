#pragma once
// Checks for our own bugs, on in every build. What a peer, a file, a plugin or
// a user can cause is never asserted: that is a Result. A failed assertion
// aborts, because a process that has lost an invariant must not go on deciding
// who may execute what.

namespace endpointd {

[[noreturn]] void assertion_failed(const char* expression, const char* file, int line) noexcept;

}  // namespace endpointd

#define EP_ASSERT(expression) \
    ((expression) ? static_cast<void>(0) : ::endpointd::assertion_failed(#expression, __FILE__, __LINE__))
