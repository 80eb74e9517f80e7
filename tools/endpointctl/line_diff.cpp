#include "line_diff.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace endpointd::ctl {
namespace {

constexpr std::size_t kContext = 3;  // equal lines around a change, as diff -u

using Lines = std::vector<std::string_view>;

Lines lines_of(std::string_view text) {
    Lines lines;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        lines.push_back(text.substr(0, end));
        if (end == std::string_view::npos) break;
        text.remove_prefix(end + 1);
    }
    return lines;
}

enum class Edit : char { keep = ' ', remove = '-', add = '+' };

// Myers' greedy algorithm: the furthest points on each diagonal, kept for every number of edits to walk back by.
// Empty: more than kDiffEdits edits.
std::vector<Edit> shortest(const Lines& a, const Lines& b) {
    const auto n = static_cast<std::ptrdiff_t>(a.size()), m = static_cast<std::ptrdiff_t>(b.size());
    const std::ptrdiff_t most = std::min<std::ptrdiff_t>(n + m, kDiffEdits);
    std::vector<std::int32_t> furthest(static_cast<std::size_t>(2 * most + 3), 0);
    const auto at = [&](std::ptrdiff_t diagonal) { return static_cast<std::size_t>(diagonal + most + 1); };
    std::vector<std::vector<std::int32_t>> steps;
    const auto down = [&](std::ptrdiff_t d, std::ptrdiff_t k, const auto& value) {
        return k == -d || (k != d && value(k - 1) < value(k + 1));
    };
    std::ptrdiff_t found = -1;
    for (std::ptrdiff_t d = 0; d <= most && found < 0; ++d) {
        const auto value = [&](std::ptrdiff_t k) { return furthest[at(k)]; };
        // What the next walk back needs: diagonals -d..d of the step before.
        steps.emplace_back(furthest.begin() + static_cast<std::ptrdiff_t>(at(-d)),
                           furthest.begin() + static_cast<std::ptrdiff_t>(at(d)) + 1);
        for (std::ptrdiff_t k = -d; k <= d; k += 2) {
            std::ptrdiff_t x = down(d, k, value) ? value(k + 1) : value(k - 1) + 1;
            while (x < n && x - k < m && a[static_cast<std::size_t>(x)] == b[static_cast<std::size_t>(x - k)]) ++x;
            furthest[at(k)] = static_cast<std::int32_t>(x);
            if (x >= n && x - k >= m) {
                found = d;
                break;
            }
        }
    }
    if (found < 0) return {};
    std::vector<Edit> edits;
    std::ptrdiff_t x = n, y = m;
    for (std::ptrdiff_t d = found; d > 0; --d) {
        const std::vector<std::int32_t>& before = steps[static_cast<std::size_t>(d)];
        const auto value = [&](std::ptrdiff_t k) { return before[static_cast<std::size_t>(k + d)]; };
        const std::ptrdiff_t k = x - y;
        const bool added = down(d, k, value);
        const std::ptrdiff_t from = added ? k + 1 : k - 1;
        const std::ptrdiff_t old_x = value(from), old_y = old_x - from;
        for (; x > old_x && y > old_y; --x, --y) edits.push_back(Edit::keep);
        edits.push_back(added ? Edit::add : Edit::remove);
        x = old_x;
        y = old_y;
    }
    for (; x > 0; --x) edits.push_back(Edit::keep);
    std::ranges::reverse(edits);
    return edits;
}

std::vector<Edit> edits_of(const Lines& a, const Lines& b) {
    std::vector<Edit> edits = shortest(a, b);
    if (edits.empty() && a.size() + b.size() != 0) {
        edits.assign(a.size(), Edit::remove);
        edits.insert(edits.end(), b.size(), Edit::add);
    }
    return edits;
}

// "12,3" as diff -u writes it: an empty side names the line before it.
std::string range(std::size_t start, std::size_t count) {
    return std::to_string(count == 0 ? start : start + 1) + (count == 1 ? "" : "," + std::to_string(count));
}

}  // namespace

std::string unified_diff(std::string_view before, std::string_view after, std::string_view before_label, std::string_view after_label) {
    const Lines a = lines_of(before), b = lines_of(after);
    if (a == b) return {};
    const std::vector<Edit> edits = edits_of(a, b);
    std::string text = "--- " + std::string(before_label) + "\n+++ " + std::string(after_label) + "\n";
    std::size_t i = 0, x = 0, y = 0;
    while (i < edits.size()) {
        if (edits[i] == Edit::keep) {
            ++i, ++x, ++y;
            continue;
        }
        // A hunk: from kContext lines before this change to the end of the last change that is no further than twice that.
        std::size_t end = i + 1;
        for (std::size_t next = end, kept = 0; next < edits.size() && kept <= 2 * kContext; ++next) {
            kept = edits[next] == Edit::keep ? kept + 1 : 0;
            if (kept == 0) end = next + 1;
        }
        const std::size_t lead = std::min({kContext, x, y}), tail = std::min(kContext, edits.size() - end);
        std::size_t start_x = x - lead, start_y = y - lead, left = 0, right = 0;
        std::string body;
        x = start_x, y = start_y;
        for (i -= lead; i < end + tail; ++i) {
            const bool added = edits[i] == Edit::add;
            body += static_cast<char>(edits[i]);
            body += added ? b[y] : a[x];
            body += '\n';
            if (!added) ++x, ++left;
            if (edits[i] != Edit::remove) ++y, ++right;
        }
        text += "@@ -" + range(start_x, left) + " +" + range(start_y, right) + " @@\n" + body;
    }
    return text;
}

}  // namespace endpointd::ctl
