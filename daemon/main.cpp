// endpointd: reads who it runs as, starts the starter while the process is still clean,
// gives up root, loads the configuration as the user it runs as, and serves.

#include <grp.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "app.hpp"
#include "arguments.hpp"
#include "base/units.hpp"
#include "exec/confine.hpp"
#include "exec/starter.hpp"

namespace endpointd {
namespace {

constexpr int kStartFailed = 2;
// Nobody but the daemon's user reads the state; its group may reach the admin socket.
constexpr mode_t kStateMode = 0700;
constexpr mode_t kRunMode = 0750;

std::string place_of(const Finding& finding) {
    std::string place = finding.file;
    if (finding.line != 0) place += ":" + std::to_string(finding.line) + ":" + std::to_string(finding.column);
    return place;
}

void log_findings(const Log& log, const Findings& findings) {
    for (const Finding& error : findings.errors)
        log.error("config", error.message, {{"at", place_of(error)}, {"pointer", error.pointer.value_or("")}});
    for (const Finding& warning : findings.warnings)
        log.warning("config", warning.message, {{"at", place_of(warning)}, {"pointer", warning.pointer.value_or("")}});
}

int check_configuration(const Directories& directories) {
    Findings findings;
    load_configuration({directories.config, directories.state, directories.run, std::nullopt, files::Unreadable::is_warning}, findings);
    const auto print = [](const Finding& finding, const char* severity) {
        const std::string pointer = finding.pointer.value_or("").empty() ? "" : " (" + escaped(*finding.pointer, 1024) + ")";
        std::fprintf(stdout, "%s: %s: %s%s\n", place_of(finding).c_str(), severity, escaped(finding.message, 4096).c_str(),
                     pointer.c_str());
    };
    for (const Finding& error : findings.errors) print(error, "error");
    for (const Finding& warning : findings.warnings) print(warning, "warning");
    std::fprintf(stdout, "%s: %s (%zu errors, %zu warnings)\n", directories.config.c_str(), findings.ok() ? "valid" : "invalid",
                 findings.errors.size(), findings.warnings.size());
    return findings.ok() ? 0 : 1;
}

// Makes the directory if it is not there. True if it was made.
Result<bool> make_directory(const std::string& path, mode_t mode) {
    if (::mkdir(path.c_str(), mode) == 0) {
        // The umask has taken away what the mode gives the group.
        if (::chmod(path.c_str(), mode) != 0) return system_error("cannot set the mode of " + path, errno);
        return true;
    }
    const int why = errno;
    struct stat status {};
    if (why == EEXIST && ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) return false;
    return system_error("cannot make directory " + path, why);
}

// Becomes the user the settings name. Where we are not root there is nothing to give up.
Result<void> give_up_root(const Directories& directories, const Identity& identity, bool state_made, bool run_made) {
    if (::geteuid() == 0) {
        const auto user = exec::daemon_user(identity.settings.user, directories.state);
        if (!user) return user.error();
        // An empty one of root's is what a start that failed has left behind.
        const auto hand_over = [&](const std::string& path, bool made, gid_t group) {
            struct stat status {};
            std::error_code ignored;
            const bool left_behind = ::stat(path.c_str(), &status) == 0 && status.st_uid == 0 && std::filesystem::is_empty(path, ignored);
            return (!made && !left_behind) || ::chown(path.c_str(), user->uid, group) == 0;
        };
        // The admin socket's group has to get into its directory.
        const std::optional<std::string>& admin = identity.settings.admin.group;
        const group* entry = admin ? ::getgrnam(admin->c_str()) : nullptr;
        if (!hand_over(directories.state, state_made, user->gid)) return system_error("cannot hand over " + directories.state, errno);
        if (!hand_over(directories.run, run_made, entry != nullptr ? entry->gr_gid : user->gid))
            return system_error("cannot hand over " + directories.run, errno);
        if (auto become = exec::become_user(*user); !become) return become.error();
    }
    return exec::forbid_core_dumps();
}

// Before root is given up, and before there is a thread, a peer's byte or a key.
Result<exec::StarterHandle> start_starter(const Directories& directories, const Identity& identity) {
    const auto runner = exec::program_beside_us("endpointd-runner");
    if (!runner) return runner.error();
    const auto starter = exec::program_beside_us("endpointd-starter");
    if (!starter) return starter.error();
    exec::StarterConfig config{directories.config, directories.state, directories.run, *runner, *starter, std::nullopt};
    if (::geteuid() == 0) {
        auto user = exec::daemon_user(identity.settings.user, directories.state);
        if (!user) return user.error();
        config.user = std::move(*user);
    }
    return exec::fork_starter(config);
}

int serve(const Directories& directories) {
    ::umask(0077);
    ::openlog("endpointd", LOG_PID, LOG_AUTHPRIV);
    const SystemClock clock;
    Log log(clock, STDERR_FILENO, "endpointd");
    const auto failed = [&](std::string_view area, const std::string& why) {
        log.error(area, "cannot start", {{"why", why}});
        return kStartFailed;
    };
    const auto state_made = make_directory(directories.state, kStateMode);
    if (!state_made) return failed("daemon", state_made.error().text);
    const auto run_made = make_directory(directories.run, kRunMode);
    if (!run_made) return failed("daemon", run_made.error().text);

    // A peer that goes away while we write is an error code, not a signal.
    std::signal(SIGPIPE, SIG_IGN);

    const ConfigurationSource source{directories.config, directories.state, directories.run, std::nullopt, files::Unreadable::is_error};
    Findings findings;
    const auto identity = load_identity(source, findings);
    if (!identity) {
        log_findings(log, findings);
        return failed("config", "the settings are not valid");
    }
    log.configure(identity->settings.log.level, identity->settings.log.format);
    auto starter = start_starter(directories, *identity);
    if (!starter) return failed("starter", starter.error().text);
    if (const auto given_up = give_up_root(directories, *identity, *state_made, *run_made); !given_up)
        return failed("daemon", given_up.error().text);

    // As the user we now are, so that a reload finds what the start found.
    findings = {};
    auto configuration = load_configuration(source, findings);
    log_findings(log, findings);
    if (!configuration) return failed("config", "the configuration is not valid; `endpointctl config validate` shows it as a whole");
    App app(directories, std::move(*configuration), std::move(*starter), clock, log);
    const int status = app.run();
    // Everything is stored and every process told by now. Asio's resolver thread may hang in
    // a DNS that does not answer, and taking the app apart would wait for it.
    std::_Exit(status);
}

}  // namespace
}  // namespace endpointd

int main(int argc, char** argv) {
    const endpointd::Arguments arguments = endpointd::parse_arguments(argc, argv);
    if (arguments.done) {
        std::fputs(arguments.done->text.c_str(), arguments.done->status == 0 ? stdout : stderr);
        return arguments.done->status;
    }
    if (arguments.check_config) return endpointd::check_configuration(arguments.directories);
    return endpointd::serve(arguments.directories);
}
