// config filter: what would be taken of files if a parent pushed them. Needs no daemon.

#include <ostream>

#include "admin/views.hpp"
#include "configuration.hpp"
#include "policy/filter.hpp"
#include "pushed_files.hpp"
#include "render.hpp"
#include "verbs.hpp"

namespace endpointd::ctl {
namespace {

json::Value text_or_null(const std::string& text) { return text.empty() ? json::Value() : json::Value(text); }
json::Value line_or_null(std::uint32_t line) { return line == 0 ? json::Value() : json::Value(line); }

// None: it was reported.
std::optional<Configuration> load(const Context& context) {
    ConfigurationSource source;
    source.config_dir = context.config;
    source.state_dir = context.state;
    source.run_dir = context.run;
    source.unreadable = files::Unreadable::is_warning;  // keys and secrets are not needed here
    Findings findings;
    std::optional<Configuration> loaded = load_configuration(source, findings);
    if (loaded) return loaded;
    for (const json::Value& finding : admin::findings_view(findings.errors)) print_finding(context.err, finding, "error", context.color);
    if (findings.ok()) {
        for (const json::Value& finding : admin::findings_view(findings.warnings))
            print_finding(context.err, finding, "warning", context.color);
    }
    report(context, kUsage, "the configuration in " + printable(context.config, 4096) + " cannot be used; see config validate");
    return std::nullopt;
}

policy::World world_of(const Configuration& configuration) {
    policy::World world;
    world.topology = configuration.topology;
    world.grants = configuration.grants;
    world.catalog = configuration.catalog;
    world.local = configuration.local;
    world.node = configuration.settings.node.name;
    return world;
}

json::Value accepted_json(const policy::Plan& plan) {
    json::Array accepted;
    for (const policy::PlannedObject& planned : plan.objects) {
        if (plan.failed || planned.origin == policy::Origin::local) continue;
        accepted.emplace_back(json::Object{{"type", planned.object->type->name},
                                           {"name", planned.object->name},
                                           {"file", text_or_null(planned.object->place.file.str())},
                                           {"line", line_or_null(planned.object->place.line)}});
    }
    return accepted;
}

void add_rejected(json::Array& into, const std::vector<policy::Rejection>& rejections) {
    for (const policy::Rejection& rejection : rejections) {
        into.emplace_back(json::Object{{"object_type", text_or_null(rejection.object_type)},
                                       {"object_name", text_or_null(rejection.object_name)},
                                       {"zone", text_or_null(rejection.zone)},
                                       {"file", text_or_null(rejection.file)},
                                       {"line", line_or_null(rejection.line)},
                                       {"decision", "rejected"},
                                       {"reason", policy::name_of(rejection.reason)},
                                       {"detail", rejection.detail}});
    }
}

std::string place_of(const json::Value& item) {
    const json::Value& line = member(item, "line");
    return text_of(member(item, "file")) + (line.is_null() ? "" : ":" + text_of(line));
}

void print_answer(const Context& context, const json::Value& answer) {
    const json::Array &accepted = items(member(answer, "accepted")), &rejected = items(member(answer, "rejected"));
    if (!accepted.empty()) {
        Table table({"TYPE", "NAME", "PLACE"});
        for (const json::Value& item : accepted) table.add({text_of(member(item, "type")), text_of(member(item, "name")), place_of(item)});
        table.print(context.out, context.color);
        context.out << '\n';
    }
    if (!rejected.empty()) {
        Table table({"REJECTED", "NAME", "PLACE", "REASON", "DETAIL"});
        for (const json::Value& item : rejected) {
            table.add({text_of(member(item, "object_type")), text_of(member(item, "object_name")), place_of(item),
                       text_of(member(item, "reason")), text_of(member(item, "detail"))});
        }
        table.print(context.out, context.color);
        context.out << '\n';
    }
    context.out << accepted.size() << " accepted, " << rejected.size() << " rejected\n";
}

}  // namespace

int config_filter(const Context& context, const Arguments& arguments) {
    const std::optional<Configuration> configuration = load(context);
    if (!configuration) return kUsage;
    const std::string parent = arguments.one("parent");
    if (!configuration->topology->endpoint(parent) || !configuration->topology->is_parent(parent)) {
        return report(
            context, kUsage,
            "'" + printable(parent, 128) + "' is no endpoint that configures this node: --parent names one of our zone or our parent zone");
    }
    const settings::Limits& limits = configuration->settings.limits;
    std::vector<policy::PushedFile> files;
    for (const std::string& path : arguments.all("PATH")) {
        const Result<void> read =
            read_pushed(path, parent, configuration->topology->local_zone().name, {limits.config_files, limits.config_size}, files);
        if (!read) return report(context, kUsage, printable(read.error().text, 8192));
    }

    const policy::World world = world_of(*configuration);
    policy::CheckedUpdate update = policy::check_update(parent, std::move(files), world, {limits.config_files, limits.config_size});
    json::Array rejected;
    add_rejected(rejected, update.rejections);
    policy::Plan plan;
    if (!update.refused) {
        policy::Wanted wanted;
        wanted.files = std::make_shared<const std::vector<policy::PushedFile>>(std::move(update.files));
        wanted.objects = wanted.annotations = std::make_shared<const std::vector<policy::RuntimeObject>>();
        wanted.modifications = std::make_shared<const std::vector<policy::Modification>>();
        dsl::Limits bounds;
        bounds.steps = limits.eval_steps;
        bounds.depth = static_cast<unsigned>(limits.eval_depth);
        bounds.objects = limits.objects;
        plan = policy::Planner().plan(wanted, world, bounds);
        add_rejected(rejected, plan.rejections);
    }
    const bool all = rejected.empty() && !update.refused && !plan.failed;
    const json::Value answer(json::Object{{"accepted", accepted_json(plan)}, {"rejected", std::move(rejected)}});
    if (context.json) context.out << json::to_pretty_text(answer) << '\n';
    else print_answer(context, answer);
    return all ? kDone : kNo;
}

}  // namespace endpointd::ctl
