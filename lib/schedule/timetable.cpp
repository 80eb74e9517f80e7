#include "schedule/timetable.hpp"

namespace endpointd::schedule {

void Timetable::place(std::size_t at, Entry entry) noexcept {
    heap_[at] = entry;
    places_[entry.id] = static_cast<std::uint32_t>(at);
}

void Timetable::rise(std::size_t at) noexcept {
    const Entry entry = heap_[at];
    while (at > 0) {
        const std::size_t above = (at - 1) / 2;
        if (heap_[above].due <= entry.due) break;
        place(at, heap_[above]);
        at = above;
    }
    place(at, entry);
}

void Timetable::sink(std::size_t at) noexcept {
    const Entry entry = heap_[at];
    for (;;) {
        std::size_t below = 2 * at + 1;
        if (below >= heap_.size()) break;
        if (below + 1 < heap_.size() && heap_[below + 1].due < heap_[below].due) ++below;
        if (heap_[below].due >= entry.due) break;
        place(at, heap_[below]);
        at = below;
    }
    place(at, entry);
}

void Timetable::set(Id id, double due) {
    if (id >= places_.size()) places_.resize(id + std::size_t{1}, kNowhere);
    if (places_[id] == kNowhere) {
        heap_.push_back({due, id});
        places_[id] = static_cast<std::uint32_t>(heap_.size() - 1);
        return rise(heap_.size() - 1);
    }
    const std::size_t at = places_[id];
    const bool earlier = due < heap_[at].due;
    heap_[at].due = due;
    if (earlier) rise(at);
    else sink(at);
}

void Timetable::remove_at(std::size_t at) noexcept {
    places_[heap_[at].id] = kNowhere;
    const Entry last = heap_.back();
    heap_.pop_back();
    if (at == heap_.size()) return;
    place(at, last);
    rise(at);
    sink(places_[last.id]);
}

void Timetable::remove(Id id) noexcept {
    if (contains(id)) remove_at(places_[id]);
}

std::optional<double> Timetable::due(Id id) const noexcept {
    if (!contains(id)) return std::nullopt;
    return heap_[places_[id]].due;
}

std::optional<double> Timetable::next() const noexcept {
    if (heap_.empty()) return std::nullopt;
    return heap_.front().due;
}

std::optional<Timetable::Id> Timetable::take(double now) noexcept {
    if (heap_.empty() || heap_.front().due > now) return std::nullopt;
    const Id id = heap_.front().id;
    remove_at(0);
    return id;
}

}  // namespace endpointd::schedule
