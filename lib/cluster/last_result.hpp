#pragma once
// The text of a check's last result, as far as it is kept here: in memory, and in the store over a restart,
// for `objects show` and for `$service.output$`. Parents get all of it, from the outbox. Values; any thread.

#include <optional>
#include <string>
#include <string_view>

#include "json/value.hpp"
#include "wire/check_result.hpp"

namespace endpointd::cluster {

// Bytes kept of the output, and of the performance data: most results are shorter, and there may be
// 50,000 of them in memory, each written whenever it changes.
inline constexpr std::size_t kKeptOutput = 1024;
inline constexpr std::size_t kKeptPerformanceData = 1024;

struct LastResult {
    std::string output;            // its beginning, whole characters
    std::string performance_data;  // the first tokens, as many as fit, each with a line's end behind it

    // True: it says something else than the one before.
    bool take(const wire::CheckResultBody& body);
    json::Array tokens() const;

    bool operator==(const LastResult&) const = default;
};

// As the store keeps it.
std::string text_of(const LastResult& result);
// None: it is damaged.
std::optional<LastResult> last_result_from(std::string_view text);

}  // namespace endpointd::cluster
