#pragma once
// What this node tells its parents of its objects: one of the protocol's state
// messages, which host or service it is about, and what of it a grant leaves out.
// Values and pure functions; any thread.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "policy/subject.hpp"
#include "wire/encode.hpp"
#include "wire/message.hpp"

namespace endpointd::cluster {

using StateEvent =
    std::variant<wire::CheckResult, wire::SetNextCheck, wire::SetLastCheckStarted, wire::SetForceNextCheck, wire::SetAcknowledgement,
                 wire::ClearAcknowledgement, wire::SetRemovalInfo, wire::ConfigUpdateObject, wire::ConfigDeleteObject>;

struct StateMessage {
    StateEvent event;
    std::string zone;  // of the object it is about; empty: our own zone
};

// None: about no host or service, so that no `results` grant can cover it.
std::optional<policy::Checkable> subject_of(const StateEvent& event);
wire::Method method_of(const StateEvent& event) noexcept;

std::string encode(const StateEvent& event, wire::Relayed relayed);
// The opposite; none: `payload` is none of these messages.
std::optional<StateEvent> decode_state(std::string_view payload);

// Takes `fields` ("command", "vars", "performance_data", "output") out. The result is
// still one: every key that a receiver looks for stays (protocol, 5.4). The text of an
// object may hold command lines and custom variables anywhere: it goes as a whole,
// except that of a downtime or comment, which has neither.
void redact(StateEvent& event, std::span<const std::string> fields);

}  // namespace endpointd::cluster
