#pragma once
// The runner's own record of what it executed: lines of JSON that are only ever
// appended, to <state>/runner/record.jsonl. Endpointd has no part in it, so it can
// contradict an audit that a taken-over endpointd has rewritten (docs/audit-log.md).
// A record that cannot be written stops no check: the loss is counted, and the next
// line that gets through says so. Owned by the runner, its one thread; a line is one
// write, which is not waited for to reach the disk.

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "catalog/command.hpp"
#include "exec/outcome.hpp"
#include "json/value.hpp"

namespace endpointd::exec {

// Bytes of record.jsonl before it becomes record.jsonl.1, whose place it takes: some
// 40,000 executions each.
inline constexpr std::size_t kRecordBytes = 16 * 1024 * 1024;

// One execution that was started and has ended.
struct Execution {
    std::uint64_t run = 0;  // ENDPOINTD_RUN of the plugin
    std::string command;    // its name in the catalog
    catalog::Kind kind = catalog::Kind::check;
    std::string parameters_sha256;  // see parameters_digest
    std::string plugin;             // path
    std::string user;               // whom it ran as
    Verdict verdict = Verdict::exited;
    int exit_status = 0;  // of exited; otherwise written as null
    int signal = 0;       // 0: none
    Duration duration{0};
    pid_t pid = 0;
};

// SHA-256, as 64 lower-case hexadecimal digits, of json::to_text(parameters): no
// white space, keys in byte order, non-ASCII as \uXXXX, integral numbers without a
// fraction. `parameters` are the admitted ones, defaults included.
std::string parameters_digest(const json::Object& parameters);

class Record {
public:
    // Makes <state_dir>/runner (0700) and the file (0600) where they are missing; the
    // state directory has to be there. Errors name the path, the reason and the next
    // step: not_permitted or invalid where directory or file is a link, somebody
    // else's, open to others or has a second name; io for the rest. `clock` must
    // outlive the record.
    static Result<Record> open(const std::string& state_dir, const Clock& clock);

    // The runner has started; `catalog` is the digest of the catalog it serves.
    void started(std::string_view catalog);
    // A reload was committed, and that is the catalog from here on.
    void switched(std::string_view catalog);
    void executed(const Execution& execution);

    // True from a line that was lost until one that was written.
    bool failing() const noexcept { return !failure_.empty(); }
    // Why the last one was lost; empty while not failing.
    const std::string& failure() const noexcept { return failure_; }
    // Lines lost since open().
    std::uint64_t lost() const noexcept { return lost_; }

private:
    Record(UniqueFd directory, std::string path, const Clock& clock)
        : directory_(std::move(directory)), path_(std::move(path)), clock_(&clock) {}

    Result<void> open_file();
    Result<void> make_room(std::size_t line);
    Result<void> append(std::string text);
    // `line` is an object as text.
    void write(std::string line);
    std::string time() const;

    UniqueFd directory_;
    std::string path_;  // for messages
    const Clock* clock_;
    UniqueFd file_;
    bool torn_ = false;  // the last line in the file has no end
    std::string failure_;
    std::uint64_t lost_ = 0;
    std::uint64_t unreported_ = 0;  // of these, what no line in the file speaks of
};

}  // namespace endpointd::exec
