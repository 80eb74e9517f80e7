#include "store/head_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "base/unique_fd.hpp"
#include "json/document.hpp"
#include "store/database.hpp"

namespace endpointd::store {

namespace {

// Bytes of the file; ours has some 120.
constexpr std::size_t kHeadFileBytes = 1024;

std::string directory_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string::npos ? "." : path.substr(0, slash + 1);
}

}  // namespace

Result<void> write_head_mark(const std::string& path, const Head& head) {
    const std::string text = json::to_text(json::Object{{"hash", head.hash}, {"rows", head.rows}, {"seq", head.seq}}) + "\n";
    const std::string fresh = path + ".new";
    UniqueFd file(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file) return system_error("create " + fresh, errno);
    // Short enough that a regular file takes it whole or not at all.
    const ssize_t written = ::write(file.get(), text.data(), text.size());
    if (written != static_cast<ssize_t>(text.size())) return system_error("write " + fresh, written < 0 ? errno : ENOSPC);
    if (::fsync(file.get()) != 0) return system_error("sync " + fresh, errno);
    if (::rename(fresh.c_str(), path.c_str()) != 0) return system_error("rename " + fresh, errno);
    const UniqueFd directory(::open(directory_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory || ::fsync(directory.get()) != 0) return system_error("sync " + directory_of(path), errno);
    return {};
}

Result<HeadMark> read_head_mark(const std::string& path) {
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (!file) {
        if (errno == ENOENT) return fail(Errc::not_found, "audit.head is missing");
        return system_error("open " + path, errno);
    }
    std::string text(kHeadFileBytes, '\0');
    const ssize_t size = ::read(file.get(), text.data(), text.size());
    if (size < 0) return system_error("read " + path, errno);
    text.resize(static_cast<std::size_t>(size));
    const Error damaged = fail(Errc::malformed, "audit.head is damaged");
    const Result<json::Value> value = json::parse(text);
    if (!value || value->object() == nullptr) return damaged;
    const auto rows = payload_count(*value->object(), "rows");
    const auto seq = payload_count(*value->object(), "seq");
    const auto hash = payload_text(*value->object(), "hash");
    if (!rows || !seq || !hash) return damaged;
    return HeadMark{*rows, *seq, *hash};
}

Result<std::optional<std::string>> compare_head_mark(Database& database, const Head& head, const HeadMark& mark) {
    using Answer = std::optional<std::string>;
    if (mark.seq > head.seq)
        return Answer("audit.head has seen row " + std::to_string(mark.seq) + ", the store ends at row " + std::to_string(head.seq) +
                      ": its newest rows are missing, or it is an older copy");
    // Rows go only at the front, so since the mark was made there can be no more before it.
    const std::uint64_t least = mark.seq >= head.first_seq ? mark.seq - head.first_seq + 1 : 0;
    if (mark.rows > mark.seq || mark.rows < least || (mark.seq == head.seq && mark.rows != head.rows))
        return Answer("audit.head counts " + std::to_string(mark.rows) + " rows up to row " + std::to_string(mark.seq) +
                      ", which is not what the store has");
    std::string hash;
    if (mark.seq + 1 == head.first_seq) {
        hash = head.first_prev;
    } else if (mark.seq >= head.first_seq) {
        Query query = database.query("SELECT hash FROM audit_row WHERE seq = ?");
        const Result<bool> row = query.bind(mark.seq).step();
        if (!row) return row.error();
        if (!*row) return Answer("row " + std::to_string(mark.seq) + ", which audit.head has seen, is missing");
        hash = query.text(0);
    } else {
        return Answer();  // it lags behind a trim
    }
    if (hash != mark.hash) return Answer("row " + std::to_string(mark.seq) + " is not the one that audit.head has seen");
    return Answer();
}

}  // namespace endpointd::store
