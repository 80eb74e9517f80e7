#include "cluster/planned_schedule.hpp"

#include <algorithm>
#include <array>
#include <unordered_map>

#include "dsl/object_attributes.hpp"
#include "dsl/ranges.hpp"

namespace endpointd::cluster {

namespace {

// Seconds. Upstream takes any number; one that is due all the time would keep every other check waiting.
constexpr double kLeastInterval = 0.1;
// Seconds: longer than anybody's host runs, and no rounding in sums with the time.
constexpr double kMostInterval = 1e9;

std::vector<std::string> names(const dsl::Object& object, std::string_view name) {
    std::vector<std::string> all;
    const json::Value* const found = object.attributes.find(name);
    const json::Array* const array = found ? found->array() : nullptr;
    if (!array) return all;
    for (const json::Value& each : *array)
        if (each.string()) all.push_back(*each.string());
    return all;
}

double interval(const dsl::Object& object, std::string_view name, double fallback) noexcept {
    return std::clamp(number_attribute(object, name, fallback), kLeastInterval, kMostInterval);
}

schedule::Configured checkable(const std::shared_ptr<const dsl::Object>& shared, bool is_host) {
    const dsl::Object& object = *shared;
    schedule::Configured configured;
    configured.name = dsl::SharedString({shared, &object.name});
    if (!is_host) configured.host = text_attribute(object, "host_name");
    configured.active = flag_attribute(object, "enable_active_checks", true);
    configured.passive = flag_attribute(object, "enable_passive_checks", true);
    configured.period = text_attribute(object, "check_period");
    schedule::CheckSettings& settings = configured.settings;
    settings.is_host = is_host;
    settings.is_volatile = flag_attribute(object, "volatile", false);
    settings.enable_flapping = flag_attribute(object, "enable_flapping", false);
    settings.event_handler = flag_attribute(object, "enable_event_handler", true) && !text_attribute(object, "event_command").empty();
    settings.flapping_ignored = static_cast<std::uint8_t>(state_bits(object.attributes.find("flapping_ignore_states")) & 15U);
    settings.flapping_low = number_attribute(object, "flapping_threshold_low", settings.flapping_low);
    settings.flapping_high = number_attribute(object, "flapping_threshold_high", settings.flapping_high);
    settings.max_check_attempts = number_attribute(object, "max_check_attempts", settings.max_check_attempts);
    settings.check_interval = interval(object, "check_interval", settings.check_interval);
    settings.retry_interval = interval(object, "retry_interval", settings.retry_interval);
    return configured;
}

std::string checkable_name(const dsl::Object& object, std::string_view host, std::string_view service) {
    std::string name(text_attribute(object, host));
    if (const std::string_view short_name = text_attribute(object, service); !short_name.empty()) (name += '!') += short_name;
    return name;
}

schedule::ConfiguredDowntime downtime(const dsl::Object& object) {
    return {.name = object.name,
            .checkable = checkable_name(object, "host_name", "service_name"),
            .triggered_by = std::string(text_attribute(object, "triggered_by")),
            .times = {.fixed = flag_attribute(object, "fixed", false),
                      .start = number_attribute(object, "start_time", 0),
                      .end = number_attribute(object, "end_time", 0),
                      .duration = number_attribute(object, "duration", 0),
                      .entry = number_attribute(object, "entry_time", 0)}};
}

schedule::ConfiguredDependency dependency(const dsl::Object& object) {
    schedule::ConfiguredDependency configured;
    configured.parent = checkable_name(object, "parent_host_name", "parent_service_name");
    configured.child = checkable_name(object, "child_host_name", "child_service_name");
    schedule::Dependency& rule = configured.rule;
    const bool of_host = text_attribute(object, "parent_service_name").empty();
    const json::Value* const states = object.attributes.find("states");
    if (states && states->array()) rule.states = static_cast<std::uint8_t>(state_bits(states));
    else rule.states = static_cast<std::uint8_t>(of_host ? schedule::kStatesOfHost : schedule::kStatesOfService);
    rule.ignore_soft_states = flag_attribute(object, "ignore_soft_states", true);
    rule.disable_checks = flag_attribute(object, "disable_checks", false);
    rule.disable_notifications = flag_attribute(object, "disable_notifications", true);
    rule.period = text_attribute(object, "period");
    rule.redundancy_group = text_attribute(object, "redundancy_group");
    return configured;
}

schedule::Period period(const dsl::Object& object) {
    schedule::Period configured;
    configured.includes = names(object, "includes");
    configured.excludes = names(object, "excludes");
    configured.prefer_includes = flag_attribute(object, "prefer_includes", true);
    const json::Value* const ranges = object.attributes.find("ranges");
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
        if (type == "TimePeriod") schedule.periods.emplace(object.name, period(object));
        else if (type == "Dependency") schedule.dependencies.push_back(dependency(object));
        else if (type == "Downtime") schedule.downtimes.push_back(downtime(object));
        else if (is_checked(object)) schedule.checkables.push_back(checkable(planned.object, type == "Host"));
    }
    return schedule;
}

}  // namespace endpointd::cluster
