// What the evaluator makes of a directory in the style of zones.d, or of expressions,
// as JSON: one side of the comparison with the real Icinga 2 (tests/interop/dsl_oracle.py
// is the other one). Not installed.

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "dsl/evaluation.hpp"
#include "json/value.hpp"
#include "policy/offered.hpp"

namespace {

using namespace endpointd;
namespace filesystem = std::filesystem;

constexpr std::string_view kUsage =
    "usage: dsl_dump --node N --zone Z [--plugins DIR] [--global ZONE]... ZONES_DIR\n"
    "       dsl_dump --node N --zone Z [--plugins DIR] --expressions FILE   (one per line; - is the standard input)\n"
    "       dsl_dump --node N --zone Z [--plugins DIR] -e EXPR\n";

std::string content(const filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

// The order in which Icinga reads a zone: files, then folders, each by name.
void collect(const filesystem::path& top, const filesystem::path& folder, const std::string& zone, std::vector<dsl::ZoneFile>& files) {
    std::vector<filesystem::path> here, folders;
    for (const auto& entry : filesystem::directory_iterator(folder)) {
        if (entry.is_directory()) folders.push_back(entry.path());
        if (entry.is_regular_file() && entry.path().extension() == ".conf") here.push_back(entry.path());
    }
    std::sort(here.begin(), here.end());
    std::sort(folders.begin(), folders.end());
    for (const auto& path : here) {
        const auto name = path.lexically_relative(top).string();
        files.push_back({zone, {zone + "/" + name, name, content(path)}});
    }
    for (const auto& path : folders) collect(top, path, zone, files);
}

json::Object place_json(const dsl::Place& place) { return {{"file", place.file.str()}, {"line", place.line}}; }

// Indexed by Why.
constexpr std::string_view kWhy[] = {"syntax",  "evaluation", "attribute", "statement", "function",
                                     "command", "type",       "redefined", "depends",   "limit"};

json::Value object_json(const dsl::Object& object) {
    json::Object attributes = dsl::with_defaults(*object.type, object.name, object.attributes);
    json::Array templates;
    for (const auto& name : object.templates()) templates.emplace_back(name);
    return json::Object{{"type", object.type->name}, {"name", object.name},    {"zone", object.zone.str()},
                        {"attrs", attributes},       {"templates", templates}, {"source", place_json(object.place)}};
}

json::Value refused_json(const dsl::Refused& refused) {
    return json::Object{{"why", kWhy[static_cast<std::size_t>(refused.why)]},
                        {"cause", refused.cause ? json::Value(kWhy[static_cast<std::size_t>(*refused.cause)]) : json::Value()},
                        {"type", refused.type},
                        {"name", refused.name},
                        {"zone", refused.zone},
                        {"file", refused.place.file.str()},
                        {"line", refused.place.line},
                        {"column", refused.place.column},
                        {"message", refused.message}};
}

// The value as an attribute of a host that an evaluation of its own makes; a line of text.
std::string expression(const std::string& text, const dsl::Surroundings& surroundings, bool say_why) {
    const std::string file =
        "var result = " + text + "\nobject Host \"h\" use(result) {\ncheck_command = \"dummy\"\nvars.result = result\n}\n";
    const auto evaluation = dsl::evaluate({{"zone", {"zone/e.conf", "e.conf", file}}}, dsl::Authority::pushed, surroundings, {});
    if (evaluation.refused.empty() && evaluation.objects.size() == 1) {
        const json::Value* const vars = evaluation.objects[0].attributes.find("vars");
        const json::Value* const result = vars && vars->object() ? vars->object()->find("result") : nullptr;
        if (result) return json::to_text(*result);
        return "null";
    }
    const auto& refused = evaluation.refused;
    if (!say_why || refused.empty()) return "ERROR";
    return "ERROR " + std::string(kWhy[static_cast<std::size_t>(refused[0].why)]) + " " + refused[0].message;
}

int expressions(const std::string& name, const dsl::Surroundings& surroundings) {
    std::ifstream file;
    if (name != "-") file.open(name);
    std::istream& lines = name == "-" ? std::cin : file;
    for (std::string line; std::getline(lines, line);) std::cout << expression(line, surroundings, true) << '\n';
    return 0;
}

int directory(const filesystem::path& path, const dsl::Surroundings& surroundings) {
    std::vector<filesystem::path> zones;
    for (const auto& entry : filesystem::directory_iterator(path)) {
        if (entry.is_directory()) zones.push_back(entry.path());
    }
    std::sort(zones.begin(), zones.end());
    std::vector<dsl::ZoneFile> files;
    for (const auto& zone : zones) collect(zone, zone, zone.filename().string(), files);
    const auto evaluation = dsl::evaluate(files, dsl::Authority::pushed, surroundings, {});
    json::Array objects, refused;
    for (const auto& object : evaluation.objects) objects.push_back(object_json(object));
    for (const auto& one : evaluation.refused) refused.push_back(refused_json(one));
    std::cout << json::to_text(json::Object{{"complete", evaluation.complete}, {"objects", objects}, {"refused", refused}}) << '\n';
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    dsl::Surroundings surroundings;
    std::string file, place, node, zone, plugins, expr;
    for (int i = 1; i < argc; ++i) {
        const std::string_view option = argv[i];
        if (option.starts_with("-") && option != "-" && i + 1 == argc) {
            std::fputs(kUsage.data(), stderr);
            return 2;
        }
        if (option == "--node") node = argv[++i];
        else if (option == "--zone") zone = argv[++i];
        else if (option == "--global") surroundings.global_zones.emplace_back(argv[++i]);
        else if (option == "--plugins") plugins = argv[++i];
        else if (option == "--expressions") file = argv[++i];
        else if (option == "-e") expr = argv[++i];
        else place = option;
    }
    surroundings.constants = policy::host_constants(node, zone, plugins);
    if (!expr.empty()) {
        std::cout << expression(expr, surroundings, false) << '\n';
        return 0;
    }
    if (!file.empty()) return expressions(file, surroundings);
    if (place.empty()) {
        std::fputs(kUsage.data(), stderr);
        return 2;
    }
    return directory(place, surroundings);
}
