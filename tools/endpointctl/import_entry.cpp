#include "import_entry.hpp"

#include <algorithm>
#include <optional>

#include "base/units.hpp"
#include "catalog/catalog.hpp"
#include "catalog/macro.hpp"
#include "import_rule.hpp"

namespace endpointd::ctl {

namespace {

using Kind = Imported::Kind;

// They run what their arguments say. In the catalog they are wrappers, whose inner command is a command-ref.
constexpr std::string_view kWrappers[] = {"negate",  "check_by_ssh", "check_multi", "sudo",   "su",      "doas",  "runuser",
                                          "setpriv", "env",          "nice",        "ionice", "timeout", "xargs", "nohup",
                                          "ssh",     "sh",           "bash",        "dash",   "zsh",     "ksh",   "busybox",
                                          "chroot",  "unshare",      "nsenter",     "setsid", "strace"};
// Scripts are started by their own path; with the interpreter in front an argument could be a program.
constexpr std::string_view kInterpreters[] = {"perl", "python", "python3", "ruby", "php", "node", "lua", "java", "awk"};

std::string lower(std::string text) {
    for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return text;
}

std::string shown(const std::string& foreign) { return "'" + escaped(foreign, 128) + "'"; }

// The first reason to refuse stands.
class EntryMaker {
public:
    explicit EntryMaker(const Definition& definition) : definition_(definition) {}

    ImportedEntry make() {
        if (!definition_.broken.empty()) refuse(definition_.broken);
        if (!definition_.internal.empty()) {
            refuse("its work is done inside Icinga (" + definition_.internal +
                   "), there is no plugin; dummy, icinga, cluster and cluster-zone are built in here");
        }
        check_attributes();
        read_command();
        read_arguments();
        read_env();
        if (made_.refused.empty()) finish();
        if (made_.refused.empty()) judge();
        if (!made_.refused.empty()) made_.entry = {};
        return std::move(made_);
    }

private:
    void refuse(std::string why) {
        if (made_.refused.empty()) made_.refused = std::move(why);
    }
    void note(std::string text) { made_.notes.push_back(std::move(text)); }

    const Imported* attribute(std::string_view name) const { return definition_.attributes.find(name); }

    void check_attributes() {
        for (const auto& [name, value] : definition_.attributes.entries) {
            if (name == "execute") refuse("'execute' is done inside Icinga");
            if (name == "command" || name == "arguments" || name == "env" || name == "vars" || name == "timeout" || name == "zone")
                continue;
            note("attribute " + shown(name) + " has no meaning here");
        }
        const Imported* timeout = attribute("timeout");
        if (!timeout || timeout->is(Kind::null)) return;
        if (!timeout->is(Kind::number)) return refuse("its timeout " + (timeout->is(Kind::opaque) ? timeout->text : "is no number"));
        entry_.set("timeout", timeout->number);
    }

    // A text of the definition with its macros noted.
    std::optional<std::string> words_of(const Imported& value, const std::string& what) {
        if (value.is(Kind::string)) return value.text;
        if (value.is(Kind::number)) return number_text(value.number);
        if (value.is(Kind::boolean)) return value.boolean ? "true" : "false";
        refuse(what + " " + (value.is(Kind::opaque) ? value.text : "is no text"));
        return std::nullopt;
    }

    struct Place {
        std::string description;
        bool condition = false;
        bool array = false;    // of an argument that repeats
        bool in_list = false;  // one of several values: no list of its own
    };

    void use_macros(const std::string& text, const Place& place, const std::string& what) {
        const Result<std::vector<std::string>> names = catalog::macro_names(text);
        if (!names) return refuse(what + " holds " + names.error().text);
        for (const std::string& name : *names) {
            MacroUse& use = uses_[name];
            use.name = lower(name);
            use.words += ' ' + lower(place.description);
            if (!place.condition) use.only_condition = false;
            if (!place.condition && (!catalog::is_sole_macro(text) || place.in_list)) use.alone = false;
            use.many = use.many || place.array;
        }
    }

