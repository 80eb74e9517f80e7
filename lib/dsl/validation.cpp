// What upstream says of the final attributes of an object, found by trying (2.13.6).

#include <algorithm>
#include <array>
#include <cmath>

#include "dsl/config_type.hpp"
#include "dsl/ranges.hpp"

namespace endpointd::dsl {

namespace {

std::string at(std::string_view attribute, std::string_view what) {
    return "attribute '" + std::string(attribute) + "': " + std::string(what);
}

const json::Array& array_of(const Attributes& set, std::string_view name) {
    static const json::Array kNone;
    const json::Value* const value = set.find(name);
    return value && value->array() ? *value->array() : kNone;
}

bool is_set(const Attributes& set, std::string_view name) {
    const json::Value* const value = set.find(name);
    return value && value->string() && !value->string()->empty();
}

// --- Of every type ---

std::string check_required(const ConfigType& type, const Attributes& set) {
    for (const Field& field : type.fields) {
        if (!field.required) continue;
        const json::Value* const value = set.find(field.name);
        const bool empty = value ? value->is_null() || (value->string() && value->string()->empty()) : field.fallback.empty();
        if (empty) return at(field.name, "it must not be empty");
    }
    return {};
}

std::string check_references(const ConfigType& type, const Attributes& set) {
    for (const Field& field : type.fields) {
        if (field.kind != FieldKind::references) continue;
        for (const json::Value& name : array_of(set, field.name))
            if (!name.string() || name.string()->empty())
                return at(field.name, "an element is not the name of any " + std::string(field.refers_to));
    }
    return {};
}

// Every macro that begins with $ ends with one.
bool closed(const json::Value& value) {
    const std::string* const text = value.string();
    return !text || std::count(text->begin(), text->end(), '$') % 2 == 0;
}

std::string check_vars(const Attributes& set) {
    const json::Value* const vars = set.find("vars");
    if (!vars || !vars->object()) return {};
    // Texts of a variable, of its elements and of its members; upstream looks no deeper.
    for (const auto& [name, value] : *vars->object()) {
        bool good = closed(value);
        if (const json::Array* const array = value.array()) good = std::all_of(array->begin(), array->end(), closed);
        if (const json::Object* const object = value.object())
            good = std::all_of(object->begin(), object->end(), [](const json::Object::Member& member) { return closed(member.second); });
        if (!good) return at("vars", "the variable '" + name + "' holds a $ that is not closed; write $$ for one");
    }
    return {};
}

// --- Of single attributes ---

std::string check_above_zero(const Attributes& set, std::initializer_list<std::string_view> names, bool must_be_set) {
    for (const std::string_view name : names) {
        const json::Value* const value = set.find(name);
        if (value ? !value->number() || *value->number() <= 0 : must_be_set) return at(name, "it must be greater than 0");
    }
    return {};
}

struct Bit {
    std::string_view name;
    unsigned bit;
};
constexpr std::array<Bit, 6> kStates = {{{"OK", 1}, {"Warning", 2}, {"Critical", 4}, {"Unknown", 8}, {"Up", 16}, {"Down", 32}}};
constexpr unsigned kServiceStates = 1 | 2 | 4 | 8;
constexpr unsigned kHostStates = 16 | 32;
constexpr std::array<Bit, 9> kTypes = {{{"DowntimeStart", 1},
                                        {"DowntimeEnd", 2},
                                        {"DowntimeRemoved", 4},
                                        {"Custom", 8},
                                        {"Acknowledgement", 16},
                                        {"Problem", 32},
                                        {"Recovery", 64},
                                        {"FlappingStart", 128},
                                        {"FlappingEnd", 256}}};
constexpr unsigned kAllTypes = 511;

// An array of names, or of numbers that are the sum of their bits, within `allowed`.
std::string check_filter(const Attributes& set, std::string_view attribute, std::span<const Bit> words, unsigned allowed) {
    for (const json::Value& element : array_of(set, attribute)) {
        unsigned bits = 0;
        bool known = false;
        if (const std::string* const text = element.string()) {
            for (const Bit& word : words) {
                if (word.name != *text) continue;
                bits = word.bit;
                known = true;
            }
        } else if (const double* const number = element.number()) {
            known = *number >= 0 && *number < kAllTypes + 1;
            if (known) bits = static_cast<unsigned>(*number);
        }
        if (!known || (bits & ~allowed) != 0) return at(attribute, "an element is none of those that can be here");
    }
    return {};
}

std::string check_ranges(const Attributes& set) {
    const json::Value* const ranges = set.find("ranges");
    if (!ranges || !ranges->object()) return {};
    for (const auto& [day, times] : *ranges->object()) {
        if (const auto read = parse_day_range(day); !read) return at("ranges", read.error().text);
        if (!times.string()) return at("ranges", "the times of '" + day + "' are no text");
        if (const auto read = parse_time_ranges(*times.string()); !read) return at("ranges", read.error().text);
    }
    return {};
}

std::string check_times(const Attributes& set) {
    const json::Value* const times = set.find("times");
    if (!times || !times->object()) return {};
    constexpr Field kNumber{.name = "times", .kind = FieldKind::number};
    std::optional<double> begin, end;
    for (const auto& [name, value] : *times->object()) {
        if (name != "begin" && name != "end") return at("times", "it has 'begin' and 'end', not '" + name + "'");
        const auto number = converted(kNumber, value);
        if (!number) return at("times", "'" + name + "' is no number");
        (name == "begin" ? begin : end) = *number->number();
    }
    if (begin && end && *begin > *end) return at("times", "'begin' must be smaller than 'end'");
    return {};
}

std::string check_child_options(const Attributes& set) {
    constexpr std::array<std::string_view, 3> kOptions = {"DowntimeNoChildren", "DowntimeTriggeredChildren",
                                                          "DowntimeNonTriggeredChildren"};
    const json::Value* const value = set.find("child_options");
    if (!value) return {};
    const double* const number = value->number();
    const std::string* const text = value->string();
    if (number && std::trunc(*number) >= 0 && std::trunc(*number) < static_cast<double>(kOptions.size())) return {};
    if (text && std::find(kOptions.begin(), kOptions.end(), *text) != kOptions.end()) return {};
    return at("child_options", "it is DowntimeNoChildren, DowntimeTriggeredChildren or DowntimeNonTriggeredChildren");
}

// --- Of single types ---

std::string first_of(std::initializer_list<std::string> problems) {
    for (const std::string& problem : problems)
        if (!problem.empty()) return problem;
    return {};
}

std::string check_checkable(const Attributes& set) {
    return check_above_zero(set, {"check_interval", "retry_interval", "max_check_attempts"}, false);
}

std::string check_user(const Attributes& set) {
    return first_of({check_filter(set, "states", kStates, kHostStates | kServiceStates), check_filter(set, "types", kTypes, kAllTypes)});
}

std::string check_notification(const Attributes& set) {
    if (array_of(set, "users").empty() && array_of(set, "user_groups").empty()) return "neither 'users' nor 'user_groups' names anybody";
    return first_of({check_times(set), check_filter(set, "states", kStates, is_set(set, "service_name") ? kServiceStates : kHostStates),
                     check_filter(set, "types", kTypes, kAllTypes)});
}

std::string check_dependency(const Attributes& set) {
    return check_filter(set, "states", kStates, is_set(set, "parent_service_name") ? kServiceStates : kHostStates);
}

std::string check_scheduled_downtime(const Attributes& set) { return first_of({check_ranges(set), check_child_options(set)}); }

std::string check_downtime(const Attributes& set) { return check_above_zero(set, {"start_time", "end_time"}, true); }

struct Rule {
    std::string_view type;
    std::string (*check)(const Attributes&);
};
constexpr std::array<Rule, 8> kRules = {{{"Host", check_checkable},
                                         {"Service", check_checkable},
                                         {"User", check_user},
                                         {"Notification", check_notification},
                                         {"Dependency", check_dependency},
                                         {"TimePeriod", check_ranges},
                                         {"ScheduledDowntime", check_scheduled_downtime},
                                         {"Downtime", check_downtime}}};

}  // namespace

std::string validate_name(std::string_view short_name) {
    if (short_name.empty()) return "an object must have a name";
    if (short_name.find('!') != std::string_view::npos) return "a name cannot hold '!', which stands between the parts of a full name";
    return {};
}

std::string validate(const ConfigType& type, const Attributes& set) {
    if (std::string problem = first_of({check_required(type, set), check_references(type, set), check_vars(set)}); !problem.empty())
        return problem;
    for (const Rule& rule : kRules)
        if (rule.type == type.name) return rule.check(set);
    return {};
}

}  // namespace endpointd::dsl
