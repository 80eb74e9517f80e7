// Invariant: whatever a plugin prints, the result has a state from 0 to 3, no
// text longer than the output and its notes, and each token of performance data
// holds a '='; nothing is read past the end.
//
// Input: one byte for how it ended, then the output.

#include <cstdint>
#include <string>

#include "base/assert.hpp"
#include "schedule/check_result.hpp"

using namespace endpointd;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    schedule::PluginRun run;
    run.exit_status = data[0] & 0x0f;
    run.timed_out = (data[0] & 0x10) != 0;
    run.signal = (data[0] & 0x20) != 0 ? data[0] & 0x0f : 0;
    run.output.assign(reinterpret_cast<const char*>(data) + 1, size - 1);
    const schedule::Checked result = schedule::checked(run);
    EP_ASSERT(result.state >= 0 && result.state <= 3);
    EP_ASSERT(result.state == 3 || result.state == result.exit_status);
    EP_ASSERT(result.output.size() <= run.output.size() + 128);
    for (const std::string& token : result.performance_data) EP_ASSERT(token.find('=') != std::string::npos);
    return 0;
}
