#include "catalog/entry.hpp"

#include <algorithm>

#include "base/limits.hpp"
#include "catalog/confinement.hpp"
#include "catalog/entry_fields.hpp"
#include "catalog/macro.hpp"

namespace endpointd::catalog {

namespace {

// Bytes of a command's and a parameter's name: they stand in messages and logs.
constexpr std::size_t kNameLength = 128;

std::optional<Kind> kind_of(std::string_view text) {
    for (const Kind kind : {Kind::check, Kind::action, Kind::event, Kind::notification}) {
        if (name_of(kind) == text) return kind;
    }
    return std::nullopt;
}

class EntryReader : private EntryFields {
public:
    EntryReader(const json::Document& document, std::string_view name, const json::Object& entry, Patterns& patterns, Findings& findings)
        : EntryFields(document, entry, findings), patterns_(patterns), pointer_(json::pointer_to("/commands", name)) {
        command_.name = std::string(name);
        command_.entry = entry;
    }

    Command read(bool builtin) {
        command_.builtin = builtin;
        if (command_.name.empty() || command_.name.size() > kNameLength || !is_printable(command_.name)) {
            error(pointer_, "a command's name has from 1 to " + std::to_string(kNameLength) + " printable bytes", true);
        }
        if (const std::string* kind = text(entry_, "kind")) command_.kind = kind_of(*kind).value_or(Kind::check);
        if (const std::string* description = text(entry_, "description")) command_.description = *description;
        read_parameters();
        if (!builtin) read_command();
        read_arguments();
        read_env();
        read_tuples();
        read_confinement(document_, pointer_, entry_, command_, findings_);
        return std::move(command_);
    }

private:
    void read_parameters() {
        const json::Object* parameters = section("parameters");
        if (!parameters) return;
        const std::string pointer = json::pointer_to(pointer_, "parameters");
        if (parameters->size() > limits::kParameters) {
            error(pointer, "a command has at most " + std::to_string(limits::kParameters) + " parameters", true);
            return;
        }
        for (const auto& [name, written] : *parameters) {
            const std::string at = json::pointer_to(pointer, name);
            if (name.empty() || name.size() > kNameLength || name.find('$') != std::string::npos || !is_printable(name)) {
                error(at, "a parameter's name has from 1 to " + std::to_string(kNameLength) + " printable bytes and no '$'", true);
            } else if (written.object()) {
                command_.parameters.emplace(name, read_parameter(document_, at, name, *written.object(), patterns_, findings_));
            }
        }
        find_command_ref(pointer);
        warn_of_review();
    }

    void find_command_ref(const std::string& pointer) {
        for (const auto& [name, parameter] : command_.parameters) {
            if (!parameter.command_ref) continue;
            if (command_.command_ref) {
                error(json::pointer_to(pointer, name),
                      "'" + command_.name + "' already takes a command as '" + *command_.command_ref + "'; a command takes one at most",
                      true);
            } else {
                command_.command_ref = name;
            }
            if (parameter.rule.values.empty() && hands_down()) {
                error(json::pointer_to(pointer, name),
                      "what '" + command_.name +
                          "' runs would have its secrets or allow_setuid as well; list the commands that may with an \"enum\"",
                      true);
            }
        }
    }

    // What an inner command would get by running here, beyond its own entry.
    bool hands_down() const {
        const json::Object* secrets = section("secrets");
        return (secrets && !secrets->empty()) || flag(entry_, "allow_setuid", false);
    }

    void warn_of_review() {
        std::string names;
        std::size_t count = 0;
        for (const auto& [name, parameter] : command_.parameters) {
            if (!parameter.review) continue;
            names += (count++ == 0 ? "" : ", ") + name;
        }
        if (count == 0) return;
        findings_.warnings.push_back(document_.at(
            pointer_,
            std::to_string(count) + (count == 1 ? " rule of '" : " rules of '") + command_.name +
                (count == 1 ? "' was inferred by the import and awaits review: " : "' were inferred by the import and await review: ") +
                names,
            true));
    }

    // A text that may hold macros: each of them is a parameter, and an array stands alone.
    // `spliced`: a command line may stand in its place.
    void check_macros(const std::string& pointer, const std::string& written, bool spliced = false) {
        if (!is_printable(written)) error(pointer, "holds a control character");
        const Result<std::vector<std::string>> names = macro_names(written);
        if (!names) {
            error(pointer, names.error().text);
            return;
        }
        for (const std::string& name : *names) {
            const auto parameter = command_.parameters.find(name);
            if (parameter == command_.parameters.end()) {
                // A broken parameter was named already.
                const json::Object* parameters = section("parameters");
                if (parameters && parameters->find(name)) continue;
                error(pointer, "macro '$" + name + "$' of '" + command_.name + "' is no parameter; add it to \"parameters\"");
            } else if (parameter->second.command_ref && !(spliced && is_sole_macro(written))) {
                error(pointer, "macro '$" + name + "$' of '" + command_.name +
                                   "' stands for a whole command line: it has to be a word of \"command\", or all of the \"value\" of an "
                                   "argument with \"skip_key\"");
            } else if (parameter->second.array && !is_sole_macro(written)) {
                error(pointer, "macro '$" + name + "$' of '" + command_.name + "' is an array and cannot stand inside a longer text");
            }
        }
    }

