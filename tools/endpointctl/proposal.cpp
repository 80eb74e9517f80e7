#include "proposal.hpp"

#include <algorithm>
#include <string_view>

#include "base/units.hpp"
#include "import_entry.hpp"
#include "pushed_command.hpp"
#include "render.hpp"

namespace endpointd::ctl {
namespace {

std::string shown(std::string_view foreign) { return "'" + escaped(foreign, 128) + "'"; }

std::string origin_of(const json::Value& record) {
    const json::Value& parent = member(record, "parent");
    return "audit record " + text_of(member(record, "id")) + (parent.is_null() ? "" : ", from " + escaped(text_of(parent), 128));
}

std::string_view kind_of(const json::Value& record) {
    const std::string type = text_of(member(record, "object_type"));
    return type == "EventCommand" ? "event" : type == "NotificationCommand" ? "notification" : "check";
}

bool is_plain_name(std::string_view name) noexcept {
    return !name.empty() && name.size() <= 64 && std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
    });
}

// Every value that the parent chose and that would count without anybody having typed it.
void note_defaults(const json::Object& entry, Proposal& made) {
    const json::Value* const parameters = entry.find("parameters");
    if (!parameters || !parameters->object()) return;
    for (const auto& [name, rule] : *parameters->object()) {
        if (const json::Value& value = member(rule, "default"); !value.is_null())
            made.notes.push_back("the default of parameter " + shown(name) +
                                 " is the parent's own choice: " + escaped(json::to_text(value), 256));
    }
}

// The names that came with a request, without rules: an entry with such parameters does not load.
json::Object parameters_of(const json::Value& record, Proposal& made) {
    json::Object parameters;
    std::size_t left_out = 0;
    const json::Value message = message_parameters(record);
    if (const json::Object* const macros = member(message, "macros").object()) {
        for (const auto& [name, value] : *macros) {
            if (is_plain_name(name) && parameters.size() < kProposedParameters) parameters.set(name, json::Object{{"review", true}});
            else ++left_out;
        }
    }
    if (!parameters.empty())
        made.notes.push_back("the parameters are those of the request: keep what the plugin needs, and write a rule for each");
    if (left_out != 0)
        made.notes.push_back(std::to_string(left_out) + " parameters of the request are left out: too many, or no plain names");
    return parameters;
}

json::Object skeleton(const json::Value& record, Proposal& made) {
    json::Object entry{{"kind", kind_of(record)},
                       {"description", "INCOMPLETE, from " + origin_of(record) + ": " + made.missing},
                       {"command", json::Array{}}};  // no catalog takes an empty one
    if (json::Object parameters = parameters_of(record, made); !parameters.empty()) entry.set("parameters", std::move(parameters));
    return entry;
}

}  // namespace

Proposal propose(const json::Value& record, const json::Value& entry) {
    Proposal made;
    const std::optional<std::string> name = command_of(record);
    if (!name) {
        made.none = is_command_type(text_of(member(record, "object_type"))) || member(record, "object_type").is_null()
                        ? "the record names no command"
                        : "the record is about no command: a " + escaped(text_of(member(record, "object_type")), 64) +
                              ", and no check_command stands in its text";
        return made;
    }
    const json::Value& decision = member(record, "decision");
    if (text_of(decision) != "rejected" && text_of(decision) != "denied") {
        made.none = "nothing was refused here: the record says " + escaped(text_of(decision), 32);
        return made;
    }
    if (!entry.is_null())
        made.notes.push_back("the catalog has a command " + shown(*name) + " already (" + escaped(text_of(member(entry, "source")), 256) +
                             "): a second one of that name does not load");
    json::Object proposed;
    if (const std::optional<Definition> definition = pushed_definition(record)) {
        ImportedEntry imported = entry_of(*definition);
        made.notes.insert(made.notes.end(), imported.notes.begin(), imported.notes.end());
        if (imported.refused.empty()) {
            proposed = std::move(imported.entry);
            proposed.set("description", "PROPOSED from " + origin_of(record) + ": nobody has reviewed it");
            made.notes.push_back("program, fixed words, environment and timeout are what the parent wrote: is that what you want to run?");
            note_defaults(proposed, made);
        } else {
            made.missing = "the pushed definition cannot become an entry: " + imported.refused;
        }
    } else {
        made.missing = "nothing says what " + shown(*name) + " runs: name the program, its arguments and a rule for each parameter";
    }
    if (!made.missing.empty()) proposed = skeleton(record, made);
    made.catalog = json::Object{{"commands", json::Object{{*name, std::move(proposed)}}}};
    return made;
}

}  // namespace endpointd::ctl
