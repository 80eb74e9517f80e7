#include "catalog/confinement.hpp"

#include <algorithm>
#include <array>

#include "base/units.hpp"
#include "catalog/entry_fields.hpp"
#include "catalog/macro.hpp"

namespace endpointd::catalog {

namespace {

// Bytes of a user's name: useradd takes no longer one.
constexpr std::size_t kUserLength = 32;
// Bytes of a variable's name: it stands in messages and logs.
constexpr std::size_t kVariableLength = 128;
// Descriptors that a program needs for itself: the three it begins with, and what
// loading it takes.
constexpr std::size_t kOwnFiles = 8;

// What the runner sets itself (exec/environment.cpp).
constexpr std::array<std::string_view, 5> kRunnersOwn{"ENDPOINTD_RUN", "PATH", "LANG", "LC_NUMERIC", "HOME"};

bool is_user_name(std::string_view text) {
    constexpr std::string_view kFirst = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
    constexpr std::string_view kRest = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789.-";
    return !text.empty() && text.size() <= kUserLength && kFirst.find(text.front()) != std::string_view::npos &&
           text.find_first_not_of(kRest) == std::string_view::npos;
}

class ConfinementReader : private EntryFields {
public:
    ConfinementReader(const json::Document& document, const std::string& pointer, const json::Object& entry, Command& command,
                      Findings& findings)
        : EntryFields(document, entry, findings), pointer_(pointer), command_(command) {}

    void read() {
        read_limits();
        read_sandbox();
        read_secrets();
        name_weakened();
    }

private:
    void read_limits() {
        if (const json::Value* timeout = entry_.find("timeout")) {
            command_.timeout = duration(json::pointer_to(pointer_, "timeout"), *timeout);
        }
        if (const std::string* user = text(entry_, "run_as")) {
            if (!is_user_name(*user)) error(json::pointer_to(pointer_, "run_as"), "is no user's name");
            command_.run_as = *user;
        }
        command_.allow_setuid = flag(entry_, "allow_setuid", false);
        command_.by_path = flag(entry_, "by_path", false);
        if (const std::string* digest = text(entry_, "sha256")) {
            if (digest->size() != 64 || digest->find_first_not_of("0123456789abcdef") != std::string::npos) {
                error(json::pointer_to(pointer_, "sha256"), "a SHA-256 is 64 lower-case hexadecimal digits");
            }
            command_.sha256 = *digest;
        }
    }

    std::optional<Duration> duration(const std::string& pointer, const json::Value& written) {
        const Result<Duration> parsed = written.string() ? parse_duration(*written.string()) : parse_duration(value_text(written));
        if (!parsed) {
            error(pointer, parsed.error().text);
            return std::nullopt;
        }
        if (parsed->count() <= 0 || *parsed > kTimeoutMost) {
            error(pointer, "must be above 0 and at most 24h");
            return std::nullopt;
        }
        return *parsed;
    }

    std::vector<std::string> paths(const std::string& pointer, const json::Value& written) {
        std::vector<std::string> result;
        if (!written.array()) return result;
        for (std::size_t i = 0; i < written.array()->size(); ++i) {
            const std::string* path = (*written.array())[i].string();
            if (!path) continue;
            if (!is_plain_path(*path))
                error(json::pointer_to(pointer, i), "must be an absolute path without \".\", \"..\" and a slash at its end");
            result.push_back(*path);
        }
        return result;
    }

    void read_sandbox() {
        const json::Object* written = section("sandbox");
        if (!written) return;
        const std::string pointer = json::pointer_to(pointer_, "sandbox");
        Sandbox& sandbox = command_.sandbox;
        sandbox.network = flag(*written, "network", sandbox.network);
        sandbox.unix_sockets = flag(*written, "unix_sockets", sandbox.unix_sockets);
        if (const json::Value* read = written->find("read")) sandbox.read = paths(json::pointer_to(pointer, "read"), *read);
        if (const json::Value* write = written->find("write")) sandbox.write = paths(json::pointer_to(pointer, "write"), *write);
        if (const json::Value* memory = written->find("memory")) {
            const Result<std::uint64_t> parsed = memory->string() ? parse_size(*memory->string()) : parse_size(value_text(*memory));
            if (!parsed) {
                error(json::pointer_to(pointer, "memory"), parsed.error().text);
            } else if (*parsed == 0) {
                error(json::pointer_to(pointer, "memory"), "must be above 0");
            } else {
                sandbox.memory = *parsed;
            }
        }
        if (const json::Value* cpu = written->find("cpu")) {
            sandbox.cpu = duration(json::pointer_to(pointer, "cpu"), *cpu).value_or(sandbox.cpu);
        }
        if (const json::Value* count = written->find("processes"); count && count->number()) {
            sandbox.processes = static_cast<unsigned>(*count->number());
        }
        if (const json::Value* count = written->find("open_files"); count && count->number()) {
            sandbox.open_files = static_cast<unsigned>(*count->number());
        }
    }

