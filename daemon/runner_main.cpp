// endpointd-runner: owns the command catalog and starts what it allows. Started
// by the starter as the daemon's user, with a socket to the daemon and one to the
// launcher; reads its configuration by itself, tells the launcher which users there
// are, confines itself, and serves until the daemon's end closes.

#include <fcntl.h>
#include <getopt.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "catalog/catalog.hpp"
#include "exec/confine.hpp"
#include "exec/exit_status.hpp"
#include "exec/launcher_client.hpp"
#include "exec/record.hpp"
#include "exec/runner_confinement.hpp"
#include "exec/server.hpp"
#include "exec/signals.hpp"
#include "exec/starter_config.hpp"
#include "files/digest.hpp"
#include "files/tree.hpp"
#include "settings/settings.hpp"

namespace endpointd {
namespace {

constexpr const char* kUsage =
    "Usage: endpointd-runner [--config DIR] [--state DIR] [--run DIR] --fd N --launcher N [--user NAME:UID:GID]\n"
    "\n"
    "Starts the commands of the local catalog for endpointd. It is started by\n"
    "endpointd, which gives it two sockets; there is no reason to start it by hand.\n"
    "\n"
    "  --config DIR   configuration directory (default /etc/endpointd)\n"
    "  --state DIR    state directory (default /var/lib/endpointd)\n"
    "  --run DIR      run directory (default /run/endpointd)\n"
    "  --fd N         number of the socket to endpointd\n"
    "  --launcher N   number of the socket to the launcher\n"
    "  --user USER    started as root: whom to become, before anything else\n"
    "  --help         this text\n"
    "  --version      the version\n";

struct Arguments {
    std::string config = "/etc/endpointd";
    std::string state = "/var/lib/endpointd";
    std::string run = "/run/endpointd";
    int fd = -1;
    int launcher = -1;
    bool root = false;
};

bool is_number(const std::string& text, int& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size();
}

bool is_our_socket(int fd) {
    int type = 0;
    socklen_t size = sizeof type;
    return fd > STDERR_FILENO && ::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_SEQPACKET;
}

// The first thing of all. The starter could do it before the exec; but then this process
// would have been one of the user's from its first instruction on, open to every other of
// his, among them an endpointd that was taken over and plugins, until it forbids it. As it
// is, it was root's until here, and the kernel itself forbids it with the change of user.
// True: the launcher is root. Errors end the process.
bool drop_root(int argc, char** argv) {
    if (::geteuid() != 0) return false;
    for (int i = 1; i + 1 < argc; ++i) {
        if (std::string_view(argv[i]) != "--user") continue;
        const auto user = exec::user_from(argv[i + 1]);
        if (!user || !exec::become_user(*user)) break;
        return true;
    }
    if (argc > 1 && (std::string_view(argv[1]) == "--help" || std::string_view(argv[1]) == "--version")) return false;
    std::fputs("endpointd-runner: not started by endpointd, or its user cannot be become: start endpointd instead\n", stderr);
    ::exit(exec::kBadConfigStatus);
}

// Ends the process for --help, --version and what it does not understand.
Arguments parse_arguments(int argc, char** argv) {
    static constexpr option kOptions[] = {{"config", required_argument, nullptr, 'c'},
                                          {"state", required_argument, nullptr, 's'},
                                          {"run", required_argument, nullptr, 'r'},
                                          {"fd", required_argument, nullptr, 'f'},
                                          {"launcher", required_argument, nullptr, 'l'},
                                          {"user", required_argument, nullptr, 'u'},
                                          {"help", no_argument, nullptr, 'h'},
                                          {"version", no_argument, nullptr, 'v'},
                                          {nullptr, 0, nullptr, 0}};
    Arguments arguments;
    for (int found = 0; (found = ::getopt_long(argc, argv, "", kOptions, nullptr)) != -1;) {
        const std::string value = optarg ? optarg : "";
        switch (found) {
            case 'c':
                arguments.config = value;
                break;
            case 's':
                arguments.state = value;
                break;
            case 'r':
                arguments.run = value;
                break;
            case 'f':
                if (!is_number(value, arguments.fd)) arguments.fd = -1;
                break;
            case 'l':
                if (!is_number(value, arguments.launcher)) arguments.launcher = -1;
                break;
            case 'u':
                break;  // done: see drop_root()
            case 'h':
                std::fputs(kUsage, stdout);
                ::exit(0);
            case 'v':
                std::puts("endpointd-runner " ENDPOINTD_VERSION);
                ::exit(0);
            default:
                std::fputs(kUsage, stderr);
                ::exit(exec::kBadConfigStatus);
        }
    }
    if (optind != argc || !is_our_socket(arguments.fd) || !is_our_socket(arguments.launcher)) {
        std::fputs("endpointd-runner: --fd and --launcher: not sockets from endpointd: start endpointd instead\n", stderr);
        ::exit(exec::kBadConfigStatus);
    }
    return arguments;
}

std::string text_of(const Findings& findings) {
    std::string text;
    for (const Finding& finding : findings.errors) {
        if (!text.empty()) text += '\n';
        text += finding.file;
        if (finding.line > 0) text += ":" + std::to_string(finding.line) + ":" + std::to_string(finding.column);
        text += ": " + finding.message;
    }
    return text;
}

struct Configuration {
    settings::Settings settings;
    exec::User user;
    exec::LoadedRunner runner;
};

exec::HiddenPaths hidden_paths(const Arguments& arguments, const settings::Settings& settings) {
    const auto absolute = [](const std::string& path) { return std::filesystem::absolute(path).lexically_normal().string(); };
    const auto of_config = [&](const std::string& path) { return absolute(path.starts_with('/') ? path : arguments.config + "/" + path); };
    return {{absolute(arguments.state), absolute(arguments.run), of_config("pki"), of_config("secrets"), of_config(settings.tls.key)},
            {"/root", "/home"}};
}

Result<Configuration> load_configuration(const Arguments& arguments) {
    Findings findings;
    const auto read = [&](files::TreeKind kind, uid_t owner) {
        return files::read_tree(arguments.config, kind, owner, files::Unreadable::is_error, findings);
    };
    auto settings = settings::load(read(files::TreeKind::settings, exec::settings_owner(arguments.state)), findings);
    if (!settings || !findings.ok()) return fail(Errc::invalid, text_of(findings));
    auto user = exec::running_user(settings->user, arguments.state);
    if (!user) return user.error();
    auto catalog = std::make_shared<const catalog::Catalog>(catalog::Catalog::load(read(files::TreeKind::catalog, user->uid), findings));
    if (!findings.ok()) return fail(Errc::invalid, text_of(findings));

    exec::LoadedRunner runner;
    runner.digest = files::sha256_hex(catalog->canonical_text());
    runner.limits = {settings->runner.max_concurrent, settings->runner.max_output, settings->runner.timeout};
    auto identities = exec::identities_of(*catalog, *user, arguments.root);
    if (!identities) return fail(Errc::invalid, arguments.config + "/catalog.d: " + identities.error().text);
    runner.identities = std::move(*identities);
    runner.hidden = hidden_paths(arguments, *settings);
    if (arguments.root && runner.identities.list.size() > 1) {
        // With root behind the catalog only root may have written it: otherwise whoever
        // takes over the daemon writes an entry of his own and has it started as root.
        read(files::TreeKind::settings, 0);
        read(files::TreeKind::catalog, 0);
        if (!findings.ok()) return fail(Errc::invalid, text_of(findings));
    }
    runner.catalog = std::move(catalog);
    return Configuration{std::move(*settings), std::move(*user), std::move(runner)};
}

// Two descriptors for each run, and some for ourselves: whatever the shell or
// supervisor left us as the soft limit is too little. The spawners lower it again.
void raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

// Tells the launcher who there is, and then gives up what the runner itself could do.
Result<exec::RunnerConfinement> confine(const Arguments& arguments, const Configuration& configuration, exec::LauncherClient& launcher) {
    const exec::Identities& identities = configuration.runner.identities;
    auto settled = launcher.settle(identities.list, !identities.gains_rights);
    if (!settled) return settled.error();
    exec::RunnerRules rules{std::filesystem::absolute(arguments.state).lexically_normal().string(),
                            configuration.settings.confinement.seccomp == settings::Demand::required,
                            configuration.settings.confinement.landlock == settings::Demand::required};
    auto confinement = exec::confine_runner(rules);
    if (!confinement) return confinement.error();
    confinement->root = settled->root;
    if (identities.gains_rights && !settled->confines)
        confinement->missing.push_back(
            "commands with allow_setuid run without Landlock and seccomp: confining them takes root with CAP_SYS_ADMIN");
    return confinement;
}

int run_main(int argc, char** argv) {
    const bool was_root = drop_root(argc, argv);
    if (!exec::forbid_core_dumps()) return exec::kBadConfigStatus;
    Arguments arguments = parse_arguments(argc, argv);
    arguments.root = was_root;
    exec::block_all_signals();
    UniqueFd client(arguments.fd);
    for (const int fd : {arguments.fd, arguments.launcher}) {
        ::fcntl(fd, F_SETFD, FD_CLOEXEC);
        ::fcntl(fd, F_SETFL, O_NONBLOCK);
    }
    exec::LauncherClient launcher{UniqueFd(arguments.launcher)};
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    raise_descriptor_limit();

    const SystemClock clock;
    Log log(clock, STDERR_FILENO, "endpointd-runner");
    auto configuration = load_configuration(arguments);
    // Before anything is confined: it makes the directory that is then the only one to be written.
    auto record = exec::Record::open(arguments.state, clock);
    Result<exec::RunnerConfinement> confinement = exec::RunnerConfinement{};
    if (configuration && record) confinement = confine(arguments, *configuration, launcher);
    if (!configuration || !record || !confinement) {
        const Error error = !configuration ? configuration.error() : !record ? record.error() : confinement.error();
        exec::Channel channel(std::move(client), exec::kRequestBytes);
        static_cast<void>(channel.send(exec::encode(exec::Reply(exec::NotReady{error.text}))));  // a daemon that is gone needs no reason
        log.error("runner", "cannot start", {{"reason", error.text}});
        return exec::kBadConfigStatus;
    }
    log.configure(configuration->settings.log.level, configuration->settings.log.format);
    const exec::RunnerSelf self{configuration->user, confinement->root, arguments.config};
    exec::ServerConfig config{std::move(client), self, std::move(*confinement), [&arguments]() -> Result<exec::LoadedRunner> {
                                  auto loaded = load_configuration(arguments);
                                  if (!loaded) return loaded.error();
                                  return std::move(loaded->runner);
                              }};
    return exec::Server(log, clock, launcher, *record, std::move(config), std::move(configuration->runner)).serve();
}

}  // namespace
}  // namespace endpointd

int main(int argc, char** argv) { return endpointd::run_main(argc, argv); }
