#pragma once
// The target of a request taken apart: path and query parameters, percent
// decoded, bounded. Written by whoever opened the socket, so it is foreign.
// Pure; any thread.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace endpointd::admin {

// Parameters of one request: as many as a command has, and the filters.
inline constexpr std::size_t kQueryParameters = 512;

using Query = std::vector<std::pair<std::string, std::string>>;

struct Target {
    std::string path;  // still encoded: a name may hold an encoded slash
    Query query;       // decoded, in the order of the request
};

// "/v1/audit?limit=5&name=a%20b". Malformed: no leading slash, a broken escape, NUL or text that is not UTF-8.
Result<Target> parse_target(std::string_view target);

// %XX undone; `plus_is_space` as in a query. Malformed: a broken escape, a NUL, not UTF-8.
Result<std::string> percent_decoded(std::string_view text, bool plus_is_space);

// Everything but RFC 3986's unreserved characters as %XX.
std::string percent_encoded(std::string_view text);

// The value of `name`; null if it is not there. Invalid if it is given twice, so
// that no filter is silently lost.
Result<std::optional<std::string>> unique_value(const Query& query, std::string_view name);

// Invalid if the query holds a name that is not in `known`: it names it and lists them.
Result<void> only_known(const Query& query, std::initializer_list<std::string_view> known);

}  // namespace endpointd::admin
