#include "wider_limit.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <cstdint>

#include "base/units.hpp"
#include "render.hpp"

namespace endpointd::ctl {
namespace {

// The daemon's own sentences, each from its beginning: what a parent chose stands behind it, if anywhere.
const char* const kInterval = R"((?:check_interval|retry_interval) ([0-9.]{1,15}) s is below min_check_interval )";
const char* const kObjects = R"(there are ([0-9]{1,9}) objects already, the max_objects of )";
const char* const kLasts = R"(it lasts ([0-9.]{1,15}) s, more than max_duration )";
const char* const kWaiting = R"(runner\.queue is full behind max_concurrent of )";
const char* const kEvaluation = R"(more than ([0-9]{1,11}) (?:steps of evaluation|objects) \(limits\.(eval_steps|objects)\))";
const char* const kFiles = R"(the update brings ([0-9]{1,9}) files, more than limits\.config_files )";
const char* const kBytes = R"(the update is larger than limits\.config_size \(([0-9]{1,12}) bytes\))";

bool begins(std::string_view detail, const char* pattern, auto*... parts) {
    re2::StringPiece rest(detail.data(), detail.size());
    return RE2::Consume(&rest, pattern, parts...);
}

std::optional<WiderLimit> of_grant(std::string_view detail, const json::Object& scope) {
    double seconds = 0;
    std::uint64_t number = 0;
    // More often than every second is for people to say.
    if (begins(detail, kInterval, &seconds) && scope.find("min_check_interval") && seconds >= 1)
        return WiderLimit{"min_check_interval", seconds,
                          "may then have every host and service of the grant checked every " + number_text(seconds) + " s", true};
    if (begins(detail, kLasts, &seconds) && scope.find("max_duration") && seconds >= 1)
        return WiderLimit{"max_duration", seconds, "may then have all of the grant last " + number_text(seconds) + " s", true};
    if (begins(detail, kObjects, &number) && scope.find("max_objects"))
        return WiderLimit{"max_objects", static_cast<double>(number * 2),
                          "may then make twice as many objects; how many it has is not in the record", true};
    const json::Value* const concurrent = scope.find("max_concurrent");
    if (begins(detail, kWaiting) && concurrent && concurrent->number())
        return WiderLimit{"max_concurrent", *concurrent->number() * 2, "may then have twice as many commands run at once", true};
    return std::nullopt;
}

std::optional<WiderLimit> of_settings(std::string_view detail) {
    std::uint64_t number = 0;
    std::string name;
    if (begins(detail, kEvaluation, &number, &name)) {
        const bool steps = name == "eval_steps";
        return WiderLimit{name, static_cast<double>(number * 2),
                          steps ? "an evaluation may then take twice as long, whoever pushes"
                                : "there may then be twice as many objects, whoever makes them",
                          false};
    }
    if (begins(detail, kFiles, &number))
        return WiderLimit{"config_files", static_cast<double>(number), "every parent may then push as many files", false};
    if (begins(detail, kBytes, &number))
        return WiderLimit{"config_size", static_cast<double>(number * 2),
                          "every parent may then push twice as much text, which is kept in memory and store", false};
    return std::nullopt;
}

// Never what a plugin could take for an option, or what controls a terminal.
bool may_be_proposed(const json::Value& value) {
    if (value.number() || value.boolean()) return true;
    if (const json::Array* const array = value.array())
        return std::ranges::all_of(*array, [](const json::Value& one) { return !one.array() && may_be_proposed(one); });
    const std::string* const text = value.string();
    return text && !text->empty() && text->size() <= 256 && text->front() != '-' &&
           std::ranges::none_of(*text, [](char c) { return c < 0x20 || c > 0x7e; });
}

}  // namespace

std::optional<WiderLimit> wider_limit(std::string_view detail, const json::Object& scope) {
    if (auto wider = of_grant(detail, scope)) return wider;
    return of_settings(detail);
}

bool widened(json::Object& rule, const json::Value& value) {
    const std::string* const text = value.string();
    if (!text || !may_be_proposed(value)) return false;
    if (const json::Value* const values = rule.find("enum"); values && values->array()) {
        json::Array all = *values->array();
        all.emplace_back(*text);
        rule.set("enum", std::move(all));
        return true;
    }
    const json::Value* const pattern = rule.find("pattern");
    if (!pattern || !pattern->string()) return false;
    rule.set("pattern", "(?:" + *pattern->string() + ")|" + RE2::QuoteMeta(*text));
    return true;
}

std::optional<json::Object> sent_tuple(const json::Value& entry, const json::Value& macros) {
    const json::Object* const parameters = member(entry, "parameters").object();
    if (!parameters || !macros.object()) return std::nullopt;
    json::Object tuple;
    for (const auto& [name, rule] : *parameters) {
        const json::Value& sent = member(macros, name);
        const json::Value& value = sent.is_null() ? member(rule, "default") : sent;
        if (value.is_null()) continue;
        if (!may_be_proposed(value)) return std::nullopt;
        tuple.set(name, value);
    }
    if (tuple.empty()) return std::nullopt;
    return tuple;
}

}  // namespace endpointd::ctl
