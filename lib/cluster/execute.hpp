#pragma once
// event::ExecuteCommand from request to answer: who may ask, for which command,
// with which parameters, how often and how many at once; then the runner or a
// built-in command; then the answer, or the refusal, with its audit record. Owned
// by the dispatcher, io_context's thread only.

#include <deque>
#include <map>
#include <memory>
#include <string>

#include "cluster/services.hpp"
#include "cluster/taken_executions.hpp"
#include "policy/method_capability.hpp"
#include "wire/message.hpp"

namespace endpointd::cluster {

class CommandExecutor {
public:
    // `services` must outlive the executor and every command it has under way.
    explicit CommandExecutor(Services& services);

    void configure(std::shared_ptr<const Rules> rules);
    void execute(const Sender& from, wire::ExecuteCommand command, std::string payload);

    // A run under this grant has ended, whoever's it was.
    void place_free(const policy::GrantId& grant);

    // Requests that wait because their parent has max_concurrent under way.
    std::size_t waiting() const noexcept { return waiting_; }

private:
    struct Request;
    using RequestPtr = std::shared_ptr<Request>;

    // The judgement, in this order; each false has told and recorded why (execute_judge.cpp).
    bool addressed_to_us(const RequestPtr& request);
    bool granted(const RequestPtr& request);
    bool inner_granted(const RequestPtr& request);
    bool in_catalog(const RequestPtr& request);
    bool parameters_admitted(const RequestPtr& request);
    bool recordable(const RequestPtr& request);
    bool first_time(const RequestPtr& request);
    bool within_rate(const RequestPtr& request);
    // What a request needs to have the command `name` run; the same for one that a
    // parameter names as for the message's own.
    policy::ExecuteRule rule_for(const Request& request, const std::string& name) const;
    // Whether the sender was granted the command `name` for the message's object;
    // denied, it was counted and refused.
    std::optional<policy::Verdict> granted_command(const RequestPtr& request, const std::string& name);

    void start_or_wait(const RequestPtr& request);
    void start(const RequestPtr& request);
    void finished(const RequestPtr& request, exec::Outcome outcome);
    void ended_with_us(const RequestPtr& request, const exec::Outcome& outcome);
    bool still_wanted(const RequestPtr& request);

    // Records the refusal and, once it has a number, answers with `text` and the number.
    void refuse(const RequestPtr& request, store::Reason reason, std::string text, std::string detail, std::string parameter = {});
    void tell(const RequestPtr& request, store::AuditEntry entry, std::string text);
    void drop_stale(const RequestPtr& request, std::string_view why);
    void answer(const RequestPtr& request, std::string payload);
    store::AuditEntry entry_for(const Request& request, std::string_view detail) const;
    store::AuditEntry executed_entry(const Request& request, const exec::Outcome& outcome) const;

    Services& services_;
    std::shared_ptr<const Rules> rules_;
    std::map<policy::GrantId, std::deque<RequestPtr>> queues_;
    std::size_t waiting_ = 0;
    TakenExecutions taken_;
};

}  // namespace endpointd::cluster
