#pragma once
// The thread that evaluates configuration: seconds long when the text is hostile, so
// that nobody else waits for it. Of what is asked for while it works only the newest
// waits. Owned by the daemon; started once the process is confined. Its functions are
// called on the io_context's thread; plans come back there through `post`.

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include <pthread.h>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "policy/filter.hpp"
#include "policy/plan.hpp"

namespace endpointd::cluster {

// What one evaluation may take: 10,000 services take half a second, and a parent waits
// for his update as long as a stock node waits for its validation.
inline constexpr std::chrono::seconds kEvaluationTime{60};
// The evaluator is recursive, and its depth is counted (limits.eval_depth, at most 1024;
// the parser's own is below that). One level takes some 2 KiB optimised and 20 KiB with
// sanitizers; of the stack only what is touched is memory.
inline constexpr std::size_t kEvaluationStack = 64 * 1024 * 1024;

struct EvaluationRequest {
    std::uint64_t number = 0;
    policy::Wanted wanted;
    policy::World world;
    dsl::Limits limits;            // out_of_time is the worker's own
    bool abandon_running = false;  // what is being evaluated is of no use any more
};

struct EvaluationResult {
    std::uint64_t number = 0;  // of its request
    std::shared_ptr<const policy::Plan> plan;
    Duration took{};
};

class ConfigWorker {
public:
    // What makes plans; made and used by the thread alone.
    using Evaluate = std::function<policy::Plan(const policy::Wanted&, const policy::World&, const dsl::Limits&)>;
    using Post = std::function<void(std::function<void()>)>;
    using Done = std::function<void(EvaluationResult)>;

    // `clock` must outlive it; `post` and `done` are used until stop() returns (what was posted may run later).
    static Result<std::unique_ptr<ConfigWorker>> start(std::function<Evaluate()> make, const Clock& clock, Post post, Done done);
    ~ConfigWorker();
    ConfigWorker(const ConfigWorker&) = delete;
    ConfigWorker& operator=(const ConfigWorker&) = delete;

    // Every request is answered, but for those that a newer one replaced or abandoned.
    void submit(EvaluationRequest request);

    // Ends what is being evaluated within the budget's next look at the clock, and joins.
    void stop();

private:
    ConfigWorker(const Clock& clock, Post post, Done done);
    void run(const Evaluate& evaluate);
    policy::Plan evaluate(const Evaluate& evaluate, EvaluationRequest& request, const std::shared_ptr<std::atomic<bool>>& abandoned);

    const Clock& clock_;
    const Post post_;
    const Done done_;
    std::function<Evaluate()> make_;

    std::mutex mutex_;
    std::condition_variable wake_;
    std::optional<EvaluationRequest> waiting_;
    std::shared_ptr<std::atomic<bool>> running_;  // set: the evaluation under way is abandoned. Null: none is
    bool stopping_ = false;

    std::optional<pthread_t> thread_;
};

}  // namespace endpointd::cluster
