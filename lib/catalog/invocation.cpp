#include "catalog/invocation.hpp"

#include <algorithm>
#include <charconv>

#include "base/limits.hpp"
#include "catalog/macro.hpp"
#include "catalog/wrapper.hpp"

namespace endpointd::catalog {

namespace {

// Equal on a command line: 443 and "443" are.
bool same_value(const json::Value& left, const json::Value& right) {
    const json::Array* some = left.array();
    const json::Array* other = right.array();
    if (!some && !other) return value_text(left) == value_text(right);
    return some && other && std::equal(some->begin(), some->end(), other->begin(), other->end(), same_value);
}

bool same_parameters(const json::Object& left, const json::Object& right) {
    return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                      [](const json::Object::Member& one, const json::Object::Member& two) {
                          return one.first == two.first && same_value(one.second, two.second);
                      });
}

Refusal too_large(const Command& command, const std::string& why) {
    return {Refusal::Kind::too_large, {}, "parameters of '" + command.name + "' refused: " + why};
}

Refusal parameter_refused(const std::string& name, const std::string& rule) {
    return {Refusal::Kind::parameter, name, "parameter '" + name + "' refused: " + rule};
}

// Icinga's reading of set_if: "true", "false" or a number (protocol, 6.5). What
// it cannot read does not set the argument.
bool is_set(const json::Value& condition) {
    if (const bool* boolean = condition.boolean()) return *boolean;
    if (const double* number = condition.number()) return *number >= 1 || *number <= -1;
    const std::string* text = condition.string();
    if (!text) return false;
    if (*text == "true") return true;
    const char* begin = text->data();
    const char* const end = begin + text->size();
    if (begin != end && *begin == '+') ++begin;
    long number = 0;
    const auto [stop, code] = std::from_chars(begin, end, number);
    return code == std::errc() && stop == end && number != 0;
}

// Resolves texts, and arrays of texts, of one command.
class Builder {
public:
    // `inner` is what the macro of the wrapper's command-ref stands for; null: no command was asked for.
    Builder(const Command& command, const json::Object& parameters, const Invocation* inner = nullptr)
        : command_(command), parameters_(parameters), inner_(inner) {}

    Attempt<Invocation> run() {
        for (const std::string& word : command_.command) {
            if (!stands_for_a_command(word)) {
                add_word(flat(resolve_text(word)));
            } else if (inner_) {
                splice();
            } else if (!refusal_) {
                refusal_ = missing(*command_.command_ref, "the command line");
            }
        }
        for (const Argument& argument : command_.arguments) {
            if (refusal_) break;
            add_argument(argument);
        }
        for (const auto& [name, value] : command_.env) add_variable(name, flat(resolve_text(value)));
        if (!invocation_.inner.empty()) add_inner_env();
        if (refusal_) return *std::move(refusal_);
        return std::move(invocation_);
    }

private:
    bool stands_for_a_command(const std::string& text) const {
        return command_.command_ref && is_sole_macro(text) && std::string_view(text).substr(1, text.size() - 2) == *command_.command_ref;
    }

    void splice() {
        for (const std::string& word : inner_->argv) add_word(word);
        if (invocation_.inner.empty()) invocation_.inner = inner_->inner;
    }

    // A variable that both set has one text in both (wrapper.hpp).
    void add_inner_env() {
        for (const std::string& variable : inner_->env) {
            if (!command_.env.contains(variable.substr(0, variable.find('='))) && count(variable)) invocation_.env.push_back(variable);
        }
        std::sort(invocation_.env.begin(), invocation_.env.end());
    }

    Refusal missing(const std::string& parameter, const std::string& what) const {
        return {Refusal::Kind::missing_required, parameter,
                "parameter '" + parameter + "' is missing: " + what + " of '" + command_.name + "' requires it"};
    }

    Resolved resolve_text(std::string_view text) {
        Resolved resolved = resolve(text, parameters_);
        // The loader refuses such an entry; a scope of other types than the entry's could still bring one here.
        if (resolved.misplaced && !refusal_)
            refusal_ = parameter_refused(*resolved.misplaced, "an array cannot stand inside a longer text");
        return resolved;
    }

    static std::string flat(const Resolved& resolved) { return value_text(resolved.value); }

    Resolved resolve_value(const json::Value& value) {
        if (const std::string* text = value.string()) return resolve_text(*text);
        Resolved result;
        if (const json::Array* elements = value.array()) {
            json::Array words;
            for (const json::Value& element : *elements) {
                Resolved resolved = resolve_value(element);
                if (resolved.missing && !result.missing) result.missing = std::move(resolved.missing);
                words.emplace_back(value_text(resolved.value));
            }
            result.value = std::move(words);
        } else {
            result.value = value;
        }
        return result;
    }

    static bool is_empty(const json::Value& value) { return value.is_null() || (value.string() && value.string()->empty()); }

    void add_argument(const Argument& argument) {
        if (!is_empty(argument.set_if)) {
            const Resolved condition = resolve_value(argument.set_if);
            if (condition.missing || !is_set(condition.value)) return;
        }
        if (is_empty(argument.value)) {
            if (!argument.skip_key) add_word(argument.key);
            return;
        }
        const Resolved resolved = resolve_value(argument.value);
        if (resolved.missing) {
            if (argument.required && !refusal_) refusal_ = missing(*resolved.missing, "argument '" + argument.key + "'");
            return;
        }
        if (argument.value.string() && stands_for_a_command(*argument.value.string())) return splice();
        const json::Array* elements = resolved.value.array();
        if (!elements) return add_pair(argument, resolved.value, !argument.skip_key);
        for (std::size_t i = 0; i < elements->size() && !refusal_; ++i) {
            add_pair(argument, (*elements)[i], !argument.skip_key && (i == 0 || argument.repeat_key));
        }
    }

