#pragma once
// Two texts as a unified diff, line by line, as `diff -u` prints it. Either may be
// foreign: the work is bounded, and texts that differ in more than that are shown as one
// replaced by the other. Pure.

#include <cstddef>
#include <string>
#include <string_view>

namespace endpointd::ctl {

// Lines taken out or put in up to which the shortest way is looked for: its square is the memory, some 4 MB.
inline constexpr std::size_t kDiffEdits = 1000;

// Empty if the texts are equal. A label is one line.
std::string unified_diff(std::string_view before, std::string_view after, std::string_view before_label, std::string_view after_label);

}  // namespace endpointd::ctl
