#include "commands.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <numeric>
#include <ostream>

#include <CLI/CLI.hpp>

#include "base/units.hpp"
#include "render.hpp"
#include "verbs.hpp"

namespace endpointd::ctl {
namespace {

constexpr Parameter kStatus[] = {
    {"--check", "", "answer as a monitoring plugin: one line with performance data, exit status 0, 1, 2 or 3"}};
constexpr Parameter kCapsShow[] = {{"PARENT", "NAME", "an endpoint, or zone:NAME; without it all of them"}};
constexpr Parameter kCapsCheck[] = {
    {"PARENT", "NAME", "the endpoint that would ask", true},
    {"CAPABILITY", "NAME", "results, recheck, execute, ...", true},
    {"--host", "NAME", "the host object it is about"},
    {"--service", "NAME", "the service object it is about"},
    {"--command", "NAME", "the catalog command it names"},
    {"--param", "NAME=VALUE", "a parameter of the command; a name given again makes an array", false, true},
};
constexpr Parameter kCapsGrant[] = {
    {"PARENT", "NAME", "the parent's endpoint, or zone:NAME", true},
    {"CAPABILITY", "NAME", "results, recheck, execute, ...", true},
    {"--for", "DURATION", "how long: 30m, 2h, 7d; at most 30 days", true},
    {"--scope", "JSON", "what the grant would hold in caps.d: '{\"commands\": [\"disk\"], \"rate\": \"6/h\"}'; without it no limits"},
    {"--reason", "TEXT", "why, for whoever reads `caps show` and the audit", true},
};
constexpr Parameter kCapsRevoke[] = {{"ID", "NUMBER", "the lease, as `caps show` names it: 7 or lease:7", true}};
constexpr Parameter kAuditList[] = {
    {"--since", "TIME", "2026-11-20T16:55:00Z, or a duration before now (2h)"},
    {"--until", "TIME", "the same"},
    {"--parent", "NAME", "records about this endpoint"},
    {"--decision", "NAME", "rejected, accepted, denied, executed or changed"},
    {"--reason", "NAME", "a reason: capability-denied, unknown-command, ..."},
    {"--type", "GLOB", "the object's type"},
    {"--name", "GLOB", "the object's name"},
    {"--unreviewed", "", "only records nobody has marked as inspected"},
    {"--limit", "N", "at most N records (100)"},
    {"--before", "ID", "only records before this one: the `next` of a former answer"},
};
constexpr Parameter kAuditShow[] = {
    {"ID", "NUMBER", "the record", true},
    {"--diff", "", "compare what was pushed with what is in force under that name"},
};
constexpr Parameter kAuditOne[] = {{"ID", "NUMBER", "the record", true}};
constexpr Parameter kAuditReview[] = {
    {"ID", "NUMBER", "the records", true, true},
    {"--note", "TEXT", "what you found"},
};
constexpr Parameter kAuditExport[] = {
    {"--format", "FORMAT", "jsonl (one record a line) or csv"},
    {"--since", "TIME", "a time, or a duration before now"},
};
constexpr Parameter kCatalogShow[] = {{"NAME", "NAME", "the command", true}};
constexpr Parameter kCatalogRun[] = {
    {"NAME", "NAME", "the command", true},
    {"--param", "NAME=VALUE", "a parameter; a name given again makes an array", false, true},
};
constexpr Parameter kCatalogImport[] = {
    {"FILE", "FILE", "configuration files of Icinga 2; includes are not followed: name every file", true, true},
    {"--select", "NAME", "import only this command; may be given again", false, true},
    {"-o,--output", "FILE", "write the catalog there, where no file is yet; without it to stdout"},
};
constexpr Parameter kCatalogPin[] = {{"NAME", "NAME", "the command", true}};
constexpr Parameter kObjectsList[] = {{"--type", "TYPE", "only objects of this type: Host, Service, TimePeriod, ..."}};
constexpr Parameter kObjectsShow[] = {
    {"TYPE", "TYPE", "Host, Service, TimePeriod, ...", true},
    {"NAME", "NAME", "the full name: HOST, or HOST!SERVICE", true},
};
constexpr Parameter kCheckOne[] = {{"OBJECT", "NAME", "HOST, or HOST!SERVICE", true}};
constexpr Parameter kPause[] = {
    {"OBJECT", "NAME", "HOST, or HOST!SERVICE", true},
    {"--for", "DURATION", "resume it by itself after this time (30m, 2h); without it when somebody does"},
};
constexpr Parameter kConfigFilter[] = {
    {"--parent", "NAME", "the endpoint that would push them", true},
    {"PATH", "PATH", "a directory whose subdirectories are zones, or a file of our own zone", true, true},
};
constexpr Parameter kConfigValidate[] = {
    {"DIR", "DIR", "the configuration directory; without it --config's"},
    {"--as", "KIND", "judge one candidate file as settings, catalog, caps or zones within the rest of the tree"},
    {"--file", "FILE", "the candidate"},
    {"--name", "NAME", "the file it would replace, relative to the kind's directory; without it FILE's own name"},
};

constexpr Parameter kExportParentConfig[] = {
    {"--format", "FORMAT", "icinga (its language) or director-json (bodies for the Director's REST API)"},
    {"--parent", "NAME", "only what this endpoint's grant of `results` covers"},
    {"-o,--output", "FILE", "write it there, in place of what is there; without it to stdout"},
};

constexpr Verb kVerbs[] = {
    {"status", "node, parents, runner, store", kStatus, status},
    {"caps show", "what each parent may do, and where that is written", kCapsShow, caps_show},
    {"caps check", "would it be allowed, and which rule says so", kCapsCheck, caps_check},
    {"caps grant", "a lease: a grant with an end", kCapsGrant, caps_grant},
    {"caps revoke", "end a lease before its end", kCapsRevoke, caps_revoke},
    {"audit list", "the audit's records, newest first", kAuditList, audit_list},
    {"audit show", "one record in full, with what was sent", kAuditShow, audit_show},
    {"audit follow", "records as they happen", {}, audit_follow},
    {"audit review", "mark records as inspected", kAuditReview, audit_review},
    {"audit verify", "check the audit's hash chain", {}, audit_verify},
    {"audit export", "all records, oldest first", kAuditExport, audit_export},
    {"audit why", "why it was refused, and the smallest change that would allow it", kAuditOne, audit_why},
    {"audit propose", "a draft of the catalog entry that a refused command would need", kAuditOne, audit_propose},
    {"catalog list", "the commands that can be run", {}, catalog_list},
    {"catalog show", "one command with its entry", kCatalogShow, catalog_show},
    {"catalog render", "what would be run; runs nothing", kCatalogRun, catalog_render},
    {"catalog run", "run a command as a parent would", kCatalogRun, catalog_run},
    {"catalog pin", "the SHA-256 of a command's plugin, to paste into its entry; needs no daemon", kCatalogPin, catalog_pin},
    {"catalog import", "make catalog entries out of Icinga 2 command definitions; needs no daemon", kCatalogImport, catalog_import},
    {"catalog verify", "all pinned plugins against their pins; needs no daemon", {}, catalog_verify},
    {"check now", "check a host or service now", kCheckOne, check_now},
    {"check pause", "the same as pause", kPause, pause_check},
    {"check resume", "the same as resume", kCheckOne, resume_check},
    {"pause", "no more checks of a host or service, until they are resumed", kPause, pause_check},
    {"resume", "checks of a host or service that an operator paused", kCheckOne, resume_check},
    {"objects list", "what is configured here, local and pushed", kObjectsList, objects_list},
    {"objects show", "one object with its final attributes", kObjectsShow, objects_show},
    {"config validate", "check a configuration; needs no daemon", kConfigValidate, config_validate},
    {"config filter", "what would be taken of files if a parent pushed them; needs no daemon", kConfigFilter, config_filter},
    {"config reload", "make the daemon read its configuration again", {}, config_reload},
    {"export parent-config", "passive stubs that a parent needs to take the results of what is configured here", kExportParentConfig,
     export_parent_config},
};

struct Group {
    std::string_view word;
    std::string_view help;
};
constexpr Group kGroups[] = {
    {"caps", "what parents may do"},        {"audit", "what was refused, and what was done"}, {"catalog", "the local commands"},
    {"check", "checks of this node's own"}, {"objects", "hosts, services and the rest"},      {"config", "the configuration"},
    {"export", "what others need to know"}};

// Where CLI11 puts what it reads; must stay in place while it parses.
struct Slot {
    const Parameter* parameter;
    CLI::Option* option = nullptr;
    std::vector<std::string> values{};
};

// "select" of "--select", "output" of "-o,--output"; a positional's name as it is.
std::string bare(std::string_view name) {
    const std::size_t dashes = name.find("--");
    return std::string(dashes == std::string_view::npos ? name : name.substr(dashes + 2));
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t diagonal = row[0]++;
        for (std::size_t j = 0; j < b.size(); ++j) {
            const std::size_t above = row[j + 1];
            row[j + 1] = std::min({above + 1, row[j] + 1, diagonal + (a[i] == b[j] ? 0 : 1)});
            diagonal = above;
        }
    }
    return row.back();
}

// The first words of the command line that could be a verb's: options are skipped,
// with the value of those that take one.
std::vector<std::string> leading_words(const std::vector<std::string>& arguments) {
    std::vector<std::string> words;
    for (std::size_t i = 0; i < arguments.size() && words.size() < 2; ++i) {
        const std::string& argument = arguments[i];
        if (argument == "--config" || argument == "--state" || argument == "--run") {
            ++i;
        } else if (!argument.starts_with('-')) {
            words.push_back(argument);
        }
    }
    return words;
}

// CLI11 only says that a word was not expected; an operator who mistyped a verb
// wants to know which ones there are. Null: the verb exists, or it is CLI11's to judge.
std::optional<std::string> unknown_verb(const std::vector<std::string>& arguments) {
    const std::vector<std::string> words = leading_words(arguments);
    if (words.empty()) return std::nullopt;
    std::string known_group;
    for (const Verb& verb : kVerbs) {
        const std::string_view first = verb.words.substr(0, verb.words.find(' '));
        if (first != words[0]) continue;
        if (first == verb.words || words.size() == 1) return std::nullopt;
        if (verb.words.substr(first.size() + 1) == words[1]) return std::nullopt;
        known_group += (known_group.empty() ? "" : ", ") + std::string(verb.words);
    }
    std::string asked = words[0];
    if (words.size() == 2) asked += " " + words[1];
    const Verb* nearest = nullptr;
    std::size_t distance = 3;  // further away it is no slip of the keyboard
    for (const Verb& verb : kVerbs) {
        const std::string compared = verb.words.find(' ') == std::string_view::npos ? words[0] : asked;
        if (const std::size_t is = edit_distance(compared, verb.words); is < distance) {
            distance = is;
            nearest = &verb;
        }
    }
    std::string text = "there is no verb '" + printable(known_group.empty() ? words[0] : asked, 128) + "'";
    if (nearest) return text + "; did you mean '" + std::string(nearest->words) + "'?";
    if (!known_group.empty()) return text + "; there are: " + known_group;
    return text + "; see endpointctl --help";
}

void add_parameter(CLI::App& app, Slot& slot) {
    const Parameter& parameter = *slot.parameter;
    const std::string name(parameter.name), help(parameter.help);
    if (parameter.value.empty()) {
        slot.option = app.add_flag(name, help);
        return;
    }
    slot.option = app.add_option(name, slot.values, help)->type_name(std::string(parameter.value));
    if (parameter.repeated && !name.starts_with("--")) {
        slot.option->expected(1, -1);
    } else if (parameter.repeated) {
        slot.option->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)->allow_extra_args(false);
    } else {
        slot.option->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::Throw)->allow_extra_args(false);
    }
    if (parameter.required) slot.option->required();
}