    void read_command() {
        const Imported* command = attribute("command");
        if (!command) return refuse("it has no command line");
        std::vector<Imported> words;
        if (command->is(Kind::array)) {
            words = command->items;
        } else if (command->is(Kind::string)) {
            // Without arguments Icinga hands such a text to a shell.
            if (!attribute("arguments") && command->text.find_first_of(" \t$&|;<>()`\\\"'*?[]#~=%{}") != std::string::npos)
                return refuse("its command is a line for a shell; make it a list of words");
            words.push_back(*command);
        } else {
            return refuse("its command " + (command->is(Kind::opaque) ? command->text : "is no text and no list"));
        }
        json::Array argv;
        for (std::size_t i = 0; i < words.size(); ++i) {
            const std::string what = i == 0 ? "its program" : "word " + std::to_string(i) + " of its command";
            const std::optional<std::string> word = words_of(words[i], what);
            if (!word) return;
            if (i == 0) check_program(*word);
            else use_macros(*word, {i > 1 ? lower(argv.back().string() ? *argv.back().string() : "") : "", false, false, true}, what);
            argv.emplace_back(*word);
        }
        if (argv.empty()) return refuse("its command is empty");
        entry_.set("command", std::move(argv));
    }

    void check_program(const std::string& path) {
        if (path.find('$') != std::string::npos) return refuse("its program is chosen by a macro");
        const std::string program = path.substr(path.find_last_of("/\\") + 1);
        if (path.find('\\') != std::string::npos || lower(program).ends_with(".exe")) return refuse("it is a program of Windows");
        if (std::ranges::find(kWrappers, program) != std::end(kWrappers)) {
            return refuse("it is a wrapper: " + program +
                          " runs what its arguments say; write the entry by hand with a parameter of type \"command-ref\"");
        }
        if (std::ranges::find(kInterpreters, program) != std::end(kInterpreters))
            return refuse("its program is the interpreter " + program + "; name the script itself");
        if (!path.starts_with('/')) return refuse("its program " + shown(path) + " is no absolute path");
        if (program == "check_icmp" || program == "check_dhcp") {
            note("needs raw sockets: a file capability or set-user-ID bit, which works with \"allow_setuid\" only");
        }
    }

    void read_arguments() {
        const Imported* arguments = attribute("arguments");
        if (!arguments || arguments->is(Kind::null)) return;
        if (!arguments->is(Kind::dictionary)) {
            return refuse("its arguments " + (arguments->is(Kind::opaque) ? arguments->text : std::string("are no dictionary")));
        }
        for (const auto& [key, written] : arguments->entries) {
            const std::string what = "argument " + shown(key);
            if (written.is(Kind::opaque)) return refuse(what + " " + written.text);
            Argument argument{key, {}, {}};
            if (written.is(Kind::dictionary)) read_attributes(written, what, argument);
            else read_value(written, what, {}, argument);
            if (!made_.refused.empty()) return;
            arguments_.push_back(std::move(argument));
        }
    }

    struct Argument {
        std::string name;
        json::Object attributes;
        std::vector<std::string> macros;  // of its value and condition
    };

    void read_attributes(const Imported& written, const std::string& what, Argument& argument) {
        Place place;
        if (const Imported* description = written.find("description"); description && description->is(Kind::string)) {
            place.description = description->text;
            argument.attributes.set("description", description->text);
        }
        place.description += ' ' + argument.name;
        const Imported* repeat = written.find("repeat_key");
        place.array = repeat != nullptr || lower(place.description).find("may be repeated") != std::string::npos ||
                      lower(place.description).find("multiple times") != std::string::npos ||
                      lower(place.description).find("used repeatedly") != std::string::npos ||
                      lower(place.description).find("as an array") != std::string::npos;
        for (const auto& [name, value] : written.entries) {
            if (value.is(Kind::opaque)) return refuse(what + ": '" + escaped(name, 64) + "' " + value.text);
            if (name == "description" || value.is(Kind::null)) continue;
            if (name == "value") {
                read_value(value, what, place, argument);
            } else if (name == "set_if") {
                const std::optional<std::string> text = words_of(value, what + ": 'set_if'");
                if (!text) return;
                use_macros(*text, {place.description, true, false, false}, what);
                remember(*text, argument);
                argument.attributes.set("set_if", *text);
            } else if (name == "required" || name == "skip_key" || name == "repeat_key") {
                if (!value.is(Kind::boolean) && !value.is(Kind::number)) return refuse(what + ": '" + name + "' is neither true nor false");
                argument.attributes.set(name, value.is(Kind::boolean) ? value.boolean : value.number != 0);
            } else if (name == "order") {
                if (!value.is(Kind::number)) return refuse(what + ": 'order' is no number");
                argument.attributes.set(name, value.number);
            } else if (name == "key" || name == "separator") {
                if (!value.is(Kind::string) || value.text.find('$') != std::string::npos)
                    return refuse(what + ": '" + name + "' is no plain text");
                argument.attributes.set(name, value.text);
            } else {
                note(what + ": " + shown(name) + " has no meaning and was left out");
            }
        }
    }

