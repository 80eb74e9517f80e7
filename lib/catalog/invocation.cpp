#include "catalog/invocation.hpp"

#include <algorithm>
#include <charconv>

#include "base/limits.hpp"
#include "catalog/macro.hpp"

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
    Builder(const Command& command, const json::Object& parameters) : command_(command), parameters_(parameters) {}

    Attempt<Invocation> run() {
        for (const std::string& word : command_.command) add_word(flat(resolve_text(word)));
        for (const Argument& argument : command_.arguments) {
            if (refusal_) break;
            add_argument(argument);
        }
        for (const auto& [name, value] : command_.env) add_variable(name, flat(resolve_text(value)));
        if (refusal_) return *std::move(refusal_);
        return std::move(invocation_);
    }

private:
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
            if (argument.required && !refusal_) {
                refusal_ = Refusal{Refusal::Kind::missing_required, *resolved.missing,
                                   "parameter '" + *resolved.missing + "' is missing: argument '" + argument.key + "' of '" +
                                       command_.name + "' requires it"};
            }
            return;
        }
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
    Invocation invocation_;
    std::optional<Refusal> refusal_;
    std::size_t bytes_ = 0;
};

}  // namespace

Attempt<Admission> admit(const Command& command, const json::Object& macros) {
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

Attempt<Invocation> build(const Command& command, const json::Object& parameters) {
    if (command.builtin) return Invocation{};
    return Builder(command, parameters).run();
}

}  // namespace endpointd::catalog
