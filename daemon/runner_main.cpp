// endpointd-runner: owns the command catalog and starts what it allows. Started
// by the starter with one end of a socket; reads its configuration by itself,
// becomes the daemon's user unless a command has run_as, and serves until the
// other end closes.

#include <fcntl.h>
#include <getopt.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <string>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "catalog/catalog.hpp"
#include "exec/confine.hpp"
#include "exec/exit_status.hpp"
#include "exec/server.hpp"
#include "exec/signals.hpp"
#include "files/digest.hpp"
#include "files/tree.hpp"
#include "settings/settings.hpp"

namespace endpointd {
namespace {

constexpr const char* kUsage =
    "Usage: endpointd-runner [--config DIR] [--state DIR] [--run DIR] --fd N\n"
    "\n"
    "Starts the commands of the local catalog for endpointd. It is started by\n"
    "endpointd, which gives it a socket; there is no reason to start it by hand.\n"
    "\n"
    "  --config DIR   configuration directory (default /etc/endpointd)\n"
    "  --state DIR    state directory (default /var/lib/endpointd)\n"
    "  --run DIR      run directory (default /run/endpointd)\n"
    "  --fd N         number of the socket to endpointd\n"
    "  --help         this text\n"
    "  --version      the version\n";

struct Arguments {
    std::string config = "/etc/endpointd";
    std::string state = "/var/lib/endpointd";
    std::string run = "/run/endpointd";
    int fd = -1;
};

// Ends the process for --help, --version and what it does not understand.
Arguments parse_arguments(int argc, char** argv) {
    static constexpr option kOptions[] = {{"config", required_argument, nullptr, 'c'},
                                          {"state", required_argument, nullptr, 's'},
                                          {"run", required_argument, nullptr, 'r'},
                                          {"fd", required_argument, nullptr, 'f'},
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
            case 'f': {
                const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), arguments.fd);
                if (error != std::errc() || end != value.data() + value.size()) arguments.fd = -1;
                break;
            }
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
    int type = 0;
    socklen_t size = sizeof type;
    const bool socket = arguments.fd > STDERR_FILENO && ::getsockopt(arguments.fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0;
    if (optind != argc || !socket || type != SOCK_SEQPACKET) {
        std::fputs("endpointd-runner: --fd: not a socket from endpointd: start endpointd instead\n", stderr);
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
    runner.needs_root =
        std::any_of(catalog->commands().begin(), catalog->commands().end(), [](const auto& c) { return c.second.run_as.has_value(); });
    if (runner.needs_root && ::geteuid() == 0) {
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

int run_main(int argc, char** argv) {
    const Arguments arguments = parse_arguments(argc, argv);
    exec::block_all_signals();
    UniqueFd client(arguments.fd);
    ::fcntl(client.get(), F_SETFD, FD_CLOEXEC);
    ::fcntl(client.get(), F_SETFL, O_NONBLOCK);
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    raise_descriptor_limit();

    const SystemClock clock;
    Log log(clock, STDERR_FILENO, "endpointd-runner");
    const bool was_root = ::geteuid() == 0;
    auto configuration = load_configuration(arguments);
    const bool is_root = was_root && configuration && configuration->runner.needs_root;
    Result<void> confined;
    if (configuration && was_root && !is_root) confined = exec::become_user(configuration->user);
    if (confined) confined = exec::forbid_core_dumps();
    if (!configuration || !confined) {
        const Error error = configuration ? confined.error() : configuration.error();
        exec::Channel channel(std::move(client), exec::kRequestBytes);
        static_cast<void>(channel.send(exec::encode(exec::Reply(exec::NotReady{error.text}))));  // a daemon that is gone needs no reason
        log.error("runner", "cannot start", {{"reason", error.text}});
        return exec::kBadConfigStatus;
    }
    log.configure(configuration->settings.log.level, configuration->settings.log.format);
    exec::ServerConfig config{std::move(client), configuration->user, was_root, is_root, [&arguments]() -> Result<exec::LoadedRunner> {
                                  auto loaded = load_configuration(arguments);
                                  if (!loaded) return loaded.error();
                                  return std::move(loaded->runner);
                              }};
    return exec::Server(log, clock, std::move(config), std::move(configuration->runner)).serve();
}

}  // namespace
}  // namespace endpointd

int main(int argc, char** argv) { return endpointd::run_main(argc, argv); }