    void read_value(const Imported& value, const std::string& what, const Place& place, Argument& argument) {
        if (value.is(Kind::null)) return;
        if (!value.is(Kind::array)) {
            const std::optional<std::string> text = words_of(value, what);
            if (!text) return;
            use_macros(*text, place, what);
            remember(*text, argument);
            argument.attributes.set("value", *text);
            return;
        }
        json::Array texts;
        for (const Imported& item : value.items) {
            const std::optional<std::string> text = words_of(item, what);
            if (!text) return;
            use_macros(*text, {place.description, false, false, true}, what);
            remember(*text, argument);
            texts.emplace_back(*text);
        }
        argument.attributes.set("value", std::move(texts));
    }

    static void remember(const std::string& text, Argument& argument) {
        if (const auto names = catalog::macro_names(text)) argument.macros.insert(argument.macros.end(), names->begin(), names->end());
    }

    void read_env() {
        const Imported* env = attribute("env");
        if (!env || env->is(Kind::null)) return;
        if (!env->is(Kind::dictionary)) return refuse("its env " + (env->is(Kind::opaque) ? env->text : std::string("is no dictionary")));
        json::Object variables;
        for (const auto& [name, value] : env->entries) {
            const std::string what = "environment variable " + shown(name);
            std::optional<std::string> text = words_of(value, what);
            if (!text) return;
            if (text->find('$') != std::string::npos && decides_code(name)) {
                text = with_defaults(*text);
                if (!text) return refuse(what + " decides which code is loaded, and holds a macro without a fixed value");
                note(what + " decides which code is loaded: it has the fixed value of the definition's default");
            }
            use_macros(*text, {name, false, false, true}, what);
            variables.set(name, *text);
        }
        if (!variables.empty()) entry_.set("env", std::move(variables));
    }

    static bool decides_code(const std::string& name) {
        return name.starts_with("LD_") || name.starts_with("PERL") || name.starts_with("PYTHON") || name.starts_with("RUBY") ||
               name.ends_with("PATH") || name.ends_with("_HOME") || name == "IFS" || name == "ENV" || name == "BASH_ENV";
    }

    // The text with each macro replaced by its default; none: one has no literal default.
    std::optional<std::string> with_defaults(const std::string& text) const {
        json::Object scope;
        const Result<std::vector<std::string>> names = catalog::macro_names(text);
        if (!names) return std::nullopt;
        for (const std::string& name : *names) {
            const json::Value value = default_of(name);
            if (!value.string()) return std::nullopt;
            scope.set(name, value);
        }
        const catalog::Resolved resolved = catalog::resolve(text, scope);
        return catalog::value_text(resolved.value);
    }

    const Imported* variable(const std::string& name) const {
        const Imported* vars = attribute("vars");
        return vars ? vars->find(name) : nullptr;
    }

    static bool is_literal(const Imported& value) {
        switch (value.kind) {
            case Kind::boolean:
            case Kind::number:
                return true;
            case Kind::string:
                return value.text.find('$') == std::string::npos;
            default:
                return false;
        }
    }

    static json::Value to_json(const Imported& value) {
        if (value.is(Kind::boolean)) return value.boolean;
        if (value.is(Kind::number)) return value.number;
        return value.text;
    }

    // Null: none, or one that the parent has to work out.
    json::Value default_of(const std::string& name) const {
        const Imported* value = variable(name);
        if (!value) return nullptr;
        if (is_literal(*value)) return to_json(*value);
        if (!value->is(Kind::array) || !std::ranges::all_of(value->items, is_literal)) return nullptr;
        json::Array items;
        for (const Imported& item : value->items) items.push_back(to_json(item));
        return items;
    }

