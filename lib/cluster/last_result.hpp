#pragma once
// The text of a check's last result, as far as it is kept here: in memory, and in the store over a restart,
// for `objects show` and for `$service.output$`. Parents get all of it, from the outbox. Values; any thread.

#include <cstdint>
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

class LastResult {
public:
    // None: it is damaged. The other way round: text_of().
    static std::optional<LastResult> from_text(std::string_view text);

    // True: it says something else than the one before.
    bool take(const wire::CheckResultBody& body);

    // Its beginning, whole characters. Valid until the next take().
    std::string_view output() const noexcept { return std::string_view(text_).substr(0, output_size_); }
    // The first tokens of the performance data, as many as fit.
    json::Array tokens() const;

    bool operator==(const LastResult&) const = default;

private:
    std::string_view token_lines() const noexcept { return std::string_view(text_).substr(output_size_); }

    std::string text_;  // the output, then the tokens, each with a line's end behind it: one piece of memory and no more
    std::uint16_t output_size_ = 0;
    static_assert(kKeptOutput <= UINT16_MAX);
};

// As the store keeps it.
std::string text_of(const LastResult& result);

}  // namespace endpointd::cluster
