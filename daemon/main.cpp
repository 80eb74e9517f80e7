// endpointd: reads who it runs as, starts the starter while the process is still clean,
// gives up root and everything else it does not need, loads the configuration as it
// will be able to load it at a reload, and serves.

#include <grp.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>

#include "app.hpp"
#include "arguments.hpp"
#include "base/assert.hpp"
#include "base/units.hpp"
#include "confinement.hpp"
#include "exec/confine.hpp"
#include "exec/starter.hpp"
#include "files/trusted_file.hpp"

namespace endpointd {
namespace {

constexpr int kStartFailed = 2;
// Nobody but the daemon's user reads the state; its group may reach the admin socket.
constexpr mode_t kStateMode = 0700;
constexpr mode_t kRunMode = 0750;
constexpr const char* kInvalid = "the configuration is not valid; `endpointctl config validate` shows it as a whole";

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

// Gives the directories that we made as root to the user we become.
Result<void> hand_over(const Directories& directories, const settings::Settings& settings, const exec::User& user, bool state_made,
                       bool run_made) {
    // An empty one of root's is what a start that failed has left behind.
    const auto give = [&](const std::string& path, bool made, gid_t group) {
        struct stat status {};
        std::error_code ignored;
        const bool left_behind = ::stat(path.c_str(), &status) == 0 && status.st_uid == 0 && std::filesystem::is_empty(path, ignored);
        return (!made && !left_behind) || ::chown(path.c_str(), user.uid, group) == 0;
    };
    // The admin socket's group has to get into its directory.
    const group* entry = settings.admin.group ? ::getgrnam(settings.admin.group->c_str()) : nullptr;
    if (!give(directories.state, state_made, user.gid)) return system_error("cannot hand over " + directories.state, errno);
    if (!give(directories.run, run_made, entry != nullptr ? entry->gr_gid : user.gid))
        return system_error("cannot hand over " + directories.run, errno);
    return {};
}

// While it lives, files are made and moved with the rights of `user`: in a directory
// of theirs root would follow whatever link they put there.
class ActingAs {
public:
    explicit ActingAs(const std::optional<exec::User>& user) : acting_(user.has_value()) {
        if (user) failed_ = ::setegid(user->gid) != 0 || ::seteuid(user->uid) != 0;
    }
    ~ActingAs() {
        if (!acting_) return;
        const bool back = ::seteuid(0) == 0 && ::setegid(0) == 0;
        EP_ASSERT(back);
    }
    ActingAs(const ActingAs&) = delete;
    ActingAs& operator=(const ActingAs&) = delete;

    bool failed() const { return failed_; }

private:
    bool acting_;
    bool failed_ = false;
};

// The store's directory, and a store from before there was one.
Result<void> prepare_store(const Directories& directories, const std::optional<exec::User>& user) {
    const ActingAs acting(user);
    if (acting.failed()) return system_error("cannot act as " + user->name, errno);
    const std::string store = store_directory(directories);
    if (const auto made = make_directory(store, kStateMode); !made) return made.error();
    struct stat status {};
    if (::lstat((store + "/store.db").c_str(), &status) == 0) return {};
    // The database last, so that a move that was interrupted is carried on.
    for (const char* name : {"audit.head", "store.db-shm", "store.db-wal", "store.db"}) {
        const std::string old = directories.state + "/" + name;
        if (::rename(old.c_str(), (store + "/" + name).c_str()) != 0 && errno != ENOENT)
            return system_error("cannot move " + old + " to " + store, errno);
    }
    return {};
}

// endpointd.json as a reload gets it from the starter, which can read what our user
// cannot. What is wrong with it has been said by then.
std::shared_ptr<const UniqueFd> open_settings(const Directories& directories, uid_t user) {
    auto file = files::open_trusted(directories.config + "/endpointd.json", files::TrustedKind::config, user);
    return std::make_shared<const UniqueFd>(file ? std::move(*file) : UniqueFd());
}

void log_confinement(const Log& log, const Directories& directories, const Confinement& confinement) {
    const exec::DaemonConfinement& holds = confinement.holds;
    for (const std::string& text : holds.missing) log.warning("confinement", text);
    for (const std::string& path : holds.absent)
        if (path.starts_with(directories.config + "/"))
            log.info("confinement", "is not there, so it is not granted: making it later needs a restart", {{"path", path}});
    log.info("confinement", "confined", {{"seccomp", holds.seccomp ? "yes" : "no"}, {"landlock", holds.landlock}});
}

// Before root is given up, and before there is a thread, a peer's byte or a key.
Result<exec::StarterHandle> start_starter(const Directories& directories, const std::optional<exec::User>& user) {
    const auto runner = exec::program_beside_us("endpointd-runner");
    if (!runner) return runner.error();
    const auto starter = exec::program_beside_us("endpointd-starter");
    if (!starter) return starter.error();
    return exec::fork_starter({directories.config, directories.state, directories.run, *runner, *starter, user});
}

int serve(const Directories& directories) {
    ::umask(0077);
    // The zone is read once, while its file can be: without TZ the C library would look at it again and again.
    ::setenv("TZ", ":/etc/localtime", 0);
    ::tzset();
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

    ConfigurationSource source{directories.config, directories.state, directories.run, std::nullopt, files::Unreadable::is_error};
    Findings findings;
    const auto identity = load_identity(source, findings);
    if (!identity) {
        log_findings(log, findings);
        return failed("config", "the settings are not valid");
    }
    log.configure(identity->settings.log.level, identity->settings.log.format);
    std::optional<exec::User> user;
    if (::geteuid() == 0) {
        auto found = exec::daemon_user(identity->settings.user, directories.state);
        if (!found) return failed("daemon", found.error().text);
        user = std::move(*found);
        if (const auto done = hand_over(directories, identity->settings, *user, *state_made, *run_made); !done)
            return failed("daemon", done.error().text);
    }
    auto starter = start_starter(directories, user);
    if (!starter) return failed("starter", starter.error().text);
    if (const auto prepared = prepare_store(directories, user); !prepared) return failed("daemon", prepared.error().text);

    source.running_user = identity->running_user;
    source.fqdn = identity->fqdn;
    source.settings = open_settings(directories, identity->running_user);
    // Root has read the settings, to learn who to become, and reads nothing else.
    if (user) {
        exec::drop_bounding_set();
        if (const auto became = exec::become_user(*user); !became) return failed("daemon", became.error().text);
    }
    // What is to be granted stands in the configuration, and the libraries that read it
    // have to be loaded; so this is done twice.
    findings = {};
    auto configuration = load_configuration(source, findings);
    if (!configuration) {
        log_findings(log, findings);
        return failed("config", kInvalid);
    }
    findings = {};
    Confinement confinement;
    confinement.spec = confinement_spec(directories, *configuration, user, findings);
    if (!findings.ok()) {
        log_findings(log, findings);
        return failed("confinement", "its directories cannot be told apart from what it must not write");
    }
    auto confined = exec::confine_daemon(confinement.spec);
    if (!confined) return failed("confinement", confined.error().text);
    confinement.holds = std::move(*confined);
    log_confinement(log, directories, confinement);

    // As who we now are, so that a reload finds what the start found.
    configuration = load_configuration(source, findings);
    explain_refusals(findings);
    log_findings(log, findings);
    if (!configuration) return failed("config", kInvalid);
    source.settings.reset();
    App app(directories, std::move(source), std::move(*configuration), std::move(confinement), std::move(*starter), clock, log);
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
