#include "dsl/local.hpp"

#include <algorithm>

#include "base/units.hpp"
#include "dsl/source.hpp"

namespace endpointd::dsl {

namespace {

// Objects and refusals of the host's own say that it is they.
constexpr std::string_view kPackage = "_etc";

class LocalLoader {
public:
    LocalLoader(const std::vector<SourceFile>& files, const LocalNode& node, std::vector<std::pair<std::string, json::Value>> constants,
                const Limits& limits, Findings& findings)
        : node_(node), limits_(limits), findings_(findings) {
        const std::string_view zone = node.zone.empty() ? node.name : node.zone;
        std::erase_if(constants, [](const auto& one) { return one.first == "NodeName" || one.first == "ZoneName"; });
        constants.emplace_back("NodeName", json::Value(node.name));
        constants.emplace_back("ZoneName", json::Value(zone));
        surroundings_.constants = std::move(constants);
        for (const SourceFile& file : files) files_.push_back({folder(file.name).value_or(std::string(zone)), file, std::string(kPackage)});
    }

    std::optional<Local> run() {
        const std::size_t errors = findings_.errors.size();
        Evaluation evaluation = evaluate(files_, Authority::local, surroundings_, limits_);
        auto topology = is_sound(evaluation) ? topology_of(evaluation, node_.name, node_.zone, findings_) : std::nullopt;
        // Only now it is known which zones there are. Mostly the guess was right, and the global ones are empty.
        if (topology && assign_zones(*topology) && has_objects(evaluation)) {
            evaluation = {};  // two of them do not have to fit into memory
            evaluation = evaluate(files_, Authority::local, surroundings_, limits_);
        }
        report(evaluation);
        if (!topology || findings_.errors.size() != errors) return std::nullopt;
        std::erase_if(evaluation.objects, [](const Object& object) { return object.type->role != TypeRole::object; });
        evaluation.objects.shrink_to_fit();  // they stay for long
        return Local{std::move(*topology), std::move(evaluation.objects)};
    }

private:
    // The zone's name that the file's path begins with.
    static std::optional<std::string> folder(const std::string& name) {
        const std::size_t slash = name.find('/');
        return slash == std::string::npos ? std::nullopt : std::optional(name.substr(0, slash));
    }

    static bool has_objects(const Evaluation& evaluation) {
        return std::ranges::any_of(evaluation.objects, [](const Object& object) { return object.type->role == TypeRole::object; });
    }

    static bool is_left_out(const Refused& refused) { return refused.why == Why::command || refused.why == Why::type; }
    static bool is_sound(const Evaluation& evaluation) {
        return evaluation.complete && std::ranges::all_of(evaluation.refused, is_left_out);
    }

    // True if something is not as it was taken to be.
    bool assign_zones(const Topology& topology) {
        bool changed = false;
        for (ZoneFile& file : files_) {
            const auto named = folder(file.source.name);
            std::string zone = named && topology.zone(*named) ? *named : topology.local_zone().name;
            if (zone == file.zone) continue;
            file.zone = std::move(zone);
            changed = true;
        }
        for (const auto& [name, zone] : topology.zones()) {
            if (!zone.global) continue;
            surroundings_.global_zones.push_back(name);
            changed = changed || std::ranges::any_of(files_, [&](const ZoneFile& file) { return file.zone == name; });
        }
        return changed;
    }

    void report(const Evaluation& evaluation) {
        for (const Refused& refused : evaluation.refused) {
            const std::string what = refused.type.empty() ? std::string() : refused.type + " \"" + escaped(refused.name) + "\"";
            if (refused.why == Why::command)
                warn(refused, what + " is skipped: commands are defined in catalog.d; 'endpointctl catalog import' makes entries of them");
            else if (refused.why == Why::type) warn(refused, what + " is skipped: it has no meaning here");
            else findings_.errors.push_back(finding(refused, what.empty() ? refused.message : what + ": " + refused.message));
        }
        if (evaluation.left_out > 0)
            findings_.errors.push_back({"zones.d", 0, 0, std::nullopt, std::to_string(evaluation.left_out) + " more errors and warnings"});
    }

    void warn(const Refused& refused, std::string message) {
        findings_.warnings.push_back({refused.place.file, refused.place.line, refused.place.column, std::nullopt, std::move(message)});
    }

    Finding finding(const Refused& refused, const std::string& message) const {
        const Place& place = refused.place;
        const auto file = std::ranges::find_if(files_, [&](const ZoneFile& one) { return one.source.path == place.file; });
        // A syntax error shows its line already.
        if (refused.why == Why::syntax || file == files_.end() || place.line == 0)
            return {place.file, place.line, place.column, std::nullopt, message};
        return Source(file->source).finding({place.line, place.column}, message);
    }

    const LocalNode& node_;
    const Limits& limits_;
    Findings& findings_;
    Surroundings surroundings_;
    std::vector<ZoneFile> files_;
};

}  // namespace

std::optional<Local> load_local(const std::vector<SourceFile>& files, const LocalNode& node,
                                std::vector<std::pair<std::string, json::Value>> constants, const Limits& limits, Findings& findings) {
    return LocalLoader(files, node, std::move(constants), limits, findings).run();
}

std::optional<Topology> load_zones(const std::vector<SourceFile>& files, std::string_view node_name, std::string_view configured_zone,
                                   Findings& findings) {
    std::optional<Local> local = load_local(files, {node_name, configured_zone}, {}, {}, findings);
    if (!local) return std::nullopt;
    return std::move(local->topology);
}

}  // namespace endpointd::dsl