    void add_pair(const Argument& argument, const json::Value& value, bool with_key) {
        if (with_key && argument.separator) return add_word(argument.key + *argument.separator + value_text(value));
        if (with_key) add_word(argument.key);
        add_word(value_text(value));
    }

    void add_word(std::string word) {
        if (count(word)) invocation_.argv.push_back(std::move(word));
    }

    void add_variable(const std::string& name, const std::string& value) {
        std::string variable = name + '=' + value;
        if (count(variable)) invocation_.env.push_back(std::move(variable));
    }

    bool count(const std::string& word) {
        if (refusal_) return false;
        bytes_ += word.size() + 1;
        if (word.size() + 1 > kArgumentBytes) {
            refusal_ = too_large(command_, "an argument of more than " + std::to_string(kArgumentBytes) + " bytes");
        } else if (bytes_ > limits::kArgvBytes) {
            refusal_ = too_large(command_, "more than " + std::to_string(limits::kArgvBytes) + " bytes together");
        }
        return !refusal_;
    }

    const Command& command_;
    const json::Object& parameters_;
    const Invocation* inner_;
    Invocation invocation_;
    std::optional<Refusal> refusal_;
    std::size_t bytes_ = 0;
};

// By the command's own rules alone.
Attempt<Admission> admit_own(const Command& command, const json::Object& macros) {
    if (macros.size() > limits::kParameters) return too_large(command, "more than " + std::to_string(limits::kParameters));
    Admission admission;
    for (const auto& [name, value] : macros) {
        const auto parameter = command.parameters.find(name);
        if (parameter == command.parameters.end()) {
            admission.dropped.push_back(name);
            continue;
        }
        if (value.is_null()) continue;
        Judged judged = judge(parameter->second, value);
        if (!judged) return parameter_refused(name, judged.error().rule);
        admission.parameters.set(name, *std::move(judged));
    }
    for (const auto& [name, parameter] : command.parameters) {
        if (parameter.default_value && !admission.parameters.find(name)) admission.parameters.set(name, *parameter.default_value);
    }
    if (!command.tuples.empty()) {
        const bool listed = std::any_of(command.tuples.begin(), command.tuples.end(),
                                        [&](const json::Object& tuple) { return same_parameters(tuple, admission.parameters); });
        if (!listed) return Refusal{Refusal::Kind::tuple, {}, "parameters of '" + command.name + "' refused: not a listed combination"};
    }
    return admission;
}

// The command that `parameters` ask `wrapper` to run; null: none.
Attempt<const Command*> asked_inside(const Catalog& catalog, const Command& wrapper, const json::Object& parameters) {
    const json::Value* name = wrapper.command_ref ? parameters.find(*wrapper.command_ref) : nullptr;
    if (!name) return nullptr;
    const Command* inner = catalog.find(value_text(*name));
    if (!inner) {
        return parameter_refused(*wrapper.command_ref,
                                 "must name a command of kind " + std::string(name_of(wrapper.kind)) + " in the local catalog");
    }
    if (const std::optional<std::string> why = why_not_inside(wrapper, *inner)) {
        return parameter_refused(*wrapper.command_ref, "names a command that cannot run inside '" + wrapper.name + "': " + *why);
    }
    return inner;
}

}  // namespace

Attempt<Admission> admit(const Catalog& catalog, const Command& command, const json::Object& macros) {
    Attempt<Admission> admission = admit_own(command, macros);
    if (!admission) return admission;
    const Attempt<const Command*> inner = asked_inside(catalog, command, admission->parameters);
    if (!inner) return inner.error();
    if (!*inner) return admission;
    json::Object scope = admission->parameters;
    for (const std::string& name : admission->dropped) {
        if ((*inner)->parameters.contains(name)) scope.set(name, *macros.find(name));
    }
    const Attempt<Admission> theirs = admit_own(**inner, scope);
    if (!theirs) return theirs.error();
    for (const auto& [name, value] : theirs->parameters) {
        // What the wrapper has as well stays in the wrapper's form, and absent where the wrapper has none:
        // otherwise admitting again would take the inner command's default for something that was sent.
        if (!command.parameters.contains(name)) admission->parameters.set(name, value);
    }
    if (admission->parameters.size() > limits::kParameters) {
        return too_large(command, "more than " + std::to_string(limits::kParameters) + " together with those of '" + (*inner)->name + "'");
    }
    std::erase_if(admission->dropped, [&](const std::string& name) { return (*inner)->parameters.contains(name); });
    admission->inner.push_back((*inner)->name);
    return admission;
}

const Command* inner_command(const Catalog& catalog, const Command& command, const json::Object& parameters) {
    const Attempt<Admission> named = command.command_ref ? admit_own(command, parameters) : Admission{};
    if (!named) return nullptr;
    const Attempt<const Command*> inner = asked_inside(catalog, command, named->parameters);
    return inner ? *inner : nullptr;
}

Attempt<Invocation> build(const Catalog& catalog, const Command& command, const json::Object& parameters) {
    if (command.builtin) return Invocation{};
    const Attempt<const Command*> inner = asked_inside(catalog, command, parameters);
    if (!inner) return inner.error();
    if (!*inner) return Builder(command, parameters).run();
    const Attempt<Admission> theirs = admit_own(**inner, parameters);
    if (!theirs) return theirs.error();
    Attempt<Invocation> spliced = Builder(**inner, theirs->parameters).run();
    if (!spliced) return spliced;
    spliced->inner.push_back(*inner);
    return Builder(command, parameters, &*spliced).run();
}

}  // namespace endpointd::catalog
