#include "event_stream.hpp"

#include <utility>

namespace endpointd::ctl {

std::vector<Event> EventReader::take(std::string_view piece) {
    std::vector<Event> complete;
    while (!piece.empty() && !failed_) {
        const std::size_t end = piece.find('\n');
        if (rest_.size() + piece.substr(0, end).size() + event_.data.size() > kEventBytes) {
            failed_ = true;
            break;
        }
        rest_ += piece.substr(0, end);
        if (end == std::string_view::npos) break;
        piece.remove_prefix(end + 1);
        if (!rest_.empty() && rest_.back() == '\r') rest_.pop_back();
        take_line(std::exchange(rest_, {}), complete);
    }
    return complete;
}

void EventReader::take_line(std::string_view line, std::vector<Event>& complete) {
    if (line.empty()) {
        if (!event_.data.empty()) {
            if (event_.name.empty()) event_.name = "message";
            complete.push_back(std::move(event_));
        }
        event_ = {};
        return;
    }
    const std::size_t colon = line.find(':');
    if (colon == 0) return;  // a comment: the heartbeat
    const std::string_view field = line.substr(0, colon);
    std::string_view value = colon == std::string_view::npos ? std::string_view() : line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    if (field == "event") event_.name = value;
    if (field == "data") event_.data += (event_.data.empty() ? "" : "\n") + std::string(value);
}

}  // namespace endpointd::ctl
