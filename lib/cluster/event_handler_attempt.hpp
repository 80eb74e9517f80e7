#pragma once
// One event handler on its way through EventHandlers, from its turn to its record; shared by
// event_handlers.cpp and event_handlers_judge.cpp, and by nothing else.

#include "cluster/event_handlers.hpp"

namespace endpointd::cluster {

struct EventHandlers::Attempt {
    std::string name;
    WaitingHandler waiting;
    const policy::PlannedObject* planned = nullptr;  // of plan_, while it is judged
    std::string command;
    std::string author;  // a parent, or empty
    std::shared_ptr<const Rules> rules;
    const catalog::Command* entry = nullptr;  // of rules
    policy::Verdict verdict{};                // with an author
    json::Object values;                      // of its parameters, as they were found
    json::Object parameters;                  // as they were admitted
    std::optional<policy::GrantId> running_under;
};

}  // namespace endpointd::cluster
