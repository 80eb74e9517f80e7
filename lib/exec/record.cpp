#include "exec/record.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <optional>

#include "files/digest.hpp"
#include "json/object_text.hpp"

namespace endpointd::exec {
namespace {

constexpr const char* kFile = "record.jsonl";
constexpr const char* kOlder = "record.jsonl.1";

Error refused(const std::string& path, const std::string& why) {
    return fail(Errc::invalid, path + ": " + why + ": move it away, and find out who made it");
}

Result<void> check_ours(const std::string& path, const struct stat& status) {
    if (status.st_uid != ::geteuid()) return refused(path, "belongs to user " + std::to_string(status.st_uid) + ", not to the runner's");
    if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) return refused(path, "is open to others");
    return {};
}

Error system_failure(const std::string& path, int number) {
    Error error = system_error(path, number);
    if (number == EACCES || number == EPERM) error.code = Errc::not_permitted;
    return error;
}

}  // namespace

std::string parameters_digest(const json::Object& parameters) { return files::sha256_hex(json::to_text(parameters)); }

Result<Record> Record::open(const std::string& state_dir, const Clock& clock) {
    const std::string path = state_dir + "/runner";
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return system_failure("create " + path, errno);
    UniqueFd directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!directory && (errno == ELOOP || errno == ENOTDIR)) return refused(path, "is no directory");
    struct stat status {};
    if (!directory || ::fstat(directory.get(), &status) != 0) return system_failure("open " + path, errno);
    if (const auto checked = check_ours(path, status); !checked) return checked.error();
    Record record(std::move(directory), path + "/" + kFile, clock);
    if (const auto opened = record.open_file(); !opened) return opened.error();
    return record;
}

Result<void> Record::open_file() {
    // Non-blocking, because a FIFO put in its place must not hold us.
    UniqueFd file(::openat(directory_.get(), kFile, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600));
    if (!file && errno == ELOOP) return refused(path_, "is a link");
    struct stat status {};
    if (!file || ::fstat(file.get(), &status) != 0) return system_failure("open " + path_, errno);
    if (!S_ISREG(status.st_mode)) return refused(path_, "is no regular file");
    if (status.st_nlink != 1) return refused(path_, "has a second name");
    if (const auto checked = check_ours(path_, status); !checked) return checked.error();
    char last = '\n';
    if (status.st_size > 0 && ::pread(file.get(), &last, 1, status.st_size - 1) != 1) return system_failure("read " + path_, errno);
    torn_ = last != '\n';
    file_ = std::move(file);
    return {};
}

// A file that can take `line` bytes: another one where this one is full or was deleted.
Result<void> Record::make_room(std::size_t line) {
    if (!file_) {
        if (const auto opened = open_file(); !opened) return opened.error();
    }
    struct stat status {};
    if (::fstat(file_.get(), &status) != 0) return system_failure("look at " + path_, errno);
    if (status.st_nlink != 0) {
        if (static_cast<std::size_t>(status.st_size) + line <= kRecordBytes) return {};
        if (::renameat(directory_.get(), kFile, directory_.get(), kOlder) != 0) return system_failure("rename " + path_, errno);
    }
    file_.reset();
    return open_file();
}

std::string Record::time() const { return to_rfc3339(clock_->wall()); }

Result<void> Record::append(std::string text) {
    if (unreported_ > 0) text.insert(0, json::to_text(json::Object{{"event", "lost"}, {"time", time()}, {"lines", unreported_}}) + "\n");
    if (const auto room = make_room(text.size() + 1); !room) return room.error();
    // What a full disk cut short must not swallow the line behind it.
    if (torn_) text.insert(0, 1, '\n');
    ssize_t written = 0;
    do written = ::write(file_.get(), text.data(), text.size());
    while (written < 0 && errno == EINTR);
    if (written < 0) return system_failure("write " + path_, errno);
    torn_ = written == 0 ? torn_ : text[static_cast<std::size_t>(written) - 1] != '\n';
    if (written != static_cast<ssize_t>(text.size())) return system_failure("write " + path_, ENOSPC);
    return {};
}

void Record::write(std::string line) {
    if (const auto appended = append(std::move(line += '\n')); !appended) {
        failure_ = appended.error().text;
        ++lost_;
        ++unreported_;
        return;
    }
    failure_.clear();
    unreported_ = 0;
}

void Record::started(std::string_view catalog) {
    write(json::to_text(json::Object{{"catalog", catalog}, {"event", "started"}, {"pid", ::getpid()}, {"time", time()}}));
}

void Record::switched(std::string_view catalog) {
    write(json::to_text(json::Object{{"catalog", catalog}, {"event", "switched"}, {"pid", ::getpid()}, {"time", time()}}));
}

void Record::executed(const Execution& execution) {
    const bool exited = execution.verdict == Verdict::exited;
    json::ObjectText line;
    line.member("command", execution.command);
    line.member("duration", std::chrono::duration<double>(execution.duration).count());
    line.member("event", "executed");
    line.member("exit_status", exited ? std::optional<double>(execution.exit_status) : std::nullopt);
    line.member("kind", catalog::name_of(execution.kind));
    line.member("parameters_sha256", execution.parameters_sha256);
    line.member("pid", execution.pid);
    line.member("plugin", execution.plugin);
    line.member("run", static_cast<double>(execution.run));
    line.member("signal", execution.signal != 0 ? std::optional<double>(execution.signal) : std::nullopt);
    line.member("time", time());
    line.member("user", execution.user);
    line.member("verdict", name_of(execution.verdict));
    write(std::move(line).take());
}

}  // namespace endpointd::exec
