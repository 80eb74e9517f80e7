// When TimePeriods are inside, as JSON: one side of the comparison with the real Icinga 2
// (tests/interop/test_period_differential.py). Reads one JSON object a line: first all
// periods by name, with their attributes as they are written, then questions
// {"name", "from", "to"}; answers each with the begins and ends of what is inside. Not installed.

#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "dsl/ranges.hpp"
#include "json/document.hpp"
#include "json/value.hpp"
#include "schedule/period.hpp"

namespace {

using namespace endpointd;

std::vector<std::string> names_in(const json::Object& period, std::string_view key) {
    std::vector<std::string> names;
    if (const json::Value* list = period.find(key); list != nullptr && list->array())
        for (const json::Value& name : *list->array()) names.push_back(*name.string());
    return names;
}

// None: a range that is none; it was said.
std::optional<schedule::Period> period_of(const json::Object& from) {
    schedule::Period period;
    period.includes = names_in(from, "includes");
    period.excludes = names_in(from, "excludes");
    if (const json::Value* prefer = from.find("prefer_includes"); prefer != nullptr) period.prefer_includes = *prefer->boolean();
    const json::Value* ranges = from.find("ranges");
    if (ranges == nullptr) return period;
    for (const auto& [text, value] : *ranges->object()) {
        const auto day = dsl::parse_day_range(text);
        const auto times = dsl::parse_time_ranges(*value.string());
        if (!day || !times) {
            std::cerr << "not read: " << text << " = " << *value.string() << "\n";
            return std::nullopt;
        }
        period.ranges.emplace_back(*day, *times);
    }
    return period;
}

json::Array inside(const schedule::Periods& periods, std::string_view name, double from, double to) {
    json::Array segments;
    bool was = false;
    for (double at = from; at < to;) {
        const auto window = periods.at(name, at);
        if (window.inside && !was) segments.emplace_back(json::Array{json::Value(at), json::Value(to)});
        if (!window.inside && was) (*segments.back().array())[1] = json::Value(at);
        was = window.inside;
        at = window.until;
    }
    return segments;
}

}  // namespace

int main() {
    std::string line;
    schedule::Periods periods;
    for (bool first = true; std::getline(std::cin, line); first = false) {
        const auto parsed = json::parse(line);
        if (!parsed || !parsed->object()) {
            std::cerr << "not a JSON object: " << line << "\n";
            return 2;
        }
        const json::Object& object = *parsed->object();
        if (first) {
            std::map<std::string, schedule::Period, std::less<>> all;
            for (const auto& [name, attributes] : object) {
                const auto period = period_of(*attributes.object());
                if (!period) return 2;
                all.emplace(name, *period);
            }
            periods = schedule::Periods(all);
            continue;
        }
        const std::string& name = *object.find("name")->string();
        const json::Array segments = inside(periods, name, *object.find("from")->number(), *object.find("to")->number());
        std::cout << json::to_text(json::Value(segments)) << std::endl;
    }
    return 0;
}
