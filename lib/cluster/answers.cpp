#include "cluster/answers.hpp"

#include <iterator>

namespace endpointd::cluster {

void StoredAnswers::drop_expired(Queue& queue, SteadyTime now) {
    std::erase_if(queue.answers, [&](const StoredAnswer& answer) {
        if (answer.expires > now) return false;
        queue.bytes -= answer.payload.size();
        return true;
    });
}

bool StoredAnswers::keep(const std::string& endpoint, std::string payload, SteadyTime expires, SteadyTime now) {
    Queue& queue = queues_[endpoint];
    queue.bytes += payload.size();
    queue.answers.push_back({std::move(payload), expires});
    const auto full = [&] { return queue.answers.size() > limits::kStoredAnswers || queue.bytes > limits::kStoredAnswerBytes; };
    if (!full()) return true;
    drop_expired(queue, now);
    bool complete = true;
    while (full()) {
        queue.bytes -= queue.answers.front().payload.size();
        queue.answers.pop_front();
        complete = false;
    }
    return complete;
}

std::vector<StoredAnswer> StoredAnswers::take(const std::string& endpoint, SteadyTime now) {
    std::vector<StoredAnswer> taken;
    const auto found = queues_.find(endpoint);
    if (found == queues_.end()) return taken;
    drop_expired(found->second, now);
    taken.assign(std::make_move_iterator(found->second.answers.begin()), std::make_move_iterator(found->second.answers.end()));
    queues_.erase(found);
    return taken;
}

std::size_t StoredAnswers::waiting(const std::string& endpoint) const {
    const auto found = queues_.find(endpoint);
    return found == queues_.end() ? 0 : found->second.answers.size();
}

std::size_t StoredAnswers::waiting() const {
    std::size_t sum = 0;
    for (const auto& [endpoint, queue] : queues_) sum += queue.answers.size();
    return sum;
}

}  // namespace endpointd::cluster
