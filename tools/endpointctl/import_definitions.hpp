#pragma once
// CheckCommand, EventCommand and NotificationCommand definitions out of parsed
// files: templates and imports resolved, constants folded, nothing executed. What
// only Icinga could work out (functions, conditions, calls) is kept as "not a
// literal", with the reason, for whoever needs the value. Pure.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/command.hpp"
#include "dsl/ast.hpp"

namespace endpointd::ctl {

// Statements of one definition with all it imports, and bytes or elements of one
// value: templates that import each other and values that double end there.
inline constexpr std::size_t kImportSteps = 20'000;
inline constexpr std::size_t kImportValue = 64 * 1024;

// A value of the language as far as command definitions have them.
struct Imported {
    enum class Kind { null, boolean, number, string, array, dictionary, opaque };

    Kind kind = Kind::null;
    bool boolean = false;
    double number = 0;
    std::string text;  // of a string; of what is opaque, why: "is a function"
    std::vector<Imported> items;
    std::map<std::string, Imported, std::less<>> entries;  // sorted, as Icinga's dictionaries are

    const Imported* find(std::string_view key) const {
        const auto found = entries.find(key);
        return kind != Kind::dictionary || found == entries.end() ? nullptr : &found->second;
    }
    bool is(Kind other) const noexcept { return kind == other; }
};

struct Definition {
    std::string name;
    std::string type;  // CheckCommand, ...
    catalog::Kind kind = catalog::Kind::check;
    std::string file;
    std::uint32_t line = 0;
    Imported attributes;   // a dictionary
    std::string internal;  // the template of Icinga's that does its work inside Icinga; empty: none
    std::string broken;    // why it cannot be read as a whole; empty: it can
};

struct ParsedFile {
    std::string path;
    dsl::Node tree;
};

// All objects of the three types in the order of the files, and those that stand
// where they cannot be evaluated (within an `if`) as broken ones. `files` must
// outlive the call only.
std::vector<Definition> definitions_of(const std::vector<ParsedFile>& files);

}  // namespace endpointd::ctl
