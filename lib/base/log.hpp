#pragma once
// The log: one line per event on stderr, as text or JSON. Level answers who must
// act: error somebody now, warning somebody soon, info nobody, debug whoever is
// looking. Values are escaped: a peer's words never break a line or a terminal.
// Handed down from main by reference; any thread may write.

#include <atomic>
#include <initializer_list>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace endpointd {

enum class LogLevel { debug, info, warning, error };
enum class LogFormat { text, json };

struct LogField {
    std::string_view name;
    std::string value;

    LogField(std::string_view field, std::string_view text) : name(field), value(text) {}
    LogField(std::string_view field, const std::string& text) : name(field), value(text) {}
    LogField(std::string_view field, const char* text) : name(field), value(text) {}
    LogField(std::string_view field, long long number) : name(field), value(std::to_string(number)) {}
    LogField(std::string_view field, unsigned long long number) : name(field), value(std::to_string(number)) {}
    LogField(std::string_view field, int number) : name(field), value(std::to_string(number)) {}
    LogField(std::string_view field, unsigned number) : name(field), value(std::to_string(number)) {}
    LogField(std::string_view field, long number) : name(field), value(std::to_string(number)) {}
    LogField(std::string_view field, unsigned long number) : name(field), value(std::to_string(number)) {}
};

class Log {
public:
    using Fields = std::initializer_list<LogField>;

    // `clock` must outlive the log. Lines go to descriptor `fd`, which stays the caller's.
    Log(const Clock& clock, int fd, std::string program);

    void configure(LogLevel level, LogFormat format) noexcept;
    bool enabled(LogLevel level) const noexcept { return level >= level_.load(std::memory_order_relaxed); }

    // `area` is the module ("tls", "cluster"), `message` one of our own sentences.
    void write(LogLevel level, std::string_view area, std::string_view message, Fields fields = {}) const;
    void debug(std::string_view area, std::string_view message, Fields fields = {}) const { write(LogLevel::debug, area, message, fields); }
    void info(std::string_view area, std::string_view message, Fields fields = {}) const { write(LogLevel::info, area, message, fields); }
    void warning(std::string_view area, std::string_view message, Fields fields = {}) const { write(LogLevel::warning, area, message, fields); }
    void error(std::string_view area, std::string_view message, Fields fields = {}) const { write(LogLevel::error, area, message, fields); }

private:
    const Clock& clock_;
    int fd_;
    std::string program_;
    std::atomic<LogLevel> level_{LogLevel::info};
    std::atomic<LogFormat> format_{LogFormat::text};
};

std::string_view name_of(LogLevel level) noexcept;

}  // namespace endpointd
