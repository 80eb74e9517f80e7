#pragma once
// What one evaluation may cost, and what it has cost so far. Running out is an
// exception that no `except` of the configuration catches. Belongs to one evaluation.

#include <cstddef>
#include <cstdint>
#include <functional>

namespace endpointd::dsl {

// Steps between two looks at the clock: some 0.1 ms.
inline constexpr std::uint64_t kStepsBetweenLooks = 1024;
// Bytes of text that cost as much as a step.
inline constexpr std::size_t kBytesOfStep = 64;

struct Limits {
    std::uint64_t steps = 20'000'000;         // nodes evaluated, elements and 64 bytes of text handled (settings: limits.eval_steps)
    unsigned depth = 256;                     // evaluations within each other (limits.eval_depth); upstream has 300
    std::uint64_t bytes = 256 * 1024 * 1024;  // ever taken for values: nothing is given back before the end
    std::uint64_t objects = 100'000;          // objects made (limits.objects)
    std::function<bool()> out_of_time = {};   // asked now and then; empty: no limit. Must not throw
};

enum class Exhausted { steps, depth, bytes, objects, nodes, time };

// Which limit, in words for the audit: "more than 20000000 steps".
struct OutOfBudget {
    Exhausted what;
};

class Budget {
public:
    explicit Budget(Limits limits) : limits_(std::move(limits)) {}

    void step(std::uint64_t count = 1) {
        steps_ += count;
        if (steps_ >= next_look_) look();
    }
    // A text or list of this size was gone through.
    void handled(std::size_t bytes) { step(1 + bytes / kBytesOfStep); }
    // Before it is allocated: what is too much never is.
    void take(std::size_t bytes) {
        if (bytes > limits_.bytes - bytes_) throw OutOfBudget{Exhausted::bytes};
        bytes_ += bytes;
    }
    void object() {
        if (++objects_ > limits_.objects) throw OutOfBudget{Exhausted::objects};
    }

    const Limits& limits() const noexcept { return limits_; }
    std::uint64_t steps() const noexcept { return steps_; }
    std::uint64_t bytes() const noexcept { return bytes_; }

private:
    void look() {
        if (steps_ > limits_.steps) throw OutOfBudget{Exhausted::steps};
        if (limits_.out_of_time && limits_.out_of_time()) throw OutOfBudget{Exhausted::time};
        next_look_ = steps_ + kStepsBetweenLooks < limits_.steps ? steps_ + kStepsBetweenLooks : limits_.steps + 1;
    }

    Limits limits_;
    std::uint64_t steps_ = 0, next_look_ = kStepsBetweenLooks, bytes_ = 0, objects_ = 0;
};

}  // namespace endpointd::dsl
