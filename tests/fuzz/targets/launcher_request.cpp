// Invariant: any bytes are a request to the launcher or an error; a request has one form,
// so what was read encodes to the same bytes, and it keeps within its bounds.

#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <variant>

#include "exec/launcher.hpp"

using namespace endpointd;

namespace {

void check(bool holds) {
    if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const auto request = exec::decode_launcher_request(bytes);
    if (!request) return 0;
    check(exec::encode(*request) == bytes);
    if (const auto* settle = std::get_if<exec::Settle>(&*request)) {
        check(!settle->identities.empty() && settle->identities.size() <= exec::kIdentities);
        for (const exec::Identity& identity : settle->identities) check(identity.groups.size() <= exec::kGroups);
    }
    if (const auto* start = std::get_if<exec::StartSpawner>(&*request)) {
        check(start->profile.paths.size() <= exec::kPathRules);
        check(start->profile.filter.size() <= exec::kFilterBytes && start->profile.filter.size() % 8 == 0);
        for (const exec::PathRule& rule : start->profile.paths) {
            check(rule.path.size() <= exec::kPathBytes);
            check(rule.path.find('\0') == std::string::npos);  // it is used as a C string
        }
    }
    return 0;
}