    void read_secrets() {
        const json::Object* secrets = section("secrets");
        if (!secrets) return;
        const std::string pointer = json::pointer_to(pointer_, "secrets");
        if (secrets->size() > kSecretsMost) {
            error(pointer, "a command has at most " + std::to_string(kSecretsMost) + " secrets", true);
            return;
        }
        for (const auto& [name, written] : *secrets) {
            const std::string at = json::pointer_to(pointer, name);
            check_secret_name(at, name);
            if (!written.object()) continue;
            SecretUse secret;
            secret.name = name;
            if (const std::string* file = text(*written.object(), "file")) secret.file = *file;
            if (const std::string* as = text(*written.object(), "as"))
                secret.as = *as == "fd" ? SecretAs::fd : *as == "file" ? SecretAs::file : SecretAs::env;
            if (secret.file.empty() || secret.file == "/" ||
                !is_plain_path(secret.file.starts_with('/') ? secret.file : "/" + secret.file)) {
                error(json::pointer_to(at, "file"),
                      "must be a path in the configuration directory or an absolute one, without \".\", \"..\" and doubled slashes");
            }
            command_.secrets.push_back(std::move(secret));
        }
        const auto passed = static_cast<std::size_t>(
            std::count_if(command_.secrets.begin(), command_.secrets.end(), [](const SecretUse& use) { return use.as != SecretAs::env; }));
        if (passed != 0 && command_.sandbox.open_files < kOwnFiles + passed) {
            error(pointer, "with these secrets sandbox.open_files must be at least " + std::to_string(kOwnFiles + passed), true);
        }
    }

    void check_secret_name(const std::string& at, const std::string& name) {
        if (!is_variable_name(name)) error(at, "a secret has the name of an environment variable: letters, digits and '_'", true);
        if (name.starts_with("LD_")) error(at, "'" + name + "' decides which code the plugin loads and cannot be a secret", true);
        if (std::find(kRunnersOwn.begin(), kRunnersOwn.end(), name) != kRunnersOwn.end())
            error(at, "'" + name + "' is set for every plugin and cannot be a secret; name it otherwise", true);
        if (const json::Object* env = section("env"); env && env->find(name))
            error(at, "'" + name + "' is in \"env\" as well; a variable has one value", true);
    }

    void name_weakened() {
        const Sandbox standard;
        const Sandbox& sandbox = command_.sandbox;
        const auto name_if = [this](bool looser, const char* what) {
            if (looser) command_.weakened.emplace_back(what);
        };
        name_if(sandbox.network, "network");
        name_if(sandbox.unix_sockets, "unix_sockets");
        name_if(!sandbox.write.empty(), "write");
        name_if(sandbox.memory > standard.memory, "memory");
        name_if(sandbox.cpu > standard.cpu, "cpu");
        name_if(sandbox.processes > standard.processes, "processes");
        name_if(sandbox.open_files > standard.open_files, "open_files");
        name_if(command_.allow_setuid, "allow_setuid");
        name_if(command_.by_path, "by_path");
        name_if(command_.run_as == "root", "run_as");
    }

    const std::string& pointer_;
    Command& command_;
};

}  // namespace

bool is_printable(std::string_view text) {
    return std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

bool is_variable_name(std::string_view text) {
    constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
    return !text.empty() && text.size() <= kVariableLength && kLetters.find(text.front()) != std::string_view::npos &&
           text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789") == std::string_view::npos;
}

bool is_plain_path(std::string_view path) {
    if (!path.starts_with('/') || !is_printable(path)) return false;
    if (path == "/") return true;
    std::size_t at = 1;
    while (true) {
        const std::size_t slash = path.find('/', at);
        const std::string_view step = path.substr(at, slash == std::string_view::npos ? slash : slash - at);
        if (step.empty() || step == "." || step == "..") return false;
        if (slash == std::string_view::npos) return true;
        at = slash + 1;
    }
}

void read_confinement(const json::Document& document, const std::string& pointer, const json::Object& entry, Command& command,
                      Findings& findings) {
    ConfinementReader(document, pointer, entry, command, findings).read();
}

}  // namespace endpointd::catalog
