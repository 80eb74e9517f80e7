#include "cluster/config_worker.hpp"

#include <malloc.h>

#include <csignal>
#include <exception>
#include <new>
#include <utility>

namespace endpointd::cluster {

namespace {

policy::Plan failed_plan(std::string why) {
    policy::Plan plan;
    plan.failed = true;
    policy::Rejection rejection;
    rejection.reason = policy::Reason::limit_exceeded;
    rejection.detail = std::move(why);
    plan.rejections.push_back(std::move(rejection));
    return plan;
}

}  // namespace

ConfigWorker::ConfigWorker(const Clock& clock, Post post, Done done) : clock_(clock), post_(std::move(post)), done_(std::move(done)) {}

ConfigWorker::~ConfigWorker() { stop(); }

Result<std::unique_ptr<ConfigWorker>> ConfigWorker::start(std::function<Evaluate()> make, const Clock& clock, Post post, Done done) {
    std::unique_ptr<ConfigWorker> worker(new ConfigWorker(clock, std::move(post), std::move(done)));
    worker->make_ = std::move(make);
    pthread_attr_t attributes;
    if (const int error = ::pthread_attr_init(&attributes); error != 0) return system_error("start the evaluation's thread", error);
    int error = ::pthread_attr_setstacksize(&attributes, kEvaluationStack);
    // Signals are the io_context's.
    sigset_t all, before;
    ::sigfillset(&all);
    if (error == 0) error = ::pthread_sigmask(SIG_SETMASK, &all, &before);
    if (error == 0) {
        pthread_t thread{};
        error = ::pthread_create(
            &thread, &attributes,
            [](void* self) -> void* {
                auto* that = static_cast<ConfigWorker*>(self);
                that->run(that->make_());
                return nullptr;
            },
            worker.get());
        ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
        if (error == 0) worker->thread_ = thread;
    }
    ::pthread_attr_destroy(&attributes);
    if (error != 0) return system_error("start the evaluation's thread", error);
    return worker;
}

void ConfigWorker::submit(EvaluationRequest request) {
    {
        const std::lock_guard lock(mutex_);
        if (stopping_) return;
        if (request.abandon_running && running_) running_->store(true);
        waiting_ = std::move(request);
    }
    wake_.notify_one();
}

void ConfigWorker::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        waiting_.reset();
        if (running_) running_->store(true);
    }
    wake_.notify_one();
    if (const auto thread = std::exchange(thread_, std::nullopt)) ::pthread_join(*thread, nullptr);
}

void ConfigWorker::run(const Evaluate& evaluate) {
    for (;;) {
        std::optional<EvaluationRequest> request;
        const auto abandoned = std::make_shared<std::atomic<bool>>(false);
        {
            std::unique_lock lock(mutex_);
            wake_.wait(lock, [&] { return stopping_ || waiting_; });
            if (stopping_) return;
            request = std::exchange(waiting_, std::nullopt);
            running_ = abandoned;
        }
        const SteadyTime began = clock_.steady();
        EvaluationResult result;
        result.number = request->number;
        result.plan = std::make_shared<const policy::Plan>(this->evaluate(evaluate, *request, abandoned));
        result.took = std::chrono::duration_cast<Duration>(clock_.steady() - began);
        // A hostile text takes hundreds of megabytes, all of them free by now; the daemon has no use for them.
        ::malloc_trim(0);
        {
            const std::lock_guard lock(mutex_);
            running_.reset();
        }
        // A half-done plan is nobody's.
        if (!abandoned->load()) post_([done = done_, result = std::move(result)] { done(result); });
    }
}

policy::Plan ConfigWorker::evaluate(const Evaluate& evaluate, EvaluationRequest& request,
                                    const std::shared_ptr<std::atomic<bool>>& abandoned) {
    request.limits.out_of_time = [this, abandoned, until = clock_.steady() + kEvaluationTime] {
        return abandoned->load(std::memory_order_relaxed) || clock_.steady() >= until;
    };
    try {
        return evaluate(request.wanted, request.world, request.limits);
    } catch (const std::bad_alloc&) {
        return failed_plan("the evaluation needs more memory than there is");
    } catch (const std::exception& error) {
        return failed_plan(std::string("the evaluation ended with an error: ") + error.what());
    }
}

}  // namespace endpointd::cluster
