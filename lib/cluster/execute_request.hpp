#pragma once
// One event::ExecuteCommand on its way through the CommandExecutor; shared by
// execute.cpp and execute_judge.cpp, and by nothing else.

#include "cluster/command_answer.hpp"
#include "cluster/execute.hpp"

namespace endpointd::cluster {

// A parent asks again this long after its command's timeout (protocol, 6.1).
inline constexpr std::chrono::seconds kParentPatience{30};

struct CommandExecutor::Request {
    Sender from;
    wire::ExecuteCommand command;
    std::string payload;
    std::optional<std::string> payload_sha256;  // of all of it, once it was cut
    std::shared_ptr<const Rules> rules;         // those it is judged by, whatever a reload brings
    CommandAnswer answer;
    SteadyTime keep_until{};                // how long the answer is kept for a parent that is away
    std::optional<SteadyTime> asked_again;  // a plain check: when the parent has asked again and this one is in the way
    std::optional<SteadyTime> deadline;     // with a source: when nobody waits for it any more
    const catalog::Command* entry = nullptr;
    json::Object parameters;
    std::vector<std::string> inner;  // further commands that the parameters name, each to be granted like the message's own
    std::string given;               // the parameters as the audit shows them; only where `recorded`
    policy::Verdict verdict{};
    std::optional<policy::GrantId> running_under;

    // Needs the verdict. What ran by any other capability than `execute` is on record.
    bool recorded() const noexcept { return verdict.capability != policy::Capability::execute; }
    // The message's, which is about checks only, as upstream (protocol, 6.1); 0: none.
    Duration check_timeout() const noexcept;
    std::string object() const { return command.service ? command.host + "!" + *command.service : command.host; }
};

}  // namespace endpointd::cluster
