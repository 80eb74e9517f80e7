#include "base/assert.hpp"

#include <cstdio>
#include <cstdlib>

namespace endpointd {

void assertion_failed(const char* expression, const char* file, int line) noexcept {
    std::fprintf(stderr, "endpointd: assertion failed: %s (%s:%d)\n", expression, file, line);
    std::abort();
}

}  // namespace endpointd