    void finish() {
        json::Object parameters;
        bool network = false;
        std::string from_parent;
        std::vector<std::string> left_out;
        for (auto& [name, use] : uses_) {
            use.words = use.name + use.words;
            use.default_value = default_of(name);
            InferredRule inferred = infer_rule(use);
            if (inferred.of == MacroClass::command)
                return refuse("macro '" + name + "' takes a command line; only a command of the catalog may");
            if (inferred.of == MacroClass::code) {
                left_out.push_back(name);
                continue;
            }
            network = network || inferred.of == MacroClass::network;
            if (inferred.of == MacroClass::password)
                note("parameter '" + name + "' looks like a password: it would stand on a command line that others can read");
            if (inferred.default_dropped) note("the default of '" + name + "' is no value for it and was left out");
            parameters.set(name, std::move(inferred.rule));
            const Imported* value = variable(name);
            if (value && use.default_value.is_null() && !value->is(Kind::null)) {
                from_parent += (from_parent.empty() ? "" : ", ") + name + (value->is(Kind::string) ? " (" + value->text + ")" : "");
            } else if (!value && name.find('.') != std::string::npos) {
                from_parent += (from_parent.empty() ? "" : ", ") + name;
            }
        }
        if (!from_parent.empty()) note("without a default, the parent works out and sends: " + escaped(from_parent, 1024));
        leave_out(left_out);
        if (!made_.refused.empty()) return;
        json::Object arguments;
        for (Argument& argument : arguments_) arguments.set(argument.name, std::move(argument.attributes));
        if (!arguments.empty()) entry_.set("arguments", std::move(arguments));
        if (!parameters.empty()) entry_.set("parameters", std::move(parameters));
        if (network) entry_.set("sandbox", json::Object{{"network", true}});
        entry_.set("kind", name_of(definition_.kind));
        entry_.set("description", "imported from " + definition_.type + " " + definition_.name);
    }

    // A parent that chooses code chooses what runs: such arguments are not there for it, and what it sends is dropped
    // and audited as any macro that is no parameter.
    void leave_out(const std::vector<std::string>& macros) {
        if (macros.empty()) return;
        const auto is_out = [&](const std::string& name) { return std::ranges::find(macros, name) != macros.end(); };
        for (const json::Value& word : *entry_.find("command")->array()) {
            for (const std::string& name : *catalog::macro_names(*word.string())) {
                if (is_out(name)) return refuse("macro '" + name + "' in its command chooses what is executed or loaded");
            }
        }
        for (const auto& [name, value] : entry_.find("env") ? *entry_.find("env")->object() : json::Object{}) {
            for (const std::string& macro : *catalog::macro_names(*value.string())) {
                if (is_out(macro)) return refuse("macro '" + macro + "' in its environment chooses what is executed or loaded");
            }
        }
        std::erase_if(arguments_, [&](const Argument& argument) {
            const auto found = std::ranges::find_if(argument.macros, is_out);
            if (found == argument.macros.end()) return false;
            const json::Value* required = argument.attributes.find("required");
            if (required && required->boolean() && *required->boolean()) {
                refuse("argument " + shown(argument.name) + " is required and chooses what is executed or loaded");
            } else {
                note("argument " + shown(argument.name) + " was left out: macro '" + *found + "' chooses what is executed or loaded");
            }
            return true;
        });
    }

    // The catalog has the last word: what it would refuse is refused here.
    void judge() {
        const json::Object file = {{"commands", json::Object{{definition_.name, entry_}}}};
        Findings findings;
        catalog::Catalog::load({{"import", "import.json", json::to_pretty_text(file)}}, findings);
        if (!findings.ok()) return refuse("the catalog would refuse it: " + findings.errors.front().message);
        made_.entry = std::move(entry_);
    }

    const Definition& definition_;
    ImportedEntry made_;
    json::Object entry_;
    std::vector<Argument> arguments_;
    std::map<std::string, MacroUse, std::less<>> uses_;
};

}  // namespace

ImportedEntry entry_of(const Definition& definition) { return EntryMaker(definition).make(); }

}  // namespace endpointd::ctl
