#pragma once
// The answer of /v1/objects taken apart while it arrives: each object is a line of its
// own, so that a hundred thousand of them are never in memory at once. Pure; one reader
// for one answer.

#include <string>
#include <string_view>
#include <vector>

namespace endpointd::ctl {

class ObjectLines {
public:
    // The texts of the objects that are complete with this piece.
    std::vector<std::string> take(std::string_view piece);
    // True once the end of the list was seen.
    bool whole() const noexcept { return whole_; }

private:
    std::string line_;
    bool whole_ = false;
};

}  // namespace endpointd::ctl
