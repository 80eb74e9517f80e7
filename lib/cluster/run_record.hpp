#pragma once
// What the audit says of a command that was run for a parent or an operator: of
// which kind, how it ended, how long it took and what it was given. Pure; any thread.

#include <string>
#include <string_view>

#include "catalog/command.hpp"
#include "exec/outcome.hpp"
#include "exec/run_request.hpp"
#include "json/value.hpp"
#include "wire/message.hpp"

namespace endpointd::cluster {

// Bytes of the parameters in a record's detail; the message itself is its content.
inline constexpr std::size_t kAuditedParameters = 512;

// "CheckCommand", "EventCommand", "NotificationCommand": `object_type` of a record.
std::string_view object_type_of(wire::CommandType type) noexcept;
// Of a command that no message asked for. Icinga has no type for actions: an event
// handler is what calls one.
std::string_view object_type_of(catalog::Kind kind) noexcept;

exec::RunKind run_kind(catalog::Kind kind) noexcept;

// Checks are counted, not recorded; a parent that asks for one by `action` still gets
// a record, since somebody meant this one run.
bool is_recorded(catalog::Kind kind) noexcept;

// `{"service":"nginx"}`, cut to kAuditedParameters.
std::string parameters_text(const json::Object& parameters);

// "action exited, exit status 0, after 0.012 s; parameters {...}".
std::string run_text(catalog::Kind kind, const exec::Outcome& outcome, std::string_view parameters);

}  // namespace endpointd::cluster
