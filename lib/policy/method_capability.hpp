#pragma once
// The one table that names all methods of the protocol (5.2) with the capability
// each needs. A method that is not in it is denied. Immutable; any thread.

#include <optional>
#include <span>
#include <string_view>

#include "catalog/command.hpp"
#include "policy/capability.hpp"

namespace endpointd::policy {

enum class Need {
    nothing,     // part of the conversation itself
    capability,  // the one in the row
    by_content,  // see the function named in the row's comment
    never,       // cannot be granted to a parent
};

struct MethodRule {
    std::string_view method;
    Need need;
    std::optional<Capability> capability;  // only with Need::capability
};

std::span<const MethodRule> method_rules() noexcept;          // sorted by name
const MethodRule* rule_of(std::string_view method) noexcept;  // null: not a method of the protocol

// event::ExecuteCommand: what the message is, as its `command_type` says.
enum class CommandType { check, event, notification };

struct ExecuteRule {
    Capability capability;  // that the sender needs
    bool runs = false;      // false: for such a message the command is not there (unknown-command)
};

// The one table of who may have which kind of command run: by the message's type,
// whether it has a `source` (the execute-command action of the parent's API), and the
// kind that the catalog has the command as (none: it is not in the catalog).
ExecuteRule rule_of_execute(CommandType type, bool has_source, std::optional<catalog::Kind> kind) noexcept;

// True if some message that needs `capability` runs a command of this kind.
bool can_run(Capability capability, catalog::Kind kind) noexcept;

// config::Update: every connection starts with one; only one that brings files (or a
// zone, which an empty list would clear) needs Capability::config.
bool update_needs_config(bool brings_something) noexcept;

// config::UpdateObject that creates an object of `type`, and config::DeleteObject.
// None: never granted, whatever is listed.
std::optional<Capability> capability_of_object(std::string_view type) noexcept;

// config::UpdateObject that changes one attribute of an object that exists: each
// attribute of a message is judged alone. None: never granted.
std::optional<Capability> capability_of_attribute(std::string_view type, std::string_view attribute) noexcept;

// event::SetRemovalInfo, by its `object_type`. None: not a type that has removals.
std::optional<Capability> capability_of_removal(std::string_view object_type) noexcept;

// Types whose objects decide what is executed, who may connect or where data goes.
bool is_never_granted(std::string_view type) noexcept;

}  // namespace endpointd::policy
