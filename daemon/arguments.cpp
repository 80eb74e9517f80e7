#include "arguments.hpp"

#include <getopt.h>

namespace endpointd {

const char* const kVersion = ENDPOINTD_VERSION;

namespace {

constexpr const char* kUsage =
    "Usage: endpointd [--config DIR] [--state DIR] [--run DIR] [--foreground] [--check-config]\n"
    "\n"
    "A cluster endpoint for an Icinga 2 master that runs only what its own catalog lists.\n"
    "\n"
    "  --config DIR    configuration (default /etc/endpointd)\n"
    "  --state DIR     state: the audit and what has to outlive a restart (default /var/lib/endpointd)\n"
    "  --run DIR       the admin socket (default /run/endpointd)\n"
    "  --foreground    says what it does anyway: it never goes into the background\n"
    "  --check-config  check the configuration, print what is wrong with it, and end:\n"
    "                  0 valid, 1 not valid, 2 wrong usage\n"
    "  --help, --version\n"
    "\n"
    "SIGHUP reloads, all or nothing; SIGTERM and SIGINT stop in an orderly way. It logs to stderr.\n";

enum : int { kConfig = 1, kState, kRun, kForeground, kCheck, kHelp, kVersionFlag };

}  // namespace

Arguments parse_arguments(int argc, char** argv) {
    static const option options[] = {
        {"config", required_argument, nullptr, kConfig}, {"state", required_argument, nullptr, kState},
        {"run", required_argument, nullptr, kRun},       {"foreground", no_argument, nullptr, kForeground},
        {"check-config", no_argument, nullptr, kCheck},  {"help", no_argument, nullptr, kHelp},
        {"version", no_argument, nullptr, kVersionFlag}, {nullptr, 0, nullptr, 0},
    };
    Arguments arguments;
    optind = 1;
    for (int flag = 0; (flag = ::getopt_long(argc, argv, "", options, nullptr)) != -1;) {
        switch (flag) {
            case kConfig:
                arguments.directories.config = optarg;
                break;
            case kState:
                arguments.directories.state = optarg;
                break;
            case kRun:
                arguments.directories.run = optarg;
                break;
            case kForeground:
                break;
            case kCheck:
                arguments.check_config = true;
                break;
            case kHelp:
                arguments.done = {kUsage, 0};
                return arguments;
            case kVersionFlag:
                arguments.done = {std::string("endpointd ") + kVersion + "\n", 0};
                return arguments;
            default:
                arguments.done = {"Try 'endpointd --help'.\n", 2};
                return arguments;  // getopt has said what is wrong
        }
    }
    if (optind < argc)
        arguments.done = {std::string("endpointd: unexpected argument '") + argv[optind] + "'\nTry 'endpointd --help'.\n", 2};
    return arguments;
}

}  // namespace endpointd
