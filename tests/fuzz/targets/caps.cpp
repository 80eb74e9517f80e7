// Capabilities from any bytes: no crash, grants or an error but never neither, and
// nobody who is not named in the file is allowed anything.

#include <cstdint>

#include "base/assert.hpp"
#include "policy/caps.hpp"
#include "policy/usage.hpp"
#include "policy/views.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace endpointd;
    const std::string text(reinterpret_cast<const char*>(data), size);
    Findings findings;
    const std::optional<policy::Grants> grants =
        policy::load_caps({{"caps.d/10.json", "10.json", text}}, {nullptr, std::vector<std::string>{"disk"}}, findings);
    EP_ASSERT(grants.has_value() == findings.ok());
    if (!grants) return 0;

    policy::Usage usage;
    usage.configure(*grants);
    for (const policy::Capability capability : policy::kCapabilities) {
        const policy::Request request{capability, "web1", "disk", "disk"};
        EP_ASSERT(!grants->decide("nobody-of-this-name", "nowhere-of-this-name", request).allowed);
        for (const policy::Entry& entry : grants->entries()) {
            const auto admitted = usage.admit(grants->decide(entry.name, entry.name, request), SteadyTime());
            EP_ASSERT(!admitted.verdict.allowed || policy::is_available(capability));
        }
    }
    (void)json::to_text(policy::caps_show(*grants, usage));
    return 0;
}
