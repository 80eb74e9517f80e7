#pragma once
// JSON answers as text for people. Everything foreign is made printable first:
// an attacker's words stand in the audit, and must not control the terminal of
// whoever reads them. Pure.

#include <cstddef>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "base/findings.hpp"
#include "json/value.hpp"

namespace endpointd::ctl {

// One line: control characters, invalid UTF-8, and what reorders or hides text
// (bidirectional controls, zero-width characters, line separators) in visible form.
std::string printable(std::string_view text, std::size_t most = 512);

// Columns of a terminal that `text` takes: wide East Asian characters two, combining marks none.
std::size_t columns_of(std::string_view text) noexcept;

// Aligned columns with a heading; the last one is not padded.
class Table {
public:
    explicit Table(std::vector<std::string> heading) : heading_(std::move(heading)) {}
    // As many cells as the heading has; each is made printable here.
    void add(std::vector<std::string> cells);
    bool empty() const noexcept { return rows_.empty(); }
    void print(std::ostream& out, bool color) const;

private:
    std::vector<std::string> heading_;
    std::vector<std::vector<std::string>> rows_;
};

// Members of answers, for whom a missing one is as good as null.
const json::Value& member(const json::Value& value, std::string_view name) noexcept;
const json::Array& items(const json::Value& value) noexcept;  // empty if it is no array
std::string text_of(const json::Value& value);                // "-" for null; numbers and booleans as words
double number_of(const json::Value& value) noexcept;          // 0 if it is none

std::string duration_text(double seconds);  // "2 d 3 h", "5 min 10 s", "0.123 s"
std::string size_text(double bytes);        // "1.5 MiB"

// Indented JSON in printable ASCII: still JSON, and nothing in it controls a terminal.
std::string ascii_json(const json::Value& value);

// Several lines, each printable and behind `indent`.
void print_block(std::ostream& out, std::string_view text, std::string_view indent);

// `file:line:column: error: message (pointer)`, from the JSON shape of a finding.
void print_finding(std::ostream& out, const json::Value& finding, std::string_view severity, bool color);

}  // namespace endpointd::ctl