int wrong_usage(const Context& context, std::string_view why) {
    const std::string of = context.verb.empty() ? "" : " " + context.verb;
    return report(context, kUsage, std::string(why) + " (see endpointctl" + of + " --help)");
}

}  // namespace

std::span<const Verb> verbs() noexcept { return kVerbs; }

int report(const Context& context, ExitStatus status, std::string_view why) {
    context.err << "endpointctl: " << (context.verb.empty() ? "usage" : context.verb) << ": " << why << '\n';
    return status;
}

int run(std::vector<std::string> arguments, std::ostream& out, std::ostream& err, const Clock& clock, bool color) {
    Context context{.color = color, .verb = {}, .out = out, .err = err, .clock = clock};
    if (const std::optional<std::string> why = unknown_verb(arguments)) return report(context, kUsage, *why);

    CLI::App app("What an operator of endpointd does.", "endpointctl");
    app.fallthrough();
    app.require_subcommand(1, 1);
    app.add_option("--config", context.config, "configuration directory")->type_name("DIR")->capture_default_str();
    app.add_option("--state", context.state, "state directory")->type_name("DIR")->capture_default_str();
    app.add_option("--run", context.run, "run directory")->type_name("DIR")->capture_default_str();
    app.add_flag("--json", context.json, "answer in JSON");
    app.set_version_flag("--version", "endpointctl " ENDPOINTD_VERSION, "print the version");
    app.footer("Exit status: 0 done or allowed, 1 the answer is no, 2 wrong usage or configuration, 3 the daemon cannot be reached.");

    std::map<std::string_view, CLI::App*> groups;
    for (const Group& group : kGroups) {
        CLI::App* const sub = app.add_subcommand(std::string(group.word), std::string(group.help));
        sub->require_subcommand(1, 1);
        groups[group.word] = sub;
    }
    struct Leaf {
        const Verb* verb;
        CLI::App* app;
        std::vector<std::unique_ptr<Slot>> slots;
    };
    std::vector<Leaf> leaves;
    for (const Verb& verb : kVerbs) {
        const std::size_t space = verb.words.find(' ');
        CLI::App* const parent = space == std::string_view::npos ? &app : groups.at(verb.words.substr(0, space));
        const std::string word(space == std::string_view::npos ? verb.words : verb.words.substr(space + 1));
        Leaf leaf{&verb, parent->add_subcommand(word, std::string(verb.help)), {}};
        for (const Parameter& parameter : verb.parameters) {
            leaf.slots.push_back(std::make_unique<Slot>(Slot{&parameter}));
            add_parameter(*leaf.app, *leaf.slots.back());
        }
        leaves.push_back(std::move(leaf));
    }
    const auto chosen = [&]() -> const Leaf* {
        const auto found = std::find_if(leaves.begin(), leaves.end(), [](const Leaf& leaf) { return leaf.app->parsed(); });
        return found == leaves.end() ? nullptr : &*found;
    };

    try {
        std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them from the back
        app.parse(std::move(arguments));
    } catch (const CLI::CallForHelp&) {
        out << app.help();
        return kDone;
    } catch (const CLI::CallForVersion& version) {
        out << version.what() << '\n';
        return kDone;
    } catch (const CLI::ParseError& error) {
        if (const Leaf* const leaf = chosen()) context.verb = leaf->verb->words;
        return wrong_usage(context, printable(error.what(), 1024));
    }
    const Leaf* const leaf = chosen();
    if (!leaf) return wrong_usage(context, "which verb?");
    context.verb = leaf->verb->words;

    Arguments given;
    for (const std::unique_ptr<Slot>& slot : leaf->slots) {
        if (slot->option->count() != 0) given.set(bare(slot->parameter->name), std::move(slot->values));
    }
    return leaf->verb->run(context, given);
}

}  // namespace endpointd::ctl
