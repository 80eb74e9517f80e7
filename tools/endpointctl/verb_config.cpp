// config validate, which needs no daemon, and config reload.

#include <sys/stat.h>

#include <ostream>

#include "admin/views.hpp"
#include "client.hpp"
#include "configuration.hpp"
#include "render.hpp"
#include "verbs.hpp"

namespace endpointd::ctl {
namespace {

struct KindName {
    std::string_view name;
    files::TreeKind kind;
};
constexpr KindName kKinds[] = {{"settings", files::TreeKind::settings},
                               {"catalog", files::TreeKind::catalog},
                               {"caps", files::TreeKind::caps},
                               {"zones", files::TreeKind::zones}};

std::string count(std::size_t number, const char* what) { return std::to_string(number) + " " + what + (number == 1 ? "" : "s"); }

void print_findings(const Context& context, const json::Value& answer) {
    for (const json::Value& finding : items(member(answer, "errors"))) print_finding(context.out, finding, "error", context.color);
    for (const json::Value& finding : items(member(answer, "warnings"))) print_finding(context.out, finding, "warning", context.color);
}

// "1 error, 2 warnings"
std::string summary(const json::Value& answer) {
    return count(items(member(answer, "errors")).size(), "error") + ", " + count(items(member(answer, "warnings")).size(), "warning");
}

}  // namespace

int config_validate(const Context& context, const Arguments& arguments) {
    ConfigurationSource source;
    source.config_dir = arguments.has("DIR") ? arguments.one("DIR") : context.config;
    source.state_dir = context.state;
    source.run_dir = context.run;
    // An operator may look at a tree without being allowed to read its keys.
    source.unreadable = files::Unreadable::is_warning;

    struct stat info {};
    if (::stat(source.config_dir.c_str(), &info) != 0 || !S_ISDIR(info.st_mode)) {
        return report(context, kUsage,
                      "'" + printable(source.config_dir) + "' is no directory that can be read; name the configuration directory");
    }
    if (arguments.has("as") != arguments.has("file") || (arguments.has("name") && !arguments.has("file"))) {
        return report(context, kUsage, "--as KIND and --file FILE go together, --name NAME only with them");
    }
    if (arguments.has("as")) {
        const KindName* found = nullptr;
        for (const KindName& kind : kKinds) {
            if (kind.name == arguments.one("as")) found = &kind;
        }
        if (!found)
            return report(context, kUsage,
                          "unknown kind '" + printable(arguments.one("as"), 64) + "'; known: settings, catalog, caps, zones");
        const std::string file = arguments.one("file");
        if (::stat(file.c_str(), &info) != 0 || S_ISDIR(info.st_mode)) {
            return report(context, kUsage, "'" + printable(file) + "' is no file that can be read");
        }
        std::string name = arguments.has("name") ? arguments.one("name") : file.substr(file.rfind('/') + 1);
        if (name.empty() || name.starts_with('/') || name == ".." || name.starts_with("../") || name.find("/../") != std::string::npos)
            return report(context, kUsage, "--name is relative to the kind's directory, like 10-web.json");
        source.candidate = Candidate{found->kind, file, std::move(name)};
    }

    Findings findings;
    load_configuration(source, findings);
    // What could not be read is a warning, and then there is nothing to hand out: that is no error.
    const bool valid = findings.ok();
    const json::Value answer = admin::validate_view(findings);
    if (context.json) {
        context.out << json::to_pretty_text(answer) << '\n';
    } else {
        print_findings(context, answer);
        context.out << printable(source.config_dir, 4096) << (valid ? ": valid (" : ": invalid (") << summary(answer) << ")\n";
    }
    return valid ? kDone : kNo;
}

int config_reload(const Context& context, const Arguments&) {
    const Answered answer =
        ask_daemon(context, {.method = "POST", .target = "/v1/reload", .body = {}, .patience = Patience::as_long_as_it_takes});
    if (!answer.ok) return answer.status;
    const bool* const reloaded = member(answer.value, "reloaded").boolean();
    const bool done = reloaded && *reloaded;
    if (context.json) {
        context.out << json::to_pretty_text(answer.value) << '\n';
    } else {
        print_findings(context, answer.value);
        context.out << (done ? "reloaded (" : "not reloaded, the running configuration stays in force (") << summary(answer.value) << ")\n";
    }
    return done ? kDone : kNo;
}

}  // namespace endpointd::ctl
