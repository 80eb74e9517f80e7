#pragma once
// What an audit record says of a command: which one it is about, and the definition that
// was pushed, read as `catalog import` reads one. Everything in it is an attacker's until
// somebody has looked. Pure.

#include <optional>
#include <string>
#include <string_view>

#include "import_definitions.hpp"
#include "json/value.hpp"

namespace endpointd::ctl {

// CheckCommand, EventCommand or NotificationCommand.
bool is_command_type(std::string_view type) noexcept;

// The command of the catalog that the record of `audit show` is about: its object, the one
// that an event::ExecuteCommand names, or the check_command that a pushed host or service
// has as a literal. None: it is about no command, or about one that only an evaluation would tell.
std::optional<std::string> command_of(const json::Value& record);

// The definition of the record's object in what was pushed. None: the record is of no command's
// definition, or its text cannot be read by itself (cut, or the command is made by other code).
std::optional<Definition> pushed_definition(const json::Value& record);

// What runs, of a definition and of an entry of the catalog, as the same indented text: command, arguments, env, timeout.
std::string comparable_text(const Definition& definition);
std::string comparable_text(const json::Value& entry);

// The `params` of a message that is the record's content. Null: it is none.
json::Value message_parameters(const json::Value& record);

}  // namespace endpointd::ctl
