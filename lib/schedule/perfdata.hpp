#pragma once
// Performance data in the text of a plugin (protocol, 6.6). Pure; any thread.

#include <string>
#include <string_view>
#include <vector>

namespace endpointd::schedule {

struct SplitOutput {
    std::string text;
    std::string performance_data;
};

// Takes what stands behind a `|` (with a `=` after it) out of each line.
SplitOutput split_output(std::string_view output);

// The `label=value` tokens, with the prefix of `::` labels applied to those that
// follow. Values are taken as they are.
std::vector<std::string> split_performance_data(std::string_view text);

}  // namespace endpointd::schedule
