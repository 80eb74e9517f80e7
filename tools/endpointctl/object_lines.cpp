#include "object_lines.hpp"

namespace endpointd::ctl {

std::vector<std::string> ObjectLines::take(std::string_view piece) {
    std::vector<std::string> objects;
    for (;;) {
        const std::size_t end = piece.find('\n');
        line_ += piece.substr(0, end);
        if (end == std::string_view::npos) return objects;
        piece.remove_prefix(end + 1);
        if (line_.ends_with("]}") && (line_ == "]}" || line_ == "{\"objects\":[]}")) {
            whole_ = true;
        } else if (line_ != "{\"objects\":[") {
            if (line_.ends_with(',')) line_.pop_back();
            objects.push_back(std::move(line_));
        }
        line_.clear();
    }
}

}  // namespace endpointd::ctl
