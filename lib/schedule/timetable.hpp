#pragma once
// When each of many things is due: the next one is found at once, and each can be moved
// or taken out by its number. Memory is for as many as there ever were at a time. Owned by
// who schedules; one thread; times are seconds of one clock that never jumps.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace endpointd::schedule {

class Timetable {
public:
    using Id = std::uint32_t;  // small numbers: they are places of a table

    void set(Id id, double due);  // moved if it is there
    void remove(Id id) noexcept;  // nothing if it is not there
    bool contains(Id id) const noexcept { return id < places_.size() && places_[id] != kNowhere; }
    std::optional<double> due(Id id) const noexcept;

    // The earliest; of several at the same time any.
    std::optional<double> next() const noexcept;
    // The earliest one if it is due at `now`, taken out.
    std::optional<Id> take(double now) noexcept;

    std::size_t size() const noexcept { return heap_.size(); }

private:
    struct Entry {
        double due;
        Id id;
    };
    static constexpr std::uint32_t kNowhere = UINT32_MAX;

    void place(std::size_t at, Entry entry) noexcept;
    void rise(std::size_t at) noexcept;
    void sink(std::size_t at) noexcept;
    void remove_at(std::size_t at) noexcept;

    std::vector<Entry> heap_;
    std::vector<std::uint32_t> places_;  // of each id in the heap
};

}  // namespace endpointd::schedule
