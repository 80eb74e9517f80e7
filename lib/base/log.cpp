#include "base/log.hpp"

#include <unistd.h>

#include "base/units.hpp"

namespace endpointd {

namespace {

// Longest value in a line: a stranger must not make us write without bound.
constexpr std::size_t kValueBytes = 1024;

void append_quoted(std::string& line, std::string_view text) {
    line += '"';
    for (const char c : escaped(text, kValueBytes)) {
        if (c == '"' || c == '\\') line += '\\';
        line += c;
    }
    line += '"';
}

bool needs_quotes(std::string_view text) noexcept {
    if (text.empty()) return true;
    for (const char c : text)
        if (c <= ' ' || c == '"' || c == '=' || c == '\\' || c == 0x7f) return true;
    return false;
}

}  // namespace

std::string_view name_of(LogLevel level) noexcept {
    switch (level) {
        case LogLevel::debug:
            return "debug";
        case LogLevel::info:
            return "info";
        case LogLevel::warning:
            return "warning";
        case LogLevel::error:
            return "error";
    }
    return "error";
}

Log::Log(const Clock& clock, int fd, std::string program) : clock_(clock), fd_(fd), program_(std::move(program)) {}

void Log::configure(LogLevel level, LogFormat format) noexcept {
    level_ = level;
    format_ = format;
}

void Log::write(LogLevel level, std::string_view area, std::string_view message, Fields fields) const {
    if (!enabled(level)) return;
    std::string line;
    if (format_.load(std::memory_order_relaxed) == LogFormat::json) {
        line += "{\"time\":\"" + to_rfc3339(clock_.wall()) + "\",\"level\":\"";
        line += name_of(level);
        line += "\",\"program\":";
        append_quoted(line, program_);
        line += ",\"area\":";
        append_quoted(line, area);
        line += ",\"message\":";
        append_quoted(line, message);
        for (const LogField& field : fields) {
            line += ',';
            append_quoted(line, field.name);
            line += ':';
            append_quoted(line, field.value);
        }
        line += "}\n";
    } else {
        line = to_rfc3339(clock_.wall()) + ' ' + program_ + ' ';
        line += name_of(level);
        line += ' ';
        line += area;
        line += ": ";
        line += escaped(message, kValueBytes);
        for (const LogField& field : fields) {
            line += ' ';
            line += field.name;
            line += '=';
            const std::string value = escaped(field.value, kValueBytes);
            if (needs_quotes(value)) append_quoted(line, field.value);
            else line += value;
        }
        line += '\n';
    }
    // One write a line, so that lines of several processes do not mix. A log that
    // cannot be written must not stop the daemon.
    [[maybe_unused]] const auto written = ::write(fd_, line.data(), line.size());
}

}  // namespace endpointd
