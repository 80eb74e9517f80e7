#pragma once
// One entry of the local catalog: what may be started, with which parameters and
// within which limits. Built by Catalog::load and never changed after it; the
// catalog owns it, any thread may read it.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "catalog/argument_policy.hpp"
#include "json/value.hpp"

namespace endpointd::catalog {

enum class Kind { check, action, event, notification };

// "check", "action", "event" or "notification".
std::string_view name_of(Kind kind) noexcept;

// The longest timeout an entry may ask for: a plugin that needs a day is a service.
inline constexpr Duration kTimeoutMost = std::chrono::hours(24);

// One entry of `arguments` (protocol, 6.5). `value` and `set_if` hold macros and
// are null where the entry has none; `name` is the dictionary's key, `key` the
// word that is emitted.
struct Argument {
    std::string name;
    std::string key;
    json::Value value;   // null, text, number, boolean, or an array of these
    json::Value set_if;  // null, text, number or boolean
    std::string description;
    bool required = false;
    bool skip_key = false;
    bool repeat_key = true;
    double order = 0;
    std::optional<std::string> separator;
};

struct Sandbox {
    bool network = false;
    bool unix_sockets = false;
    std::vector<std::string> read = {"/"};  // absolute, without "." and ".."
    std::vector<std::string> write;
    std::uint64_t memory = 256ULL * 1024 * 1024;  // bytes of private, writable memory
    Duration cpu = std::chrono::seconds(30);      // of CPU time
    unsigned processes = 32;
    unsigned open_files = 256;
};

// Secrets of one command. Each may be a descriptor that is handed over with a spawn,
// and every one is looked for in each byte of output.
inline constexpr std::size_t kSecretsMost = 16;

enum class SecretAs : std::uint8_t { env, fd, file };

// A file's content that the plugin gets without its ever standing in argv: as the
// value of the environment variable `name`, or through a descriptor whose number
// (`fd`) or path (`file`) is in that variable.
struct SecretUse {
    std::string name;
    std::string file;  // relative to the configuration directory, or absolute
    SecretAs as = SecretAs::env;
};

struct Command {
    std::string name;
    Kind kind = Kind::check;
    std::string description;
    std::vector<std::string> command;  // [0] an absolute path; the others may hold macros; empty if built in
    std::vector<Argument> arguments;   // in the order they are emitted
    std::map<std::string, std::string> env;
    std::map<std::string, Parameter, std::less<>> parameters;
    std::optional<std::string> command_ref;  // the parameter that names an inner command; none: no wrapper
    std::vector<json::Object> tuples;        // empty: any combination
    std::optional<Duration> timeout;         // none: runner.timeout
    std::optional<std::string> run_as;
    Sandbox sandbox;
    std::vector<SecretUse> secrets;  // by name
    bool allow_setuid = false;
    bool by_path = false;               // a script is executed by its resolved path, not by the descriptor that was checked
    std::optional<std::string> sha256;  // 64 lower-case hexadecimal digits
    bool builtin = false;               // done inside the daemon: `dummy`, `icinga`, `cluster`, `cluster-zone`
    std::string source;                 // "catalog.d/10-web.json:12" (the line of its name), or "built-in"
    json::Value entry;                  // as written
    std::vector<std::string> weakened;  // what is looser than the default: "network", "allow_setuid", ...
};

}  // namespace endpointd::catalog
