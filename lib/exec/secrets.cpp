#include "exec/secrets.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

#include "exec/secret_forms.hpp"
#include "files/trusted_file.hpp"

// Linux 6.3: nothing in it can ever be executed. Older headers do not have it.
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

namespace endpointd::exec {
namespace {

Result<SecretText> read_value(const std::string& path, uid_t running_user) {
    const auto file = files::open_trusted(path, files::TrustedKind::secret, running_user);
    if (!file) return file.error();
    SecretText value;
    value.resize(kSecretBytes + 3);  // the longest, its line's end, and one byte that shows there is more
    std::size_t size = 0;
    while (size < value.size()) {
        const ssize_t got = ::read(file->get(), value.data() + size, value.size() - size);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return system_error(path, errno);
        if (got == 0) break;
        size += static_cast<std::size_t>(got);
    }
    const std::string_view all = value.view().substr(0, size);
    if (all.ends_with('\n')) size -= all.ends_with("\r\n") ? 2 : 1;
    if (size > kSecretBytes)
        return fail(Errc::too_large, path + ": larger than " + std::to_string(kSecretBytes) + " bytes: a secret is a password or a key");
    value.resize(size);
    return value;
}

Result<void> check_value(const std::string& path, const SecretText& value, catalog::SecretAs as) {
    const std::string_view meaning = without_blanks(value.view());
    if (meaning.empty()) return fail(Errc::invalid, path + ": is empty: write the secret into it");
    if (meaning.size() < kSecretLeast)
        return fail(Errc::invalid, path + ": is shorter than " + std::to_string(kSecretLeast) +
                                       " bytes and cannot be kept out of a plugin's output: use a longer secret");
    if (as == catalog::SecretAs::env && value.view().find('\0') != std::string_view::npos)
        return fail(Errc::invalid, path + ": holds a NUL byte, which no environment variable can: use \"as\": \"fd\" or \"file\"");
    return {};
}

Result<UniqueFd> sealed_file(const SecretText& value) {
    constexpr unsigned kFlags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
    UniqueFd fd(::memfd_create("secret", kFlags | MFD_NOEXEC_SEAL));
    if (!fd && errno == EINVAL) fd.reset(::memfd_create("secret", kFlags));
    if (!fd) return system_error("memfd_create", errno);
    std::string_view rest = value.view();
    for (off_t offset = 0; !rest.empty();) {
        const ssize_t written = ::pwrite(fd.get(), rest.data(), rest.size(), offset);  // leaves the offset at 0
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return system_error("write into memory", errno);
        offset += written;
        rest.remove_prefix(static_cast<std::size_t>(written));
    }
    if (::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) != 0)
        return system_error("seal memory", errno);
    return fd;
}

}  // namespace

Result<OpenSecrets> open_secrets(const catalog::Command& command, const std::string& config_dir, uid_t running_user) {
    OpenSecrets open;
    std::size_t bytes = 0;
    for (const catalog::SecretUse& use : command.secrets) {
        const std::string path = use.file.starts_with('/') ? use.file : config_dir + "/" + use.file;
        const auto failed = [&](const Error& error) {
            return fail(error.code, "secret '" + use.name + "' of '" + command.name + "': " + error.text);
        };
        auto value = read_value(path, running_user);
        if (!value) return failed(value.error());
        if (const auto checked = check_value(path, *value, use.as); !checked) return failed(checked.error());
        bytes += value->size();
        if (bytes > kSecretsBytes)
            return failed(fail(Errc::too_large, path + ": the secrets of this command are larger than " + std::to_string(kSecretsBytes) +
                                                    " bytes together: use fewer or smaller ones"));
        if (use.as != catalog::SecretAs::env) {
            auto sealed = sealed_file(*value);
            if (!sealed) return failed(fail(sealed.error().code, path + ": " + sealed.error().text));
            open.passed.push_back({use.name, use.as == catalog::SecretAs::file, std::move(*sealed)});
        }
        open.values.push_back({use.name, std::move(*value), use.as});
    }
    return open;
}

std::vector<std::string> environment_words(const OpenSecrets& secrets, int first) {
    std::vector<std::string> words;
    words.reserve(secrets.values.size());
    for (const SecretValue& secret : secrets.values) {
        if (secret.as != catalog::SecretAs::env) continue;
        std::string& word = words.emplace_back();
        word.reserve(secret.name.size() + 1 + secret.value.size());  // once: what grows leaves its bytes behind
        word.append(secret.name).append(1, '=').append(secret.value.view());
    }
    for (const PassedSecret& passed : secrets.passed)
        words.push_back(passed.variable + (passed.as_path ? "=/dev/fd/" : "=") + std::to_string(first++));
    return words;
}

}  // namespace endpointd::exec
