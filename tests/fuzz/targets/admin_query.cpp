// A request's target, as anybody with the admin socket may send it. Invariants: what
// is taken apart is UTF-8 without NUL and within the bounds; encoding a decoded
// text and decoding it again changes nothing; no filter or parameter crashes.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "admin/audit_query.hpp"
#include "admin/moment.hpp"
#include "admin/parameters.hpp"
#include "base/units.hpp"

using namespace endpointd;

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const WallTime now = from_unix(1'700'000'000);
    if (const Result<WallTime> moment = admin::parse_moment(text, now)) {
        const Result<WallTime> again = admin::parse_moment(to_rfc3339(*moment), now);
        require(again && *again <= *moment && *moment - *again < std::chrono::milliseconds(1));
    }
    const Result<admin::Target> target = admin::parse_target(text);
    if (!target) return 0;
    require(target->query.size() <= admin::kQueryParameters);
    for (const auto& [name, value] : target->query) {
        require(is_utf8(name) && is_utf8(value) && value.find('\0') == std::string::npos);
        const Result<std::string> again = admin::percent_decoded(admin::percent_encoded(value), true);
        require(again && *again == value);
    }
    if (const Result<store::AuditFilter> filter = admin::audit_filter(target->query, now)) {
        require(filter->limit >= 1 && filter->limit <= store::kAuditListLimit);
    }
    (void)admin::parameters_of_query(target->query);
    return 0;
}
