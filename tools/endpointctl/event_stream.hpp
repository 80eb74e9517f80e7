#pragma once
// Server-sent events put together again from the pieces in which they arrive.
// Pure; bounded: an event larger than kEventBytes makes the reader fail.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace endpointd::ctl {

// A record is below 16 KiB; escaped as JSON a few times that.
inline constexpr std::size_t kEventBytes = 1024 * 1024;

struct Event {
    std::string name;  // "message" where none was given
    std::string data;
};

class EventReader {
public:
    // The events that `piece` made complete, in order.
    std::vector<Event> take(std::string_view piece);
    bool failed() const noexcept { return failed_; }

private:
    void take_line(std::string_view line, std::vector<Event>& complete);

    std::string rest_;  // of a line
    Event event_;
    bool failed_ = false;
};

}  // namespace endpointd::ctl
