#include "cluster/planned_schedule.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <unordered_map>

#include "dsl/ranges.hpp"

namespace endpointd::cluster {

namespace {

// Seconds. Upstream takes any number; one that is due all the time would keep every other check waiting.
constexpr double kLeastInterval = 0.1;
// Seconds: longer than anybody's host runs, and no rounding in sums with the time.
constexpr double kMostInterval = 1e9;

double number(const dsl::Attributes& attributes, std::string_view name, double fallback) noexcept {
    const json::Value* const found = attributes.find(name);
    const double* const value = found ? found->number() : nullptr;
    return value && std::isfinite(*value) ? *value : fallback;
}

bool flag(const dsl::Attributes& attributes, std::string_view name, bool fallback) noexcept {
    const json::Value* const found = attributes.find(name);
    if (!found) return fallback;
    if (const bool* value = found->boolean()) return *value;
    const double* const value = found->number();
    return value ? *value != 0 : fallback;
}

std::string text(const dsl::Attributes& attributes, std::string_view name) {
    const json::Value* const found = attributes.find(name);
    const std::string* const value = found ? found->string() : nullptr;
    return value ? *value : std::string();
}

std::vector<std::string> names(const dsl::Attributes& attributes, std::string_view name) {
    std::vector<std::string> all;
    const json::Value* const found = attributes.find(name);
    const json::Array* const array = found ? found->array() : nullptr;
    if (!array) return all;
    for (const json::Value& each : *array)
        if (each.string()) all.push_back(*each.string());
    return all;
}

double interval(const dsl::Attributes& attributes, std::string_view name, double fallback) noexcept {
    return std::clamp(number(attributes, name, fallback), kLeastInterval, kMostInterval);
}

schedule::Configured checkable(const std::shared_ptr<const dsl::Object>& object, bool is_host) {
    const dsl::Attributes& attributes = object->attributes;
    schedule::Configured configured;
    configured.name = dsl::SharedString({object, &object->name});
    if (!is_host) configured.host = text(attributes, "host_name");
    configured.active = flag(attributes, "enable_active_checks", true);
    configured.passive = flag(attributes, "enable_passive_checks", true);
    configured.period = text(attributes, "check_period");
    schedule::CheckSettings& settings = configured.settings;
    settings.is_host = is_host;
    settings.is_volatile = flag(attributes, "volatile", false);
    settings.enable_flapping = flag(attributes, "enable_flapping", false);
    settings.event_handler = flag(attributes, "enable_event_handler", true) && !text(attributes, "event_command").empty();
    settings.flapping_ignored = static_cast<std::uint8_t>(state_bits(attributes.find("flapping_ignore_states")) & 15U);
    settings.flapping_low = number(attributes, "flapping_threshold_low", settings.flapping_low);
    settings.flapping_high = number(attributes, "flapping_threshold_high", settings.flapping_high);
    settings.max_check_attempts = number(attributes, "max_check_attempts", settings.max_check_attempts);
    settings.check_interval = interval(attributes, "check_interval", settings.check_interval);
    settings.retry_interval = interval(attributes, "retry_interval", settings.retry_interval);
    return configured;
}

std::string checkable_name(const dsl::Attributes& attributes, std::string_view host, std::string_view service) {
    std::string name = text(attributes, host);
    if (const std::string short_name = text(attributes, service); !short_name.empty()) name += "!" + short_name;
    return name;
}

schedule::ConfiguredDowntime downtime(const dsl::Object& object) {
    const dsl::Attributes& attributes = object.attributes;
    return {.name = object.name,
            .checkable = checkable_name(attributes, "host_name", "service_name"),
            .triggered_by = text(attributes, "triggered_by"),
            .times = {.fixed = flag(attributes, "fixed", true),
                      .start = number(attributes, "start_time", 0),
                      .end = number(attributes, "end_time", 0),
                      .duration = number(attributes, "duration", 0),
                      .entry = number(attributes, "entry_time", 0)}};
}

schedule::ConfiguredDependency dependency(const dsl::Object& object) {
    const dsl::Attributes& attributes = object.attributes;
    schedule::ConfiguredDependency configured;
    configured.parent = checkable_name(attributes, "parent_host_name", "parent_service_name");
    configured.child = checkable_name(attributes, "child_host_name", "child_service_name");
    schedule::Dependency& rule = configured.rule;
    const bool of_host = text(attributes, "parent_service_name").empty();
    const json::Value* const states = attributes.find("states");
    if (states && states->array()) rule.states = static_cast<std::uint8_t>(state_bits(states));
    else rule.states = static_cast<std::uint8_t>(of_host ? schedule::kStatesOfHost : schedule::kStatesOfService);
    rule.ignore_soft_states = flag(attributes, "ignore_soft_states", true);
    rule.disable_checks = flag(attributes, "disable_checks", false);
    rule.disable_notifications = flag(attributes, "disable_notifications", true);
    rule.period = text(attributes, "period");
    rule.redundancy_group = text(attributes, "redundancy_group");
    return configured;
}

schedule::Period period(const dsl::Attributes& attributes) {
    schedule::Period configured;
    configured.includes = names(attributes, "includes");
    configured.excludes = names(attributes, "excludes");
    configured.prefer_includes = flag(attributes, "prefer_includes", true);
    const json::Value* const ranges = attributes.find("ranges");
    if (!ranges || !ranges->object()) return configured;
    for (const auto& [days, hours] : *ranges->object()) {
        // The evaluator has refused what does not read.
        const auto day = dsl::parse_day_range(days);
        if (!day || !hours.string()) continue;
        if (auto times = dsl::parse_time_ranges(*hours.string())) configured.ranges.emplace_back(*day, std::move(*times));
    }
    return configured;
}

}  // namespace

unsigned state_bits(const json::Value* list) noexcept {
    struct Named {
        std::string_view name;
        unsigned bit;
    };
    static constexpr std::array<Named, 6> kNames = {Named{"OK", 1}, {"Warning", 2}, {"Critical", 4},
                                                    {"Unknown", 8}, {"Up", 16},     {"Down", 32}};
    unsigned bits = 0;
    const json::Array* const array = list ? list->array() : nullptr;
    if (!array) return 0;
    for (const json::Value& each : *array) {
        if (const double* value = each.number(); value && *value >= 0 && *value < 64) bits |= static_cast<unsigned>(*value);
        if (const std::string* name = each.string())
            for (const Named& named : kNames)
                if (*name == named.name) bits |= named.bit;
    }
    return bits;
}

schedule::Schedule schedule_of(const policy::Plan& plan, std::string_view local_zone) {
    schedule::Schedule schedule;
    const auto is_checked = [&](const dsl::Object& object) {
        return (object.type->name == "Host" || object.type->name == "Service") && (object.zone.empty() || object.zone == local_zone);
    };
    schedule.checkables.reserve(static_cast<std::size_t>(
        std::ranges::count_if(plan.objects, [&](const policy::PlannedObject& planned) { return is_checked(*planned.object); })));
    for (const policy::PlannedObject& planned : plan.objects) {
        const dsl::Object& object = *planned.object;
        const std::string_view type = object.type->name;
        if (type == "TimePeriod") schedule.periods.emplace(object.name, period(object.attributes));
        else if (type == "Dependency") schedule.dependencies.push_back(dependency(object));
        else if (type == "Downtime") schedule.downtimes.push_back(downtime(object));
        else if (is_checked(object)) schedule.checkables.push_back(checkable(planned.object, type == "Host"));
    }
    return schedule;
}

}  // namespace endpointd::cluster