    void check_macros(const std::string& pointer, const json::Value& written, bool spliced = false) {
        if (const std::string* single = written.string()) check_macros(pointer, *single, spliced);
        if (const json::Array* elements = written.array()) {
            for (std::size_t i = 0; i < elements->size(); ++i) check_macros(json::pointer_to(pointer, i), (*elements)[i]);
        }
    }

    void read_command() {
        const std::string pointer = json::pointer_to(pointer_, "command");
        const json::Value* words = entry_.find("command");
        if (!words || !words->array() || words->array()->empty()) return;
        for (std::size_t i = 0; i < words->array()->size(); ++i) {
            const std::string* word = (*words->array())[i].string();
            if (!word) continue;
            const std::string at = json::pointer_to(pointer, i);
            if (i > 0) {
                check_macros(at, *word, true);
            } else if (!is_plain_path(*word) || *word == "/" || word->find('$') != std::string::npos) {
                error(at, "a command starts with an absolute path without \"..\" and macros");
            }
            command_.command.push_back(*word);
        }
    }

    void read_arguments() {
        const json::Object* arguments = section("arguments");
        if (!arguments) return;
        const std::string pointer = json::pointer_to(pointer_, "arguments");
        for (const auto& [name, written] : *arguments) {
            const std::string at = json::pointer_to(pointer, name);
            Argument argument;
            argument.name = argument.key = name;
            if (const json::Object* attributes = written.object()) {
                read_attributes(at, *attributes, argument);
            } else {
                argument.value = written;
                check_macros(at, written);
            }
            if (!is_printable(argument.key)) error(at, "an argument's key holds a control character", true);
            command_.arguments.push_back(std::move(argument));
        }
        // By order, then by the dictionary's keys, which come sorted (protocol, 6.5).
        std::stable_sort(command_.arguments.begin(), command_.arguments.end(),
                         [](const Argument& left, const Argument& right) { return left.order < right.order; });
    }

    void read_attributes(const std::string& at, const json::Object& attributes, Argument& argument) {
        if (const std::string* key = text(attributes, "key")) argument.key = *key;
        if (const std::string* words = text(attributes, "description")) argument.description = *words;
        if (const std::string* separator = text(attributes, "separator")) argument.separator = *separator;
        argument.required = flag(attributes, "required", false);
        argument.skip_key = flag(attributes, "skip_key", false);
        argument.repeat_key = flag(attributes, "repeat_key", true);
        if (const json::Value* order = attributes.find("order"); order && order->number()) argument.order = *order->number();
        if (const json::Value* value = attributes.find("value")) {
            argument.value = *value;
            check_macros(json::pointer_to(at, "value"), *value, argument.skip_key);
        }
        if (const json::Value* condition = attributes.find("set_if")) {
            argument.set_if = *condition;
            check_macros(json::pointer_to(at, "set_if"), *condition);
        }
    }

    void read_env() {
        const json::Object* env = section("env");
        if (!env) return;
        const std::string pointer = json::pointer_to(pointer_, "env");
        for (const auto& [name, value] : *env) {
            const std::string at = json::pointer_to(pointer, name);
            if (!is_variable_name(name)) error(at, "an environment variable's name is letters, digits and '_'", true);
            if (!value.string()) continue;
            check_macros(at, *value.string());
            // The dynamic linker obeys these before the plugin's first instruction.
            if (name.starts_with("LD_") && value.string()->find('$') != std::string::npos) {
                error(at, "'" + name + "' decides which code the plugin loads and cannot hold a macro");
            }
            command_.env.emplace(name, *value.string());
        }
    }

    void read_tuples() {
        const json::Value* tuples = entry_.find("tuples");
        if (!tuples || !tuples->array()) return;
        const std::string pointer = json::pointer_to(pointer_, "tuples");
        for (std::size_t i = 0; i < tuples->array()->size(); ++i) {
            const json::Object* written = (*tuples->array())[i].object();
            if (written) command_.tuples.push_back(read_tuple(json::pointer_to(pointer, i), *written));
        }
    }

    json::Object read_tuple(const std::string& pointer, const json::Object& written) {
        json::Object tuple;
        for (const auto& [name, value] : written) {
            const std::string at = json::pointer_to(pointer, name);
            const auto parameter = command_.parameters.find(name);
            if (parameter == command_.parameters.end()) {
                error(at, "'" + name + "' of this tuple is no parameter; add it to \"parameters\"", true);
                continue;
            }
            Judged judged = judge(parameter->second, value);
            if (!judged) {
                error(at, "'" + name + "' of this tuple breaks its own rule: " + judged.error().rule);
                continue;
            }
            tuple.set(name, *std::move(judged));
        }
        for (const auto& [name, parameter] : command_.parameters) {
            if (parameter.default_value && !tuple.find(name)) tuple.set(name, *parameter.default_value);
        }
        return tuple;
    }

    Patterns& patterns_;
    std::string pointer_;
    Command command_;
};

}  // namespace

std::string_view name_of(Kind kind) noexcept {
    switch (kind) {
        case Kind::check:
            return "check";
        case Kind::action:
            return "action";
        case Kind::event:
            return "event";
        case Kind::notification:
            return "notification";
    }
    return "";
}

Command read_entry(const json::Document& document, std::string_view name, const json::Object& entry, bool builtin, Patterns& patterns,
                   Findings& findings) {
    return EntryReader(document, name, entry, patterns, findings).read(builtin);
}

}  // namespace endpointd::catalog
